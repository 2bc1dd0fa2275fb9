/** Thumbnails: the photo drained of colour, the heat strong, each on its own scale unless it shares one. */

import { flattened } from "../lib/depth.js";
import { fold, limits } from "../lib/heat.js";
import { placeOf } from "../lib/places.js";
import { along, stepsOf } from "../lib/steps.js";
import { coloursOf, drawEvidence } from "./area.js";
import { createSurface } from "./surface.js";

/**
 * @typedef {import("../protocol.js").HeatMap} HeatMap
 * @typedef {import("../lib/heat.js").Limits} Limits
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("../protocol.js").Layer} Layer
 * @typedef {{bitmap: ImageBitmap | HTMLCanvasElement, width: number, height: number, below?: ImageBitmap,
 *   above?: ImageBitmap | null, edits?: readonly import("../protocol.js").Edit[]}} Photo  below: the picture as it came;
 *   above: what is painted over it, of the size of the input, by these edits
 */

const SATURATION = 0.25;
const OPACITY = 0.85;
const EMPTY = 0.35;

/** Of a signal's curve, on a light ground and on a dark one. */
const LINE = "#808080";
const MANNER = /** @type {const} */ ({ shading: "smooth", interpolation: "bilinear" });

/**
 * The photo at thumbnail size, nearly grey. Done by hand: canvas filters are not everywhere.
 * @param {Photo} photo
 * @param {number} side  longer side in pixels
 * @param {number} saturation  what is left of its colours
 * @returns {HTMLCanvasElement}
 */
export function drained(photo, side, saturation = SATURATION) {
  const scale = side / Math.max(photo.width, photo.height);
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(photo.width * scale));
  canvas.height = Math.max(1, Math.round(photo.height * scale));
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  context.imageSmoothingQuality = "high";
  context.drawImage(photo.bitmap, 0, 0, canvas.width, canvas.height);
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  const { data } = image;
  for (let i = 0; i < data.length; i += 4) {
    const grey = 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
    for (let k = i; k < i + 3; k++) data[k] = grey + saturation * (data[k] - grey);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** One painter serves any number of thumbnails: they are drawn one after another. */
export function createThumbPainter() {
  const surface = createSurface();
  const heat = document.createElement("canvas");
  /** @type {{photo: Photo, side: number, base: HTMLCanvasElement} | null} */
  let known = null;
  /** @param {Photo} photo @param {number} side */
  const baseOf = (photo, side) => {
    if (known?.photo !== photo || known.side !== side) known = { photo, side, base: drained(photo, side) };
    return known.base;
  };
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {HeatMap | null} map
   * @param {Frame} frame
   * @param {Photo | null} photo
   * @param {number} side  pixels
   * @param {Layer | undefined} layer  whose map it is
   * @param {Limits | null} [range]  a scale that it shares with others
   */
  return (canvas, map, frame, photo, side, layer, range) => {
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, side, side);
    if (frame.store.meta.kind === "signal") return map ? drawArea(context, map, frame, side, layer, range) : undefined;
    if (!photo) return;
    const base = baseOf(photo, side);
    const x = Math.round((side - base.width) / 2);
    const y = Math.round((side - base.height) / 2);
    context.globalAlpha = map ? 1 : EMPTY;
    context.drawImage(base, x, y);
    context.globalAlpha = 1;
    if (!map) return;
    heat.width = base.width;
    heat.height = base.height;
    const sign = frame.view.sign;
    const paint = { ...(range ?? limits(map.values, sign)), sign, opacity: OPACITY, threshold: 0 };
    const flat = map.grid.length === 3 ? flattened(map) : map;
    surface.draw(heat, flat, frame.lut, paint, { ...MANNER, place: placeOnSlice(layer, frame, flat) }, 1);
    context.drawImage(heat, x, y);
  };
}

/**
 * The place of a map's cells, or of its thumbnail's, on a picture or a slice.
 * @param {Layer | undefined} layer
 * @param {Frame} frame
 * @param {HeatMap} flat
 */
function placeOnSlice(layer, { store }, { grid }) {
  const deep = layer && layer.grid.length > 2 ? [layer.grid[0]] : [];
  return placeOf(layer, store.meta.input, [...deep, ...grid])?.slice(-2) ?? null;
}

/**
 * The thumbnail of a signal: the evidence of its steps.
 * @param {CanvasRenderingContext2D} context
 * @param {HeatMap} map
 * @param {Frame} frame
 * @param {number} side
 * @param {Layer | undefined} layer
 * @param {Limits | null} [range]
 */
function drawArea(context, map, frame, side, layer, range) {
  const sign = frame.view.sign;
  const paint = { ...(range ?? limits(map.values, sign)), sign, opacity: 1, threshold: 0 };
  const steps = stepsOf(placeOf(layer, frame.store.meta.input, map.grid)?.[0], map.values.length, 1);
  const values = along(fold(map.values, sign), steps, 1, side, false);
  const colours = coloursOf(values, frame.lut, paint);
  const path = drawEvidence(context, values, colours, paint, { top: 0.1 * side, height: 0.8 * side });
  context.strokeStyle = LINE;
  context.stroke(path);
}
