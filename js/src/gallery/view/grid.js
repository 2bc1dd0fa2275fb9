/** The items in rows. Only rows in sight have elements, and elements are used again: there may be a million items. */

import { h, hide, setAttr, setStyle, setText } from "../../view/dom.js";
import { layoutOf, revealing, rowsInSight } from "../layout.js";
import { isOpen } from "../protocol.js";
import { filterWords } from "../words.js";
import { createRows } from "./rows.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {ReturnType<typeof createGrid>} Grid
 */

/** Beside the items, as the style sheet has it, in CSS pixels. */
const PADDING = 4;

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
      for (const name of /** @type {const} */ (["side", "pitch", "row"])) setStyle(room, `--${name}`, `${layout[name]}px`);
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
