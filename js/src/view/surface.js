/** Painting one map onto a canvas. Remembers the smoothed field and the lines: most redraws change colours only. */

import { createWatch } from "../lib/changes.js";
import { contours, toneOf, widthOf } from "../lib/contours.js";
import { plain, signed } from "../lib/format.js";
import { fold, folded, paint as paintPixels } from "../lib/heat.js";
import { labelSpots } from "../lib/labels.js";
import { upsample } from "../lib/upsample.js";

/**
 * @typedef {import("../protocol.js").HeatMap} HeatMap
 * @typedef {import("../lib/heat.js").Paint} Paint
 * @typedef {ReturnType<typeof createField>} Field
 * @typedef {{path: Path2D, stroke: number, at: number}} Ring  with its line's width, and the place of its colour
 * @typedef {{rings: Ring[], numbers: import("../lib/labels.js").Spot[]}} Lines
 * @typedef {import("../lib/places.js").Place} Place
 * @typedef {{shading: "smooth" | "cells" | "contours", interpolation: "bicubic" | "bilinear", place: Place | null,
 *   levels?: readonly number[]}} Manner  levels: of contours, shares of the colour limit
 */

const LEAST_LIGHT = 0.78;
const CASING = 1.5;

/** Rings smaller than this share of a cell are interpolation dust. */
const SMALLEST_RING = 0.25;

/** Numbers on lines, in CSS pixels. */
const FONT = 11;
const TALL = 13;
const NUMBER_CASING = 3;

/** Lines are traced on a field of so many samples a cell, and at most of this side: finer would only cost time. */
const TRACE_CELL = 16;
const TRACE = 376;

export function createSurface() {
  const field = createField();
  const linesOf = createLines(field);
  const scratch = document.createElement("canvas");
  /** @type {ImageData | undefined} */
  let image;
  return {
    /**
     * @param {HTMLCanvasElement} canvas
     * @param {HeatMap | null} map
     * @param {Uint8Array} lut
     * @param {Paint} paint
     * @param {Manner} manner
     * @param {number} dpr
     */
    draw(canvas, map, lut, paint, manner, dpr) {
      const { width, height } = canvas;
      const context = canvas.getContext("2d");
      if (!context || !width || !height) return;
      if (!map || !(paint.hi > 0) || !(paint.opacity > 0)) context.clearRect(0, 0, width, height);
      else if (manner.shading === "contours") {
        context.clearRect(0, 0, width, height);
        context.font = `600 ${FONT * dpr}px system-ui, sans-serif`;
        const { rings, numbers } = linesOf(map, context, paint, manner, dpr);
        for (const { path, stroke, at } of rings) strokeRing(context, path, stroke * dpr, CASING * dpr, colourAt(lut, at));
        for (const spot of numbers) writeNumber(context, spot, NUMBER_CASING * dpr);
      } else if (manner.shading === "cells") {
        context.clearRect(0, 0, width, height);
        drawCells(context, scratch, map, lut, paint, manner.place);
      } else {
        const values = field(map, height, width, manner, paint.sign);
        if (image?.width !== width || image.height !== height) image = context.createImageData(width, height);
        paintPixels(values, lut, image.data, folded(paint));
        context.putImageData(image, 0, 0);
      }
    },
  };
}

/** The last smoothed field, kept. The sign is dealt with on the grid, before smoothing, as `w.heatmap` does. */
function createField() {
  const differs = createWatch();
  /** @type {Float32Array | undefined} */
  let last;
  /**
   * @param {HeatMap} map
   * @param {number} height
   * @param {number} width
   * @param {Manner} manner
   * @param {Paint["sign"]} sign
   * @returns {Float32Array}  good until the next call
   */
  return ({ values, grid }, height, width, { interpolation: mode, place }, sign) => {
    if (last && !differs(values, height, width, mode, sign, String(place))) return last;
    const room = last?.length === height * width ? last : undefined;
    const from = /** @type {import("../protocol.js").Size} */ (grid);
    return (last = upsample(fold(values, sign), from, [height, width], mode, room, place));
  };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {HTMLCanvasElement} scratch
 * @param {HeatMap} map
 * @param {Uint8Array} lut
 * @param {Paint} paint
 * @param {Place | null} place
 */
function drawCells(context, scratch, map, lut, paint, place) {
  const [rows, columns] = map.grid;
  scratch.width = columns;
  scratch.height = rows;
  const small = scratch.getContext("2d");
  if (!small) return;
  const image = small.createImageData(columns, rows);
  paintPixels(fold(map.values, paint.sign), lut, image.data, folded(paint));
  small.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  const { width, height } = context.canvas;
  if (!place) return context.drawImage(scratch, 0, 0, width, height);
  const [[top, down], [left, along]] = place;
  const corner = [width * (left - along / 2), height * (top - down / 2)];
  context.drawImage(scratch, corner[0], corner[1], width * along * columns, height * down * rows);
}

/** The last lines that were traced, kept: another colour or opacity needs the pen only. @param {Field} field */
function createLines(field) {
  const differs = createWatch();
  /** @type {Lines} */
  let last = { rings: [], numbers: [] };
  /**
   * @param {HeatMap} map
   * @param {CanvasRenderingContext2D} context  with the numbers' font
   * @param {Paint} paint
   * @param {Manner} manner
   * @param {number} dpr
   * @returns {Lines}
   */
  return (map, context, { hi, threshold, sign }, manner, dpr) => {
    const { width, height } = context.canvas;
    const finest = Math.min(TRACE, TRACE_CELL * Math.max(...map.grid));
    const shrink = Math.min(1, finest / Math.max(width, height));
    const levels = (manner.levels ?? []).filter((share) => share >= threshold);
    const { interpolation, place } = manner;
    if (!differs(map.values, width, height, interpolation, String(place), sign, hi, levels.join(), dpr)) return last;
    const size = /** @type {[number, number]} */ ([Math.round(height * shrink), Math.round(width * shrink)]);
    const least = SMALLEST_RING * (size[0] / map.grid[0]) * (size[1] / map.grid[1]);
    const both = sign === "signed";
    const values = field(map, ...size, manner, sign);
    /** @type {import("../lib/labels.js").Line[]} */
    const lines = [];
    const rings = levels.flatMap((share) => (both ? [1, -1] : [1]).map((side) => {
      const path = new Path2D();
      const text = numberOf(side * share * hi, hi, sign);
      for (const ring of contours(values, size, side * share * hi)) {
        if (ring.area < least) continue;
        trace(path, ring, size, 1 / shrink);
        const points = ring.points.map((v) => v / shrink);
        lines.push({ points, closed: ring.closed, text, width: context.measureText(text).width });
      }
      const tone = toneOf(share);
      return { path, stroke: widthOf(share), at: both ? 0.5 + (side * (0.4 + 0.6 * tone)) / 2.4 : tone };
    }));
    last = { rings, numbers: labelSpots(lines, [height, width], TALL * dpr) };
    return last;
  };
}

/**
 * A level's value as it stands beside its line, in the score's own unit.
 * @param {number} value  of what is drawn
 * @param {number} limit
 * @param {Paint["sign"]} sign
 */
function numberOf(value, limit, sign) {
  if (sign === "signed") return signed(value, limit);
  return sign === "negative" ? signed(-value, limit) : plain(value, limit);
}

/**
 * Light on a dark casing, as the lines are: to be read without their colour.
 * @param {CanvasRenderingContext2D} context
 * @param {import("../lib/labels.js").Spot} spot
 * @param {number} casing
 */
function writeNumber(context, { text, x, y }, casing) {
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = casing;
  context.strokeStyle = "rgba(0, 0, 0, 0.8)";
  context.strokeText(text, x, y);
  context.fillStyle = "#fff";
  context.fillText(text, x, y);
}

/**
 * @param {Path2D} path
 * @param {{points: Float32Array, closed: boolean}} ring
 * @param {readonly [number, number]} size
 * @param {number} scale
 */
function trace(path, { points, closed }, [height, width], scale) {
  // An open line ends at the centre of the outermost sample, and is drawn to the border.
  const to = (/** @type {number} */ v, /** @type {number} */ end) => scale * (v > 0.5 ? (v < end - 0.5 ? v : end) : 0);
  for (let i = 0; i < points.length; i += 2) {
    path[i ? "lineTo" : "moveTo"](to(points[i], width), to(points[i + 1], height));
  }
  if (closed) path.closePath();
}

/**
 * A light line on a dark casing holds on any photo.
 * @param {CanvasRenderingContext2D} context
 * @param {Path2D} path
 * @param {number} width
 * @param {number} casing  how much wider
 * @param {string} colour
 */
function strokeRing(context, path, width, casing, colour) {
  context.lineJoin = "round";
  context.lineWidth = width + casing;
  context.strokeStyle = "rgba(0, 0, 0, 0.7)";
  context.stroke(path);
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke(path);
}

/**
 * The map's colour at a share of its range: its hue at full strength, lightened where it would drown in the casing.
 * @param {Uint8Array} lut
 * @param {number} share
 */
function colourAt(lut, share) {
  const from = 4 * Math.min(255, Math.round(share * 255));
  const raw = [...lut.subarray(from, from + 3)];
  const rgb = raw.map((c) => (c * 255) / Math.max(1, ...raw));
  const light = (0.3 * rgb[0] + 0.59 * rgb[1] + 0.11 * rgb[2]) / 255;
  const lift = Math.max(0, LEAST_LIGHT - light) / Math.max(0.01, 1 - light);
  return `rgb(${rgb.map((c) => Math.round(c + (255 - c) * lift)).join(", ")})`;
}
