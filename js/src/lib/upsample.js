/**
 * The one smoothing rule: `torch.nn.functional.interpolate(..., align_corners=False)`, so that the screen, `w.heatmap`
 * and every export agree. Separable: rows are widened first (there are few), then blended down the columns.
 */

const A = -0.75; // torch's cubic kernel; PIL and OpenCV differ in this constant or at the border

/** @typedef {{index: Int32Array, weight: Float64Array, count: number}} Taps  `count` samples for each output sample */

/**
 * Single precision on purpose: torch computes source positions in float32, and at large sizes that shows.
 * @param {number} size
 * @param {number} out
 * @param {number} i
 */
function position(size, out, i) {
  const ratio = Math.fround(size / out);
  return Math.fround(Math.fround(ratio * (i + 0.5)) - 0.5);
}

/**
 * @param {number} size
 * @param {number} out
 * @returns {Taps}
 */
function cubicTaps(size, out) {
  const index = new Int32Array(4 * out);
  const weight = new Float64Array(4 * out);
  for (let i = 0; i < out; i++) {
    const at = position(size, out, i);
    const base = Math.floor(at);
    const t = at - base;
    const u = 1 - t;
    weight[4 * i] = ((A * (t + 1) - 5 * A) * (t + 1) + 8 * A) * (t + 1) - 4 * A;
    weight[4 * i + 1] = ((A + 2) * t - (A + 3)) * t * t + 1;
    weight[4 * i + 2] = ((A + 2) * u - (A + 3)) * u * u + 1;
    weight[4 * i + 3] = ((A * (u + 1) - 5 * A) * (u + 1) + 8 * A) * (u + 1) - 4 * A;
    for (let k = 0; k < 4; k++) index[4 * i + k] = Math.min(size - 1, Math.max(0, base - 1 + k));
  }
  return { index, weight, count: 4 };
}

/**
 * @param {number} size
 * @param {number} out
 * @returns {Taps}
 */
function linearTaps(size, out) {
  const index = new Int32Array(2 * out);
  const weight = new Float64Array(2 * out);
  for (let i = 0; i < out; i++) {
    const at = Math.max(0, position(size, out, i));
    const base = Math.min(size - 1, Math.floor(at));
    const t = Math.min(1, at - base);
    index[2 * i] = base;
    index[2 * i + 1] = Math.min(size - 1, base + 1);
    weight[2 * i] = 1 - t;
    weight[2 * i + 1] = t;
  }
  return { index, weight, count: 2 };
}

/**
 * @param {ArrayLike<number>} values
 * @param {number} h
 * @param {number} w
 * @param {Taps} taps
 * @param {number} width
 * @returns {Float32Array}
 */
function widen(values, h, w, taps, width) {
  const out = new Float32Array(h * width);
  const { index, weight, count } = taps;
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = x * count; k < (x + 1) * count; k++) {
        sum += weight[k] * values[y * w + index[k]];
      }
      out[y * width + x] = sum;
    }
  }
  return out;
}

/**
 * @param {Float32Array} rows
 * @param {Taps} taps
 * @param {number} height
 * @param {number} width
 * @returns {Float32Array}
 */
function blend(rows, taps, height, width) {
  const out = new Float32Array(height * width);
  const { index, weight, count } = taps;
  for (let y = 0; y < height; y++) {
    const target = out.subarray(y * width, (y + 1) * width);
    // Two rows at a time keeps the inner loop branch-free for both kernels.
    for (let k = y * count; k < (y + 1) * count; k += 2) {
      const a = index[k] * width;
      const b = index[k + 1] * width;
      const wa = weight[k];
      const wb = weight[k + 1];
      for (let x = 0; x < width; x++) {
        target[x] = target[x] + wa * rows[a + x] +
          wb * rows[b + x];
      }
    }
  }
  return out;
}

/**
 * @param {ArrayLike<number>} values  row by row
 * @param {readonly [number, number]} from  [rows, columns] of `values`
 * @param {readonly [number, number]} to  [rows, columns] wanted
 * @param {"bicubic" | "bilinear"} mode
 * @returns {Float32Array}
 */
export function upsample(values, [h, w], [height, width], mode) {
  const make = mode === "bilinear" ? linearTaps : cubicTaps;
  return blend(widen(values, h, w, make(w, width), width), make(h, height), height, width);
}
