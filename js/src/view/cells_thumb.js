/** Small maps without a photo beneath: cells as they are. */

import { limits } from "../lib/heat.js";
import { SIGNED_COLORMAP } from "../protocol.js";
import { createSurface } from "./surface.js";

/**
 * @typedef {import("../protocol.js").HeatMap} HeatMap
 */

const MANNER = /** @type {const} */ ({ shading: "cells", interpolation: "bilinear", place: null });

/** What small maps cover. @param {import("../store.js").Store} store */
export const shapeOf = ({ meta }) => (meta.kind === "signal" ? [] : meta.picture);

export function createCells() {
  const surface = createSurface();
  /**
   * Those of a signal are drawn as a row. Where any value is negative the colours are those of signed maps.
   * @param {HTMLCanvasElement} canvas
   * @param {HeatMap | null} map
   * @param {Readonly<Record<string, Uint8Array>>} luts
   * @param {string} colormap
   * @param {number} side  pixels, of the longer side
   * @param {readonly number[]} shape  rows and columns of the picture that the cells cover; [] where it is none
   * @param {{sign?: "signed", reach?: number}} [how]  reach: the end of the scale; without it the map's own
   */
  return (canvas, map, luts, colormap, side, shape, how = {}) => {
    const [rows, columns] = shape.length === 2 ? shape : [1, 1];
    canvas.width = Math.max(1, Math.round((side * columns) / Math.max(rows, columns)));
    canvas.height = Math.max(1, Math.round((side * rows) / Math.max(rows, columns)));
    if (!map) return;
    const sign = how.sign ?? (limits(map.values, "signed").min < 0 ? "signed" : "positive");
    const own = limits(map.values, sign);
    const hi = how.reach ?? own.hi;
    /** @type {import("../lib/heat.js").Paint} */
    const paint = { lo: sign === "signed" ? -hi : 0, hi, sign, opacity: 1, threshold: 0 };
    const lut = luts[sign === "signed" ? SIGNED_COLORMAP : colormap];
    const flat = map.grid.length === 1 ? { ...map, grid: [1, ...map.grid] } : map;
    if (lut) surface.draw(canvas, flat, lut, paint, MANNER, 1);
  };
}
