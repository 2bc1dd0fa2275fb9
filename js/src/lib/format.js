/** Numbers as people read them: a real minus, a sign on every signed value, never a signed zero. */

const MINUS = "−";

/**
 * Digits that suit numbers of this size: two decimals near 1, fewer above, two significant ones below.
 * @param {number} size
 */
function decimals(size) {
  if (size >= 100) return 0;
  if (size >= 10) return 1;
  if (size >= 0.095 || size === 0) return 2;
  return 1 - Math.floor(Math.log10(size));
}

/**
 * @param {number} size  not negative
 * @param {number} scale
 * @returns {string}
 */
function digits(size, scale) {
  if (size === 0) return "0.00";
  if (scale < 0.001 || scale >= 1e6) {
    const [mantissa, power] = size.toExponential(1).split("e");
    const n = Number(power);
    return `${mantissa}e${n < 0 ? MINUS : ""}${Math.abs(n)}`;
  }
  return size.toFixed(Math.min(20, decimals(scale)));
}

/**
 * @param {number} v
 * @param {number} scale
 * @param {string} plus
 */
function number(v, scale, plus) {
  if (Number.isNaN(v)) return "–";
  const sign = v < 0 ? MINUS : plus;
  if (!Number.isFinite(v)) return `${sign}∞`;
  const text = digits(Math.abs(v), Math.abs(scale));
  return /[1-9]/.test(text) ? sign + text : text;
}

/**
 * "+0.59", "−0.25", "0.00", "+3.1e−5".
 * @param {number} v
 * @param {number} [scale]  size of the numbers it stands among, such as the colour limit: gives all the same digits
 * @returns {string}
 */
export function signed(v, scale = v) {
  return number(v, scale, "+");
}

/**
 * As `signed`, without the plus.
 * @param {number} v
 * @param {number} [scale]
 * @returns {string}
 */
export function plain(v, scale = v) {
  return number(v, scale, "");
}

/**
 * A probability: "93.4 %", "1.67 %", "<0.05 %". Nearly certain is not certain: ">99.9 %".
 * @param {number} p  0 to 1
 * @returns {string}
 */
export function percent(p) {
  if (!Number.isFinite(p)) return "–";
  if (p < 0.0005) return "<0.05 %";
  if (p >= 1) return "100 %";
  if (p > 0.9995) return ">99.9 %";
  return `${(100 * p).toFixed(p < 0.09995 ? 2 : 1)} %`;
}

/**
 * A share of something: "31 %", "<1 %".
 * @param {number} share  0 to 1
 * @returns {string}
 */
export const wholePercent = (share) => (share > 0 && share < 0.005 ? "<1 %" : `${Math.round(100 * share)} %`);

/**
 * "13×13", rows first as everywhere; of a volume its depth first; "282 steps" of a signal.
 * @param {readonly number[]} size
 * @returns {string}
 */
export function grid(size) {
  return size.length === 1 ? `${size[0]} steps` : size.join("×");
}

/**
 * A duration: "0.4 ms", "14 ms", "1.2 s".
 * @param {number} t  milliseconds
 * @returns {string}
 */
export function ms(t) {
  if (!Number.isFinite(t)) return "–";
  if (t < 9.95) return `${t.toFixed(1)} ms`;
  if (t < 999.5) return `${t.toFixed(0)} ms`;
  return `${(t / 1000).toFixed(t < 99_950 ? 1 : 0)} s`;
}

/**
 * A cell in words, across and down as x and y are, then deep: "(9, 8)" is `w.cam[8, 9]`.
 * @param {{row: number, col: number, depth?: number}} cell
 */
export const place = ({ row, col, depth }) => `(${[col, row, ...(depth === undefined ? [] : [depth])].join(", ")})`;
