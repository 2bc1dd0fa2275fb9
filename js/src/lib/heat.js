/** Colour and opacity of a heatmap: the limits, the pixels, the colour bar's ramp and its ticks. */

/** @typedef {import("../protocol.js").Sign} Sign */
/** @typedef {{lo: number, hi: number, max: number, min: number}} Limits  colour limits; largest and smallest value */
/** @typedef {{lo: number, hi: number, sign: Sign, opacity: number, threshold: number}} Paint */

/** Share of the colour limit from which on the full opacity holds: below it, opacity follows the value. */
export const FULL_FROM = 0.45;

const STEPS = 2048;

/**
 * Positive maps run from 0 to the maximum, negative ones from 0 to the size of the minimum, absolute ones from 0 to the
 * largest magnitude, signed ones symmetrically.
 * Values that are no numbers do not count.
 * @param {ArrayLike<number>} values
 * @param {Sign} sign
 * @returns {Limits}
 */
export function limits(values, sign) {
  let max = -Infinity;
  let min = Infinity;
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    if (v > max && v !== Infinity) max = v;
    if (v < min && v !== -Infinity) min = v;
  }
  if (max < min) return { lo: 0, hi: 0, max: 0, min: 0 };
  const reach = Math.max(Math.abs(max), Math.abs(min));
  if (sign === "positive") return { lo: 0, hi: Math.max(0, max), max, min };
  if (sign === "negative") return { lo: 0, hi: Math.max(0, -min), max, min };
  return { lo: sign === "signed" && reach > 0 ? -reach : 0, hi: reach, max, min };
}

/**
 * Whether a map holds no number at all, as after a training that diverged.
 * @param {Float32Array} values
 */
export const empty = (values) => !values.some(Number.isFinite);

/**
 * The values that are drawn: positive ones only, the sizes of negative ones, magnitudes, or all.
 * @param {Float32Array} values
 * @param {Sign} sign
 * @returns {Float32Array}
 */
export function fold(values, sign) {
  if (sign === "signed") return values;
  if (sign === "negative") return values.map((v) => (v > 0 ? 0 : 0 - v)); // no −0
  return values.map(sign === "absolute" ? Math.abs : (v) => (v < 0 ? 0 : v));
}

/**
 * Once values are folded, what bicubic smoothing throws below zero is nothing, not a magnitude again.
 * @param {Paint} paint
 * @returns {Paint}  of folded values
 */
export const folded = (paint) => (paint.sign === "signed" ? paint : { ...paint, sign: "positive" });

/**
 * Opacity of a value, 0 to `opacity`. With no positive limit (a blank map) nothing is painted.
 * @param {number} v
 * @param {Paint} paint
 * @returns {number}
 */
export function alpha(v, { hi, sign, opacity, threshold }) {
  const size = sign === "positive" ? v : Math.abs(v);
  if (!(size > 0) || !(hi > 0) || size < threshold * hi) return 0;
  return opacity * Math.min(1, size / (FULL_FROM * hi));
}

/**
 * Packed RGBA words from the lower to the upper limit, so that a pixel costs one look-up.
 * @param {Uint8Array} lut  256 x RGBA
 * @param {Paint} paint
 * @returns {Uint32Array}
 */
function table(lut, paint) {
  const { lo, hi } = paint;
  const rule = { ...paint, threshold: 0 };
  const words = new Uint32Array(STEPS);
  for (let i = 0; i < STEPS; i++) {
    const share = (i + 0.5) / STEPS;
    const from = 4 * Math.floor(share * 256);
    const a = Math.round(255 * alpha(lo + share * (hi - lo), rule));
    words[i] = lut[from] | (lut[from + 1] << 8) | (lut[from + 2] << 16) | (a << 24);
  }
  return words;
}

/**
 * Fills `rgba` (straight alpha, as canvas wants it), one pixel a value.
 * @param {ArrayLike<number>} values
 * @param {Uint8Array} lut
 * @param {Uint8ClampedArray} rgba
 * @param {Paint} paint
 */
export function paint(values, lut, rgba, paint) {
  const { lo, hi, sign, threshold } = paint;
  const out = new Uint32Array(rgba.buffer, rgba.byteOffset, rgba.byteLength >> 2).fill(0);
  if (!(hi > lo)) return;
  const words = table(lut, paint);
  const scale = STEPS / (hi - lo);
  const least = Math.max(threshold * hi, Number.MIN_VALUE);
  const top = STEPS - 1;
  const both = sign === "signed";
  const fold = sign !== "positive";
  for (let i = 0; i < out.length; i++) {
    const v = values[i];
    const size = fold && v < 0 ? -v : v;
    // Written so that NaN is not painted.
    if (!(size >= least)) continue;
    const k = ((both ? v : size) - lo) * scale;
    out[i] = words[k < top ? (k > 0 ? k | 0 : 0) : top];
  }
}

/**
 * The colour bar's ramp, with the opacity of the overlay, from the lower (0) to the upper limit (1).
 * @param {Uint8Array} lut
 * @param {Paint} paint
 * @param {number} [count]
 * @returns {Array<{at: number, color: string}>}
 */
export function rampStops(lut, paint, count = 65) {
  return Array.from({ length: count }, (_, i) => {
    const at = i / (count - 1);
    const from = 4 * Math.min(255, Math.floor(at * 256));
    const a = alpha(paint.lo + at * (paint.hi - paint.lo), paint);
    return { at, color: `rgba(${lut[from]}, ${lut[from + 1]}, ${lut[from + 2]}, ${a.toFixed(3)})` };
  });
}

/**
 * Round values between the limits in steps of 1, 2 or 5, as close as `px` pixels bear. The limits themselves are
 * written by the colour bar; a tick that would run into one of them is left out. A zero end is a tick.
 * @param {number} lo
 * @param {number} hi
 * @param {number} px  length of the bar
 * @param {{gap?: number, pitch?: number, least?: number}} [options]  least distance to the limits, and between ticks, in
 *   pixels; least step
 * @returns {number[]}
 */
export function ticks(lo, hi, px, { gap = 15, pitch = 56, least = 0 } = {}) {
  const span = hi - lo;
  if (!(span > 0) || !Number.isFinite(span) || !(px > 0)) return [];
  const rough = Math.max((span * pitch) / px, least);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((m) => m * power >= rough) ?? 10);
  const perValue = px / span;
  const keepClear = lo ? [lo, hi] : [hi];
  const out = [];
  for (let k = Math.ceil(lo / step - 1e-9); k * step <= hi + 1e-9 * step; k++) {
    const v = Number((k * step).toPrecision(12)) + 0; // no binary dust, no −0
    if (keepClear.every((c) => Math.abs(v - c) * perValue >= gap)) out.push(v);
  }
  return out;
}
