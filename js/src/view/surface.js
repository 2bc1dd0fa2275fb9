/** Painting one map onto a canvas. Remembers the smoothed field, since most redraws change colours only. */

import { contours } from "../lib/contours.js";
import { fold, paint as paintPixels } from "../lib/heat.js";
import { upsample } from "../lib/upsample.js";

/**
 * @typedef {import("../protocol.js").HeatMap} HeatMap
 * @typedef {import("../lib/heat.js").Paint} Paint
 * @typedef {{shading: "smooth" | "cells" | "contours", interpolation: "bicubic" | "bilinear"}} Manner
 */

/** Shares of the colour limit, the line's width in CSS pixels, and where its colour is taken: spread, to differ. */
const RINGS = Object.freeze([[0.25, 1.2, 0.25], [0.5, 1.5, 0.6], [0.75, 2, 0.97]]);
const LEAST_LIGHT = 0.78;
const CASING = 1.5;

/** Rings smaller than this share of a cell are interpolation dust. */
const SMALLEST_RING = 0.25;

/** Contour lines are traced on a field of at most this size: finer would only cost time. */
const TRACE = 376;

export function createSurface() {
  const field = createField();
  const scratch = document.createElement("canvas");
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
      const context = canvas.getContext("2d");
      if (!context || !canvas.width || !canvas.height) return;
      context.clearRect(0, 0, canvas.width, canvas.height);
      if (!map || !(paint.hi > 0) || !(paint.opacity > 0)) return;
      if (manner.shading === "contours") drawRings(context, map, field, lut, paint, manner, dpr);
      else if (manner.shading === "cells") drawCells(context, scratch, map, lut, paint);
      else {
        const { width, height } = canvas;
        const values = field(map, height, width, manner.interpolation, paint.sign);
        const image = context.createImageData(width, height);
        paintPixels(values, lut, image.data, folded(paint));
        context.putImageData(image, 0, 0);
      }
    },
  };
}

/**
 * Once magnitudes are taken, what bicubic smoothing throws below zero is nothing, not a magnitude again.
 * @param {Paint} paint
 * @returns {Paint}
 */
const folded = (paint) => (paint.sign === "absolute" ? { ...paint, sign: "positive" } : paint);

/** The last smoothed field, kept. The sign is dealt with on the grid, before smoothing, as `w.heatmap` does. */
function createField() {
  /** @type {{map: HeatMap, key: string, values: Float32Array} | null} */
  let last = null;
  /**
   * @param {HeatMap} map
   * @param {number} height
   * @param {number} width
   * @param {"bicubic" | "bilinear"} mode
   * @param {Paint["sign"]} sign
   */
  return (map, height, width, mode, sign) => {
    const key = `${height} ${width} ${mode} ${sign}`;
    if (last?.map.values !== map.values || last.key !== key) {
      last = { map, key, values: upsample(fold(map.values, sign), map.grid, [height, width], mode) };
    }
    return last.values;
  };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {HTMLCanvasElement} scratch
 * @param {HeatMap} map
 * @param {Uint8Array} lut
 * @param {Paint} paint
 */
function drawCells(context, scratch, map, lut, paint) {
  const [rows, columns] = map.grid;
  scratch.width = columns;
  scratch.height = rows;
  const small = scratch.getContext("2d");
  if (!small) return;
  const image = small.createImageData(columns, rows);
  paintPixels(fold(map.values, paint.sign), lut, image.data, folded(paint));
  small.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(scratch, 0, 0, context.canvas.width, context.canvas.height);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {HeatMap} map
 * @param {ReturnType<typeof createField>} field
 * @param {Uint8Array} lut
 * @param {Paint} paint
 * @param {Manner} manner
 * @param {number} dpr
 */
function drawRings(context, map, field, lut, paint, manner, dpr) {
  const { width, height } = context.canvas;
  const shrink = Math.min(1, TRACE / Math.max(width, height));
  const size = /** @type {[number, number]} */ ([Math.round(height * shrink), Math.round(width * shrink)]);
  const values = field(map, ...size, manner.interpolation, paint.sign);
  const least = SMALLEST_RING * (size[0] / map.grid[0]) * (size[1] / map.grid[1]);
  const signs = paint.sign === "signed" ? [1, -1] : [1];
  for (const [share, stroke, tone] of RINGS) {
    for (const side of signs) {
      const level = share * paint.hi;
      if (level < paint.threshold * paint.hi) continue;
      const facing = side > 0 ? values : values.map((v) => -v);
      const path = new Path2D();
      for (const ring of contours(facing, size, level)) if (ring.area >= least) trace(path, ring, 1 / shrink);
      const at = paint.sign === "signed" ? 0.5 + (side * (0.4 + 0.6 * tone)) / 2.4 : tone;
      strokeRing(context, path, stroke * dpr, CASING * dpr, colourAt(lut, at));
    }
  }
}

/**
 * @param {Path2D} path
 * @param {{points: Float32Array, closed: boolean}} ring
 * @param {number} scale
 */
function trace(path, { points, closed }, scale) {
  for (let i = 0; i < points.length; i += 2) {
    if (i === 0) path.moveTo(points[0] * scale, points[1] * scale);
    else path.lineTo(points[i] * scale, points[i + 1] * scale);
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
