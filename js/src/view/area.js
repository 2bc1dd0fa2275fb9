/** Evidence along one axis, as an area filled with the colours of the heat. */

import { paint as paintPixels } from "../lib/heat.js";

/** @typedef {import("../lib/heat.js").Paint} Paint */

/** A canvas one pixel high, painted as the heat is, to be stretched over a row. */
export function createColumn() {
  const canvas = document.createElement("canvas");
  canvas.height = 1;
  /**
   * @param {Float32Array} values  one a pixel
   * @param {Uint8Array} lut
   * @param {Paint} paint
   */
  return (values, lut, paint) => {
    const width = values.length;
    if (canvas.width !== width) canvas.width = width;
    const context = canvas.getContext("2d");
    if (!context || !width) return canvas;
    const image = context.createImageData(width, 1);
    // Once magnitudes are taken there is nothing left below zero.
    paintPixels(values, lut, image.data, paint.sign === "absolute" ? { ...paint, sign: "positive" } : paint);
    context.putImageData(image, 0, 0);
    return canvas;
  };
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
 * The area between the curve and zero.
 * @param {CanvasRenderingContext2D} context
 * @param {Float32Array} values  one a pixel; NaN where there is none
 * @param {CanvasImageSource} colours  one pixel high
 * @param {Paint} paint
 * @param {{top: number, height: number}} row
 * @returns {Path2D} the curve
 */
export function drawEvidence(context, values, colours, paint, { top, height }) {
  const area = new Path2D();
  const curve = new Path2D();
  const zero = levelOf(0, paint, top, height);
  let from = -1;
  for (let x = 0; x <= values.length; x++) {
    const there = x < values.length && !Number.isNaN(values[x]);
    if (there && from < 0) area.moveTo(x, zero);
    if (!there && from >= 0) area.lineTo(x, zero);
    if (!there) {
      from = -1;
      continue;
    }
    const y = levelOf(values[x], paint, top, height);
    area.lineTo(x + 0.5, y);
    curve[from < 0 ? "moveTo" : "lineTo"](x + 0.5, y);
    if (from < 0) from = x;
  }
  context.save();
  context.clip(area);
  context.imageSmoothingEnabled = false;
  context.drawImage(colours, 0, top, values.length, height);
  context.restore();
  return curve;
}
