/** A volume's map cut at one slice, and flattened for a thumbnail. */

import { centreOf, indexAt } from "./places.js";
import { stepsOf } from "./steps.js";

/**
 * @typedef {import("../protocol.js").HeatMap} HeatMap
 * @typedef {readonly [number, number] | undefined} Span  of the cells along the depth, see places.js
 */

/**
 * The map at the depth of a slice, linear between cells as `w.heatmap` is; with `flat` the cell's own. No numbers where no
 * cell is centred at that depth.
 * @param {HeatMap} map  of depth, rows, columns; folded
 * @param {number} slice
 * @param {number} slices  of the input
 * @param {Span} span
 * @param {boolean} flat
 * @returns {HeatMap}  of rows and columns
 */
export function cut({ values, grid: [depth, rows, columns] }, slice, slices, span, flat) {
  const cells = rows * columns;
  const grid = [rows, columns];
  const near = depthOf(slice, slices, depth, span);
  if (near < 0) return { values: new Float32Array(cells).fill(NaN), grid };
  const { centre, step } = stepsOf(span, depth, slices);
  const at = Math.min(depth - 1, Math.max(0, (slice + 0.5 - centre) / step));
  const from = flat ? near : Math.floor(at);
  const share = at - from;
  const lower = values.subarray(from * cells, (from + 1) * cells);
  if (flat || share === 0) return { values: lower, grid };
  const upper = values.subarray((from + 1) * cells, (from + 2) * cells);
  return { values: lower.map((v, i) => v * (1 - share) + upper[i] * share), grid };
}

/**
 * The slice at whose depth a cell of depth is centred.
 * @param {number} cell
 * @param {number} depth
 * @param {number} slices
 * @param {Span} span
 */
export function sliceOf(cell, depth, slices, span) {
  return Math.min(slices - 1, Math.max(0, Math.floor(centreOf(cell, depth, span) * slices)));
}

/**
 * The cell of depth at a slice; -1 where none is centred.
 * @param {number} slice
 * @param {number} slices
 * @param {number} depth
 * @param {Span} span
 */
export const depthOf = (slice, slices, depth, span) => indexAt((slice + 0.5) / slices, depth, span);

/**
 * At each place the value of the largest magnitude over the depth, with its sign.
 * @param {HeatMap} map
 * @returns {HeatMap}
 */
export function flattened({ values, grid: [depth, rows, columns] }) {
  const cells = rows * columns;
  const out = values.slice(0, cells);
  for (let k = 1; k < depth; k++) {
    for (let i = 0; i < cells; i++) {
      const v = values[k * cells + i];
      if (Math.abs(v) > Math.abs(out[i])) out[i] = v;
    }
  }
  return { values: out, grid: [rows, columns] };
}
