/** The rows of the grid that have elements: those in sight, a few around them, and the one that the keys stand on. */

import { createWatch } from "../../lib/changes.js";
import { h, setAttr, setStyle } from "../../view/dom.js";
import { createPainter } from "./paint.js";
import { createPhotos } from "./photos.js";
import { createTile } from "./tile.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("../layout.js").Layout} Layout
 * @typedef {ReturnType<typeof createRow>} Row
 */

/** Rows beyond the edges that have elements, so that scrolling finds their words. */
const SPARE = 2;

/** Milliseconds of a frame that may go into painting; what is left is painted in the next ones. */
const BUDGET = 6;

/**
 * @param {Context} context
 * @param {HTMLElement} track
 */
export function createRows(context, track) {
  /** @type {Map<number, Row>} by place */
  const shown = new Map();
  const paint = createPainting(context);
  /**
   * @param {Layout} layout
   * @param {readonly [number, number]} sight
   * @param {number} count
   * @param {number} kept  this row stays, wherever it is: screen readers are told of the active item
   * @returns {boolean} whether something is left to be painted
   */
  return (layout, [from, to], count, kept) => {
    const [first, end] = [Math.max(0, from - SPARE), Math.min(count, to + SPARE)];
    /** @type {Row[]} without a place */
    const spare = [];
    for (const [place, row] of shown) {
      if ((place >= first && place < end) || (place === kept && place < count)) continue;
      shown.delete(place);
      spare.push(row);
    }
    const due = Array.from({ length: end - first }, (_, i) => first + i);
    if (kept >= 0 && kept < count && !due.includes(kept)) due.push(kept);
    for (const place of due) {
      let row = shown.get(place);
      if (!row) {
        row = spare.shift() ?? createRow(context);
        stand(track, row.element, shown.get(place - 1)?.element, shown.get(place + 1)?.element);
        shown.set(place, row);
      }
      row.update(place, layout);
    }
    for (const row of spare) row.element.remove();
    const inSight = (/** @type {number} */ place) => place >= from && place < to;
    const tiles = [...due.filter(inSight), ...due.filter((place) => !inSight(place))].flatMap((place) => shown.get(place)?.tiles ?? []);
    return paint(tiles, Math.round(layout.side * context.dpr));
  };
}

/**
 * Rows stand in the order in which they are read; moving one costs, so one that stands right is left alone.
 * @param {HTMLElement} track
 * @param {HTMLElement} element
 * @param {HTMLElement | undefined} before
 * @param {HTMLElement | undefined} behind
 */
function stand(track, element, before, behind) {
  if (before) {
    if (before.nextElementSibling !== element) before.after(element);
  } else if (behind) behind.before(element);
  else if (element.parentNode !== track) track.append(element);
}

/** @param {Context} context */
function createPainting(context) {
  const paint = createPainter();
  const photos = createPhotos(() => context.patch({}), context.signal);
  /**
   * @param {readonly import("./tile.js").Tile[]} tiles  the most urgent first
   * @param {number} side  pixels
   * @returns {boolean} whether something is left
   */
  return (tiles, side) => {
    const start = performance.now();
    for (const tile of tiles) {
      if (performance.now() - start > BUDGET) return true;
      tile.draw(paint, photos, side);
    }
    return false;
  };
}

/** @param {Context} context */
function createRow(context) {
  const { store, ui } = context;
  const element = h("div.g-row", { role: "row" });
  /** @type {import("./tile.js").Tile[]} */
  const tiles = [];
  const differs = createWatch();
  return {
    element,
    tiles,
    /** @param {number} place @param {Layout} layout */
    update(place, { columns, row }) {
      const { order, scores, selection, view, about } = store;
      if (!differs(place, columns, row, order, scores, scores.scored, scores.failed.size, selection, view, about, ui.active)) return;
      setAttr(element, "aria-rowindex", place + 1);
      setStyle(element, "transform", `translateY(${place * row}px)`);
      while (tiles.length > columns) tiles.pop()?.element.remove();
      while (tiles.length < columns) {
        const tile = createTile(context);
        tiles.push(tile);
        element.append(tile.element);
      }
      tiles.forEach((tile, column) => {
        const at = place * columns + column;
        if (at < order.length) tile.update(order[at], column);
        else tile.clear();
      });
    },
  };
}
