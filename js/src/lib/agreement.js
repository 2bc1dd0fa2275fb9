/** How far several variants tell the same, as `w.agreement()` has it: where their maps differ, how alike they rank the cells. */

import { fold } from "./heat.js";

/**
 * @typedef {import("../protocol.js").HeatMap} HeatMap
 * @typedef {import("../protocol.js").Sign} Sign
 * @typedef {{first: number, second: number, value: number, ties: number}} Pair  two of the maps by number; ties: how many
 *   other pairs have the same correlation, within half a hundredth
 *
 * @typedef {object} Agreement
 * @property {number[][]} correlations  Spearman's over the cells, of each two maps; NaN where a map is the same everywhere,
 *   or holds what is no number
 * @property {HeatMap} spread  at each cell the standard deviation of the maps, each divided by its largest magnitude;
 *   blank ones are left out
 * @property {Pair | null} most  alike
 * @property {Pair | null} least  alike
 */

/** As close as two decimals tell. */
const SAME = 0.005;

/**
 * @param {readonly HeatMap[]} maps  of one grid, at least one
 * @param {Sign} sign  they are compared as they are drawn
 * @returns {Agreement}
 */
export function agreement(maps, sign) {
  const values = maps.map((map) => fold(map.values, sign));
  const centred = values.map(standardised);
  const correlations = centred.map((a) => centred.map((b) => a && b ? Math.max(-1, Math.min(1, product(a, b))) : NaN));
  return {
    correlations,
    spread: { values: spreadOf(values), grid: maps[0].grid },
    most: extreme(correlations, Math.max),
    least: extreme(correlations, Math.min),
  };
}

/**
 * Ranks from 1, equal values with the mean of theirs.
 * @param {ArrayLike<number>} values
 * @returns {Float64Array}
 */
export function ranks(values) {
  const order = Float64Array.from(values, (_, i) => i).sort((a, b) => values[a] - values[b]);
  const found = new Float64Array(values.length);
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && values[order[to]] === values[order[from]]) to++;
    for (let i = from; i < to; i++) found[order[i]] = (from + 1 + to) / 2;
  }
  return found;
}

/**
 * Ranks with mean 0 and length 1; null where there is no order among the values.
 * @param {Float32Array} values
 */
function standardised(values) {
  if (!values.every(Number.isFinite)) return null;
  const middle = (values.length + 1) / 2;
  const centred = ranks(values).map((rank) => rank - middle);
  const length = Math.sqrt(product(centred, centred));
  return length > 0 ? centred.map((v) => v / length) : null;
}

/** @param {Float64Array} a @param {Float64Array} b */
const product = (a, b) => a.reduce((sum, v, i) => sum + v * b[i], 0);

/** @param {Float32Array[]} maps */
function spreadOf(maps) {
  const peaks = maps.map((values) => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0));
  const used = maps.flatMap((values, i) => (peaks[i] > 0 && peaks[i] < Infinity ? [{ values, peak: peaks[i] }] : []));
  return maps[0].map((_, cell) => {
    const mean = used.reduce((sum, { values, peak }) => sum + values[cell] / peak, 0) / used.length;
    const squares = used.reduce((sum, { values, peak }) => sum + (values[cell] / peak - mean) ** 2, 0);
    return used.length ? Math.sqrt(squares / used.length) : 0;
  });
}

/**
 * The first of the pairs at one end, as close as is told: rounding must not choose among them.
 * @param {number[][]} correlations
 * @param {(...values: number[]) => number} end
 * @returns {Pair | null}
 */
function extreme(correlations, end) {
  const pairs = correlations.flatMap((row, first) => row.slice(first + 1).map((value, i) =>
    ({ first, second: first + 1 + i, value }))).filter(({ value }) => !Number.isNaN(value));
  const best = end(...pairs.map(({ value }) => value));
  const there = pairs.filter(({ value }) => Math.abs(value - best) < SAME);
  return there.length ? { ...there[0], ties: there.length - 1 } : null;
}
