/** The rows of a signal, in black on nothing. */

import { envelope, rangeOf } from "../lib/rows.js";

/** @typedef {import("../protocol.js").Band} Band */

/** The darkest that an image of channels gets: the heat below it must be seen. */
const DARKEST = 0.72;
const INK = 0.87;
const ZERO = 0.35;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Band} band
 * @param {number} span  samples along the whole width
 * @param {{top: number, height: number}} row
 * @param {number} dpr
 */
export function drawBand(context, band, span, row, dpr) {
  if (band.form === "image") drawImage(context, band, span, row);
  else drawTrace(context, band, span, row, dpr);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Band} band
 * @param {number} span
 * @param {{top: number, height: number}} row
 * @param {number} dpr
 */
function drawTrace(context, band, span, { top, height }, dpr) {
  const { width } = context.canvas;
  const { low, high } = envelope(band, span, width);
  const { lo, hi } = rangeOf([band.low, band.high]);
  const levelOf = (/** @type {number} */ v) => top + ((hi - v) / (hi - lo)) * height;
  if (lo < 0 && hi > 0) {
    context.fillStyle = `rgba(0, 0, 0, ${ZERO})`;
    context.fillRect(0, Math.round(levelOf(0)), width, 1);
  }
  const path = new Path2D();
  // One upright line a pixel column, as long as the values there reach, joined to the one before.
  let begun = false;
  for (let x = 0; x < width; x++) {
    if (Number.isNaN(low[x])) {
      begun = false;
      continue;
    }
    const ends = [levelOf(high[x]), levelOf(low[x])];
    path[begun ? "lineTo" : "moveTo"](x + 0.5, ends[x % 2]);
    if (ends[0] !== ends[1]) path.lineTo(x + 0.5, ends[1 - (x % 2)]);
    begun = true;
  }
  context.strokeStyle = `rgba(0, 0, 0, ${INK})`;
  context.lineWidth = 1.1 * dpr;
  context.lineJoin = "round";
  context.stroke(path);
}

/**
 * The first channel lies at the bottom, as low notes do.
 * @param {CanvasRenderingContext2D} context
 * @param {Band} band
 * @param {number} span
 * @param {{top: number, height: number}} row
 */
function drawImage(context, { values, grid: [rows, columns], start, step }, span, { top, height }) {
  const small = document.createElement("canvas");
  small.width = columns;
  small.height = rows;
  const drawing = small.getContext("2d");
  if (!drawing) return;
  const image = drawing.createImageData(columns, rows);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      image.data[4 * ((rows - 1 - y) * columns + x) + 3] = Math.round(255 * DARKEST * values[y * columns + x]);
    }
  }
  drawing.putImageData(image, 0, 0);
  const { width } = context.canvas;
  context.imageSmoothingEnabled = false;
  context.drawImage(small, (start / span) * width, top, ((step * columns) / span) * width, height);
}
