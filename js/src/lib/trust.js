/** Numbers of the tests: areas below curves, and where a variant stands among the others. */

/**
 * By the trapezoidal rule; NaN before the last point is here.
 * @param {ArrayLike<number>} at
 * @param {ArrayLike<number>} values
 */
export function area(at, values) {
  if (values.length < at.length || !at.length) return NaN;
  let sum = 0;
  for (let i = 1; i < at.length; i++) sum += ((values[i] + values[i - 1]) / 2) * (at[i] - at[i - 1]);
  return sum;
}

/**
 * The points of a line in a box of 100 by 100, y downwards.
 * @param {ArrayLike<number>} at  shares of the width
 * @param {ArrayLike<number>} values
 * @param {number} top  the value at the upper edge
 */
export const line = (at, values, top) =>
  Array.from(values, (v, i) => `${(100 * at[i]).toFixed(1)},${(100 - 100 * Math.max(0, Math.min(1, v / top || 0))).toFixed(1)}`).join(" ");

const ORDINALS = ["th", "st", "nd", "rd"];

/** "1st", "2nd", "11th". @param {number} n */
export const ordinal = (n) => `${n}${(n % 100 > 10 && n % 100 < 14 ? "" : ORDINALS[n % 10]) || "th"}`;

/** To two decimals; small ones to two digits: "0.97", "0.026", "−0.08". @param {number} v */
export function decimal(v) {
  if (!Number.isFinite(v)) return "–";
  const size = Math.abs(v);
  const text = size >= 0.0995 || size < 0.0005 ? size.toFixed(2) : size.toFixed(3);
  return v < 0 && Number(text) ? `−${text}` : text;
}
