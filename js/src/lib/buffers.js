/**
 * Bytes from the wire as typed arrays. Hosts hand over a DataView, a Uint8Array or an ArrayBuffer, at any offset of a
 * larger message; a float view on an odd offset would throw, so the bytes are copied first. Little-endian throughout.
 */

/** @typedef {import("../protocol.js").Dtype} Dtype */

/** @type {Readonly<Record<Dtype, number>>} */
export const ITEM_SIZE = Object.freeze({ float32: 4, float16: 2, int8: 1 });

const HALF_BIAS = 2 ** 112; // float32's exponent bias less float16's

/**
 * The bytes that a view covers, without a copy. Anything that is no buffer counts as empty.
 * @param {unknown} view
 * @returns {Uint8Array}
 */
export function bytes(view) {
  if (view instanceof Uint8Array) return view;
  if (ArrayBuffer.isView(view)) return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  if (view instanceof ArrayBuffer) return new Uint8Array(view);
  return new Uint8Array(0);
}

/**
 * Half floats: shift exponent and mantissa into float32's places, then one product corrects the bias. That is exact for
 * normal and subnormal numbers alike; only infinities and NaN need a branch.
 * @param {Uint16Array} halves
 * @param {number} scale
 * @returns {Float32Array}
 */
function fromHalf(halves, scale) {
  const out = new Float32Array(halves.length);
  const bits = new Uint32Array(out.buffer);
  const factor = HALF_BIAS * scale;
  for (let i = 0; i < halves.length; i++) {
    const h = halves[i];
    bits[i] = ((h & 0x8000) << 16) | ((h & 0x7fff) << 13);
    if ((h & 0x7c00) !== 0x7c00) out[i] = out[i] * factor;
    else out[i] = h & 0x3ff ? NaN : (h & 0x8000 ? -Infinity : Infinity) * scale;
  }
  return out;
}

/**
 * Numbers from the wire; value = stored * scale. Always a fresh array.
 * @param {unknown} view
 * @param {Dtype} dtype
 * @param {number} [scale]
 * @returns {Float32Array}
 */
export function floats(view, dtype, scale = 1) {
  const size = ITEM_SIZE[dtype];
  if (!size) throw new RangeError(`unknown dtype ${String(dtype)}`);
  const own = bytes(view).slice();
  if (own.length % size) throw new RangeError(`${own.length} bytes are no whole number of ${dtype} values`);
  if (dtype === "float16") return fromHalf(new Uint16Array(own.buffer), scale);
  const stored = dtype === "float32" ? new Float32Array(own.buffer) : Float32Array.from(new Int8Array(own.buffer));
  if (scale !== 1) for (let i = 0; i < stored.length; i++) stored[i] = stored[i] * scale;
  return stored;
}
