/** How the rows of a signal's view share its height, and what is drawn in one. */

import { limits } from "./heat.js";

/** @typedef {import("../protocol.js").Band} Band */
/** @typedef {{top: number, height: number}} Row  in pixels, below its label */

export const LABEL = 18;
export const AXIS = 22;

/** Traces that share the room of so many; an image, and the evidence, each have that of this many traces. */
const TRACES = 3;
const IMAGE = 1;
const EVIDENCE = 1.1;

/**
 * @param {readonly {form: string}[]} bands
 * @param {number} height
 * @returns {Row[]}  one a band, then the evidence's
 */
export function rowsOf(bands, height) {
  const traces = bands.filter(({ form }) => form === "trace").length;
  const weights = bands.map(({ form }) => (form === "trace" ? Math.min(1.2, TRACES / traces) : IMAGE));
  weights.push(EVIDENCE);
  const room = Math.max(0, height - AXIS - LABEL * weights.length);
  const total = weights.reduce((a, b) => a + b, 0);
  let top = 0;
  return weights.map((weight) => {
    const row = { top: top + LABEL, height: (room * weight) / total };
    top = row.top + row.height;
    return row;
  });
}

/**
 * The least and the largest value of a trace in each pixel column, joined to the column before; NaN where it has none.
 * @param {Band} band
 * @param {number} span  samples along the whole width
 * @param {number} width  pixels
 * @returns {{low: Float32Array, high: Float32Array}}
 */
export function envelope({ values, grid: [rows, columns], start, step }, span, width) {
  const low = new Float32Array(width).fill(NaN);
  const high = new Float32Array(width).fill(NaN);
  const upper = (rows - 1) * columns;
  /** @param {number} x */
  const column = (x) => ((x * span) / width - start) / step;
  for (let x = 0; x < width; x++) {
    const from = Math.max(0, Math.floor(column(x)));
    const to = Math.min(columns - 1, Math.max(from, Math.ceil(column(x + 1)) - 1));
    if (column(x + 1) <= 0 || from >= columns) continue;
    for (let i = from; i <= to; i++) {
      if (!(values[i] >= low[x])) low[x] = values[i];
      if (!(values[upper + i] <= high[x])) high[x] = values[upper + i];
    }
  }
  return { low, high };
}

/**
 * Evidence per cell of depth: the largest of what is drawn there.
 * @param {ArrayLike<number>} values  folded
 * @param {number} depth
 * @returns {Float32Array}
 */
export function perSlice(values, depth) {
  const cells = values.length / depth;
  return Float32Array.from({ length: depth }, (_, k) => {
    let best = 0;
    for (let i = k * cells; i < (k + 1) * cells; i++) if (Math.abs(values[i]) > best) best = Math.abs(values[i]);
    return best;
  });
}

/**
 * Range of a row's values with a little air, zero included where it is near.
 * @param {ArrayLike<number>} values
 * @returns {{lo: number, hi: number}}
 */
export function rangeOf(values) {
  const { min, max } = limits(values, "signed");
  const lo = Math.min(min, 0 <= min && min < (max - min) ? 0 : min);
  const hi = Math.max(max, 0 >= max && -max < (max - min) ? 0 : max);
  const air = (hi - lo) * 0.04 || 1;
  return { lo: lo - air, hi: hi + air };
}
