/** What differs between pictures, signals and volumes: where a spot lies on the grid, and the words for it. */

import { cellAt } from "../lib/cells.js";
import { depthOf } from "../lib/depth.js";
import { place as inBrackets } from "../lib/format.js";
import { indexAt, seenBy } from "../lib/places.js";
import { isBox } from "../lib/regions.js";
import { stepsOf } from "../lib/steps.js";

/**
 * @typedef {import("./frame.js").Store} Store
 * @typedef {import("./frame.js").Spot} Spot
 * @typedef {import("./frame.js").Cell} Cell
 * @typedef {import("../protocol.js").HeatMap} HeatMap
 * @typedef {import("../lib/places.js").Place} Place
 */

/** @param {import("../protocol.js").Region} region */
export const regionNoun = (region) => (isBox(region) ? "box" : "outline");

/** What the words say of one cell of the grid. @param {Store} store */
export const cellNoun = ({ meta }) => (meta.kind === "signal" ? "step" : "cell");

/**
 * A cell by its noun and place.
 * @param {Store} store
 * @param {Pick<Cell, "row" | "col" | "depth">} cell
 */
export const cellName = (store, cell) => `${cellNoun(store)} ${cellPlace(store, cell)}`;

/**
 * @param {Store} store
 * @param {Pick<Cell, "row" | "col" | "depth">} cell
 */
export const cellPlace = ({ meta }, cell) => (meta.kind === "signal" ? String(cell.col) : inBrackets(cell));

/**
 * The cell of this number.
 * @param {readonly number[]} grid
 * @param {number} index
 * @returns {Cell}
 */
export function cellOfIndex(grid, index) {
  const [rows, columns] = grid.length === 1 ? [1, grid[0]] : grid.slice(-2);
  const flat = index % (rows * columns);
  const cell = { row: Math.floor(flat / columns), col: flat % columns, index };
  return grid.length < 3 ? cell : { ...cell, depth: Math.floor(index / (rows * columns)) };
}

/**
 * How the cells of a map lie along the first axis of the input, in its samples or slices.
 * @param {Store} store
 * @param {HeatMap} map
 * @param {Place | null} place
 */
export const stepsAlong = ({ meta }, { grid }, place) => stepsOf(place?.[0], grid[0], meta.input[0]);

/**
 * From where to where a cell of the map sees, in shares of the input; null where that is not known, and of a map that does
 * not have the layer's cells: some variants make one of the input's size.
 * @param {Store} store
 * @param {import("../protocol.js").Layer | undefined} layer
 * @param {HeatMap} map
 * @param {Cell} cell
 */
export function seenIn(store, layer, map, cell) {
  const own = layer !== undefined && String(map.grid) === String(layer.grid);
  return own ? seenBy(layer, store.meta.input, indexOf(cell, map)) : null;
}

/** The cell's index on each axis. @param {Cell} cell @param {HeatMap} map */
export const indexOf = ({ row, col, depth = 0 }, { grid }) => [depth, row, col].slice(-grid.length);

/**
 * The cell at a spot; null where the network has none.
 * @param {Store} store
 * @param {Spot} spot
 * @param {HeatMap} map
 * @param {Place | null} place  of the map's cells
 * @returns {Cell | null}
 */
export function locate(store, { fx, fy, slice = 0 }, { grid }, place) {
  const { input, span } = store.meta;
  if (grid.length === 1) {
    const at = (fx * span) / input[0];
    const col = at < 1 ? indexAt(at, grid[0], place?.[0]) : -1;
    return col < 0 ? null : { row: 0, col, index: col };
  }
  const [rows, columns] = grid.slice(-2);
  const cell = cellAt(fx, fy, [rows, columns], 1, 1, place && place.slice(-2));
  if (!cell || grid.length < 3) return cell;
  const depth = depthOf(slice, input[0], grid[0], place?.[0]);
  if (depth < 0) return null;
  return { ...cell, depth, index: cell.index + depth * rows * columns };
}

/**
 * A place on the time axis as people read it, to what can be told apart on the screen.
 * @param {Store} store
 * @param {number} at  samples
 * @param {number} [size]  of what has this place as an end, in samples: its ends are told apart, too
 */
export function timeText({ meta: { rate, span } }, at, size = span) {
  if (rate === null) return String(Math.min(Math.floor(at), Math.ceil(span) - 1));
  const least = Math.min(span / 500, size / 10) / rate;
  const digits = Math.min(6, Math.max(0, Math.ceil(-Math.log10(least))));
  return `${(at / rate).toFixed(digits)}`;
}
