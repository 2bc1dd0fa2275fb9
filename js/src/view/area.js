/** Evidence along one axis, as an area filled with the colours of the heat. */

import { folded, paint as paintPixels } from "../lib/heat.js";

/** @typedef {import("../lib/heat.js").Paint} Paint */

/**
 * The colours of the heat along an axis, packed RGBA.
 * @param {Float32Array} values  one a pixel
 * @param {Uint8Array} lut
 * @param {Paint} paint
 */
export function coloursOf(values, lut, paint) {
  const words = new Uint32Array(values.length);
  paintPixels(values, lut, new Uint8ClampedArray(words.buffer), folded(paint));
  return words;
}

/**
 * Fills rows with the colours.
 * @param {CanvasRenderingContext2D} context
 * @param {Uint32Array} colours
 * @param {readonly {top: number, height: number}[]} rows
 */
export function fillRows(context, colours, rows) {
  const width = colours.length;
  for (const { top, height } of rows) {
    const first = Math.round(top);
    const image = context.createImageData(width, Math.max(1, Math.round(top + height) - first));
    const words = new Uint32Array(image.data.buffer);
    for (let i = 0; i < words.length; i += width) words.set(colours, i);
    context.putImageData(image, 0, first);
  }
}

/**
 * Height of a value in a row, in pixels from its top: zero at the bottom, or in the middle where the limits are signed.
 * @param {number} v
 * @param {Paint} paint
 * @param {number} top
 * @param {number} height
 */
export function levelOf(v, { lo, hi }, top, height) {
  const share = hi > lo ? (v - lo) / (hi - lo) : 0;
  return top + height * (1 - Math.min(1, Math.max(0, share)));
}

/**
 * Fills the area between the values and zero with the colours of the heat, by pixels: to clip by a path of a thousand
 * corners would take many times as long. Returns the curve, to be drawn over its edge.
 * @param {CanvasRenderingContext2D} context
 * @param {Float32Array} values  one a pixel; NaN where there is none
 * @param {Uint32Array} colours  one a pixel, see `coloursOf`
 * @param {Paint} paint
 * @param {{top: number, height: number}} row
 * @returns {Path2D}
 */
export function drawEvidence(context, values, colours, paint, { top, height }) {
  const width = values.length;
  const first = Math.floor(top);
  const rows = Math.ceil(top + height) - first;
  const image = context.createImageData(width, rows);
  const words = new Uint32Array(image.data.buffer);
  const curve = new Path2D();
  const zero = levelOf(0, paint, top, height) - first;
  let begun = false;
  for (let x = 0; x < width; x++) {
    const there = !Number.isNaN(values[x]);
    if (there) {
      const y = levelOf(values[x], paint, top, height);
      curve[begun ? "lineTo" : "moveTo"](x + 0.5, y);
      const from = Math.round(Math.min(y - first, zero));
      const to = Math.min(rows, Math.round(Math.max(y - first, zero)));
      const word = colours[x];
      if (word) for (let i = from * width + x; i < to * width; i += width) words[i] = word;
    }
    begun = there;
  }
  context.putImageData(image, 0, first);
  return curve;
}
