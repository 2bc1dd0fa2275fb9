/** Geometry of the grid on the picture, and what a cell's value means among the others. */

import { centreOf, indexAt } from "./places.js";

/**
 * @typedef {import("../protocol.js").Grid} Grid
 * @typedef {import("./places.js").Place} Place
 */

/**
 * The cell under a point of a W x H picture; null outside, and towards ends where no cell is centred.
 * @param {number} x
 * @param {number} y
 * @param {Grid} grid
 * @param {number} W
 * @param {number} H
 * @param {Place | null} [place]
 * @returns {{row: number, col: number, index: number} | null}
 */
export function cellAt(x, y, [h, w], W, H, place) {
  if (!(x >= 0 && y >= 0 && x < W && y < H)) return null;
  const row = indexAt(y / H, h, place?.[0]);
  const col = indexAt(x / W, w, place?.[1]);
  return row < 0 || col < 0 ? null : { row, col, index: row * w + col };
}

/**
 * A cell on a W x H picture, as far as it lies on it.
 * @param {number} row
 * @param {number} col
 * @param {Grid} grid
 * @param {number} W
 * @param {number} H
 * @param {Place | null} [place]
 * @returns {{x: number, y: number, width: number, height: number}}
 */
export function cellRect(row, col, [h, w], W, H, place) {
  const [top, bottom] = ends(row, h, H, place?.[0]);
  const [left, right] = ends(col, w, W, place?.[1]);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/**
 * @param {number} index
 * @param {number} cells
 * @param {number} size
 * @param {readonly [number, number] | undefined} span
 * @returns {[number, number]}
 */
function ends(index, cells, size, span) {
  const middle = centreOf(index, cells, span);
  const half = (span ? span[1] : 1 / cells) / 2;
  const within = (/** @type {number} */ at) => size * Math.min(1, Math.max(0, at));
  return [within(middle - half), within(middle + half)];
}

/**
 * Where a cell stands among all cells of its map, strongest first, in words. Equal values share the better place.
 * @param {ArrayLike<number>} values
 * @param {number} index
 * @returns {{text: string, place: number, share: number}}  place counts from 1; share = place / cells
 */
export function cellRank(values, index) {
  const v = values[index];
  if (Number.isNaN(v)) return { text: "no number", place: values.length, share: 1 };
  let above = 0;
  for (let i = 0; i < values.length; i++) if (values[i] > v) above++;
  const place = above + 1;
  const share = place / values.length;
  let text = "lower half";
  if (v < 0) text = "below zero";
  else if (v === 0) text = "zero";
  else if (place === 1) text = "strongest";
  else if (share <= 0.5) text = `top ${Math.ceil(share * 20) * 5} %`;
  return { text, place, share };
}

/**
 * The classes that make most of a cell, strongest first; only evidence for a class counts.
 * @param {ArrayLike<number>} column  the cell's value of each class
 * @param {number} n
 * @returns {Array<{target: number, value: number}>}
 */
export function strongest(column, n) {
  /** @type {Array<{target: number, value: number}>} */
  const best = [];
  for (let target = 0; target < column.length; target++) {
    const value = column[target];
    if (!(value > 0)) continue;
    let at = best.length;
    while (at > 0 && best[at - 1].value < value) at--;
    if (at >= n) continue;
    best.splice(at, 0, { target, value });
    if (best.length > n) best.pop();
  }
  return best;
}

/**
 * A map's values, each as often as it is covered, added up.
 * @param {Float32Array} values
 * @param {number} start  where a map begins in them
 * @param {Float64Array} cover
 */
export function weigh(values, start, cover) {
  let sum = 0;
  for (let i = 0; i < cover.length; i++) if (cover[i]) sum += cover[i] * values[start + i];
  return sum;
}
