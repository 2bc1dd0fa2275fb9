/**
 * The one smoothing rule: `torch.nn.functional.interpolate(..., align_corners=False)`, so that the screen, `w.heatmap`
 * and every export agree. Separable: rows are widened first (there are few), then blended down the columns.
 */

const A = -0.75; // torch's cubic kernel; PIL and OpenCV differ in this constant or at the border

/**
 * @typedef {{index: Int32Array, weight: Float64Array}} Taps  four samples for each output sample
 * @typedef {import("./places.js").Place} Place
 */

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
 * @param {number} t  0 to 1, the way from the second sample to the third
 * @returns {number[]}
 */
function cubic(t) {
  const u = 1 - t;
  return [
    ((A * (t + 1) - 5 * A) * (t + 1) + 8 * A) * (t + 1) - 4 * A,
    ((A + 2) * t - (A + 3)) * t * t + 1,
    ((A + 2) * u - (A + 3)) * u * u + 1,
    ((A * (u + 1) - 5 * A) * (u + 1) + 8 * A) * (u + 1) - 4 * A,
  ];
}

/**
 * The linear rule has four samples too, its two taken twice at half weight, which is exact: one loop serves both.
 * @param {number} size
 * @param {number} out
 * @param {boolean} linear
 * @param {readonly [number, number] | undefined} span  where the samples are, if not spread evenly
 * @returns {Taps}
 */
function tapsOf(size, out, linear, span) {
  const index = new Int32Array(4 * out);
  const weight = new Float64Array(4 * out);
  for (let i = 0; i < out; i++) {
    const at = span ? ((i + 0.5) / out - span[0]) / span[1] : position(size, out, i);
    const base = Math.floor(at);
    // Where no sample is centred there is nothing to say: the ends are not stretched to fit.
    const t = !span || (at >= -0.5 && at < size - 0.5) ? at - base : NaN;
    weight.set(linear ? [(1 - t) / 2, (1 - t) / 2, t / 2, t / 2] : cubic(t), 4 * i);
    for (let k = 0; k < 4; k++) {
      const from = base + (linear ? k >> 1 : k - 1);
      index[4 * i + k] = Math.min(size - 1, Math.max(0, from));
    }
  }
  return { index, weight };
}

/**
 * @param {ArrayLike<number>} values
 * @param {number} h
 * @param {number} w
 * @param {Taps} taps
 * @param {number} width
 * @returns {Float32Array}
 */
function widen(values, h, w, { index, weight }, width) {
  const out = new Float32Array(h * width);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 4 * x; k < 4 * x + 4; k++) sum += weight[k] * values[y * w + index[k]];
      out[y * width + x] = sum;
    }
  }
  return out;
}

/**
 * @param {Float32Array} rows
 * @param {Taps} taps
 * @param {Float32Array} out
 * @param {number} width
 */
function blend(rows, { index, weight }, out, width) {
  const from = index.map((row) => row * width);
  for (let k = 0, at = 0; k < index.length; k += 4) {
    const a = from[k];
    const b = from[k + 1];
    const c = from[k + 2];
    const d = from[k + 3];
    const p = weight[k];
    const q = weight[k + 1];
    const r = weight[k + 2];
    const s = weight[k + 3];
    for (let x = 0; x < width; x++) {
      out[at++] = p * rows[a + x] + q * rows[b + x] + r * rows[c + x] + s * rows[d + x];
    }
  }
}

/**
 * With a place, NaN where no value is centred.
 * @param {ArrayLike<number>} values  row by row
 * @param {readonly [number, number]} from  [rows, columns] of `values`
 * @param {readonly [number, number]} to  [rows, columns] wanted
 * @param {"bicubic" | "bilinear"} mode
 * @param {Float32Array} [out]  is written to and returned; a new one without it
 * @param {Place | null} [place]  of the values; spread evenly without it
 * @returns {Float32Array}
 */
export function upsample(values, [h, w], [height, width], mode, out = new Float32Array(height * width), place) {
  const linear = mode === "bilinear";
  const [down, along] = place ?? [];
  blend(widen(values, h, w, tapsOf(w, width, linear, along), width), tapsOf(h, height, linear, down), out, width);
  return out;
}
