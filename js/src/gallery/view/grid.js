/** The items in rows. Only rows in sight have elements, and elements are used again: there may be a million items. */

import { createWatch } from "../../lib/changes.js";
import { h, hide, setAttr, setStyle, setText } from "../../view/dom.js";
import { layoutOf, revealing, rowsInSight } from "../layout.js";
import { isOpen } from "../protocol.js";
import { filterWords } from "../words.js";
import { createPainter } from "./paint.js";
import { createPhotos } from "./photos.js";
import { createTile } from "./tile.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("../layout.js").Layout} Layout
 * @typedef {ReturnType<typeof createRow>} Row
 * @typedef {ReturnType<typeof createGrid>} Grid
 */

/** Rows beyond the edges that have elements, so that scrolling finds them painted. */
const SPARE = 2;

/** Milliseconds of a frame that may go into painting; what is left is painted in the next ones. */
const BUDGET = 6;

/** @param {Context} context */
export function createGrid(context) {
  const { store, ui } = context;
  const track = h("div.g-track", { role: "rowgroup" });
  const element = h("div.g-grid", { role: "grid", tabindex: 0, "aria-label": "Items", "aria-multiselectable": "true" }, [track]);
  const nothing = h("p.g-nothing", { role: "status", hidden: true });
  const room = h("div.g-room", {}, [element, nothing]);
  const state = { top: 0, width: 0, height: 0, open: false, before: 0, layout: layoutOf(0, false) };
  const rows = createRows(context, track);
  measure(context, element, state);
  context.listen(element, "scroll", () => {
    state.top = element.scrollTop;
    context.patch({});
  });
  /** @param {number} top */
  const scrollTo = (top) => {
    if (top !== state.top) element.scrollTop = state.top = top;
  };
  return {
    element,
    room,
    /** How many items stand beside each other, and how many rows are in sight. */
    get steps() {
      return { columns: state.layout.columns, page: Math.max(1, Math.floor(state.height / state.layout.row)) };
    },
    /** Brings a place of the order into sight, in the grid only: the notebook must not move. @param {number} place */
    reveal(place) {
      scrollTo(revealing(Math.floor(place / state.layout.columns), state.top, state.height, state.layout.row));
    },
    toStart: () => scrollTo(0),
    /**
     * Becomes a strip of one row, or all that it was before: where it was scrolled to is found again.
     * @param {boolean} open  whether an item is opened below it
     * @param {number} place  in the order, to be in sight
     */
    turn(open, place) {
      if (open === state.open) return;
      state.open = open;
      if (open) state.before = state.top;
      // the style sheet has given it another size just now
      state.width = element.clientWidth - 2 * PADDING;
      state.height = element.clientHeight;
      this.update();
      if (!open) scrollTo(state.before);
      if (place >= 0) this.reveal(place);
    },
    /** @returns {boolean} whether something is left to be painted */
    update() {
      const { order, view } = store;
      const layout = (state.layout = layoutOf(state.width, view.shows === "both"));
      const count = Math.ceil(order.length / layout.columns);
      hide(nothing, order.length > 0);
      if (!order.length) setText(nothing, isOpen(view.filter) ? "There is nothing to show." : `No item: ${filterWords(store)}.`);
      hide(element, order.length === 0);
      setAttr(element, "aria-rowcount", count);
      setAttr(element, "aria-colcount", layout.columns);
      setStyle(track, "height", `${count * layout.row}px`);
      setStyle(room, "--side", `${layout.side}px`);
      setStyle(room, "--pitch", `${layout.pitch}px`);
      setStyle(room, "--row", `${layout.row}px`);
      const sight = rowsInSight(state.top, state.height, layout.row, count);
      const active = ui.active === null ? -1 : order.indexOf(ui.active);
      setAttr(element, "aria-activedescendant", active < 0 ? null : `cw-item-${ui.active}`);
      const left = rows(layout, sight, count, active < 0 ? -1 : Math.floor(active / layout.columns));
      store.want([...order.subarray(sight[0] * layout.columns, sight[1] * layout.columns)]);
      return left;
    },
  };
}

/**
 * @param {Context} context
 * @param {HTMLElement} element
 * @param {{top: number, width: number, height: number}} state
 */
function measure(context, element, state) {
  const observer = new ResizeObserver(() => {
    const { clientWidth, clientHeight } = element;
    // hidden, it has none
    if (!clientHeight) return;
    state.width = clientWidth - 2 * PADDING;
    state.height = clientHeight;
    // hosts take outputs out of sight, and browsers forget how far they were scrolled
    if (element.scrollTop !== state.top) element.scrollTop = state.top;
    context.patch({});
  });
  observer.observe(element);
  context.signal.addEventListener("abort", () => observer.disconnect());
}

/** Beside the items, as the style sheet has it, in CSS pixels. */
const PADDING = 4;

/**
 * @param {Context} context
 * @param {HTMLElement} track
 */
function createRows(context, track) {
  const paint = createPainter();
  const photos = createPhotos(() => context.patch({}), context.signal);
  /** @type {Map<number, Row>} by place */
  const shown = new Map();
  /**
   * Rows stand in the order in which they are read; moving one costs, so one that stands right is left alone.
   * @param {HTMLElement} element
   * @param {HTMLElement | undefined} before
   * @param {HTMLElement | undefined} behind
   */
  const stand = (element, before, behind) => {
    if (before) before.nextElementSibling !== element && before.after(element);
    else if (behind) behind.before(element);
    else if (element.parentNode !== track) track.append(element);
  };
  /** @type {Row[]} without a place */
  const spare = [];
  /**
   * @param {Layout} layout
   * @param {readonly [number, number]} sight
   * @param {number} count
   * @param {number} kept  this row stays, wherever it is: screen readers are told of the active item
   * @returns {boolean} whether something is left to be painted
   */
  return (layout, [from, to], count, kept) => {
    const [first, end] = [Math.max(0, from - SPARE), Math.min(count, to + SPARE)];
    for (const [place, row] of shown) {
      if ((place >= first && place < end) || place === kept) continue;
      shown.delete(place);
      spare.push(row);
    }
    const due = Array.from({ length: end - first }, (_, i) => first + i);
    if (kept >= 0 && kept < count && !due.includes(kept)) due.push(kept);
    for (const place of due) {
      let row = shown.get(place);
      if (!row) {
        row = spare.shift() ?? createRow(context);
        stand(row.element, shown.get(place - 1)?.element, shown.get(place + 1)?.element);
        shown.set(place, row);
      }
      row.update(place, layout);
    }
    for (const row of spare.splice(0)) row.element.remove();
    // what is in sight is painted first
    const start = performance.now();
    const side = Math.round(layout.side * context.dpr);
    const inOrder = [...due].sort((a, b) => Number(a < from || a >= to) - Number(b < from || b >= to));
    for (const place of inOrder) {
      for (const tile of /** @type {Row} */ (shown.get(place)).tiles) {
        if (performance.now() - start > BUDGET) return true;
        tile.draw(paint, photos, side);
      }
    }
    return false;
  };
}

/** @param {Context} context */
function createRow(context) {
  const { store } = context;
  const element = h("div.g-row", { role: "row" });
  /** @type {import("./tile.js").Tile[]} */
  const tiles = [];
  const differs = createWatch();
  return {
    element,
    tiles,
    /** @param {number} place @param {Layout} layout */
    update(place, layout) {
      const { order, scores, selection, view, about } = store;
      const { ui } = context;
      const same = !differs(place, layout.columns, layout.row, order, scores.scored, scores.failed.size, selection, view, about, ui.active);
      if (same) return;
      setAttr(element, "aria-rowindex", place + 1);
      setStyle(element, "transform", `translateY(${place * layout.row}px)`);
      while (tiles.length > layout.columns) tiles.pop()?.element.remove();
      while (tiles.length < layout.columns) {
        const tile = createTile(context);
        tiles.push(tile);
        element.append(tile.element);
      }
      tiles.forEach((tile, column) => {
        const at = place * layout.columns + column;
        if (at < order.length) tile.update(order[at], column);
        else tile.clear();
      });
    },
  };
}
