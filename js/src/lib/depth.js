/** A volume's map cut at one slice, and flattened for a thumbnail. */

import { cellNear } from "./steps.js";

/** @typedef {import("../protocol.js").HeatMap} HeatMap */
/** @typedef {import("./steps.js").Steps} Steps */

/**
 * The map at the depth of a slice, linear between cells as `w.heatmap` is; with `flat` the cell's own.
 * @param {HeatMap} map  of depth, rows, columns; folded
 * @param {number} slice  counts the input's slices
 * @param {Steps} steps  of the depth
 * @param {boolean} flat
 * @returns {HeatMap}  of rows and columns
 */
export function cut({ values, grid: [depth, rows, columns] }, slice, { centre, step }, flat) {
  const cells = rows * columns;
  const at = Math.min(depth - 1, Math.max(0, (slice + 0.5 - centre) / step));
  const from = flat ? Math.floor(at + 0.5) : Math.floor(at);
  const share = at - from;
  const lower = values.subarray(from * cells, (from + 1) * cells);
  if (flat || share === 0) return { values: lower, grid: [rows, columns] };
  const upper = values.subarray((from + 1) * cells, (from + 2) * cells);
  return { values: lower.map((v, i) => v * (1 - share) + upper[i] * share), grid: [rows, columns] };
}

/**
 * The slice at whose depth a cell of depth is centred.
 * @param {number} cell
 * @param {Steps} steps
 * @param {number} slices
 */
export function sliceOf(cell, { centre, step }, slices) {
  return Math.min(slices - 1, Math.max(0, Math.floor(centre + cell * step)));
}

/**
 * The cell of depth nearest to a slice.
 * @param {number} slice
 * @param {Steps} steps
 * @param {number} depth
 */
export function depthOf(slice, steps, depth) {
  const near = cellNear(slice + 0.5, steps, depth);
  if (near !== null) return near;
  return slice + 0.5 < steps.centre ? 0 : depth - 1;
}

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
