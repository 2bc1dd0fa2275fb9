/** Painting the small pictures of a film: the photo as it is, and the evidence for what it is called over it. */

import { createWatch } from "../lib/changes.js";
import { limits } from "../lib/heat.js";
import { placeOf } from "../lib/places.js";
import { layerOf } from "./frame.js";
import { createSurface } from "./surface.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {{bytes: Uint8Array, bitmap: ImageBitmap | null, differs: ReturnType<typeof createWatch>}} Still
 */

export const SIDE = 52;

const OPACITY = 0.85;
const MANNER = /** @type {const} */ ({ shading: "smooth", interpolation: "bilinear" });

/** @param {Context} context */
export function createStills(context) {
  const surface = createSurface();
  const heat = document.createElement("canvas");
  /** @type {Map<number, Still>} by picture */
  const stills = new Map();
  context.signal.addEventListener("abort", () => {
    for (const still of stills.values()) still.bitmap?.close();
    stills.clear();
  });
  return {
    /** Lets go of all others. @param {Set<number>} shown */
    keep(shown) {
      for (const [index, still] of stills) {
        if (shown.has(index)) continue;
        still.bitmap?.close();
        stills.delete(index);
      }
    },
    /** @param {HTMLCanvasElement} canvas @param {number} index @param {Frame} frame */
    paint(canvas, index, frame) {
      const { store, view, lut } = frame;
      const bytes = store.frames[index];
      let still = stills.get(index);
      if (!still || still.bytes !== bytes) {
        still?.bitmap?.close();
        stills.set(index, (still = { bytes, bitmap: null, differs: createWatch() }));
        if (bytes?.length) void decode(still, stills, index, context);
      }
      const map = store.heats.maps[index] ?? null;
      const side = Math.round(SIDE * context.dpr);
      if (!still.differs(canvas, still.bitmap, map, view.sign, lut, side)) return;
      if (canvas.width !== side) canvas.width = canvas.height = side;
      const drawing = canvas.getContext("2d");
      if (!drawing) return;
      drawing.clearRect(0, 0, side, side);
      if (!still.bitmap) return;
      const { bitmap } = still;
      const scale = side / Math.max(bitmap.width, bitmap.height);
      const [width, height] = [bitmap.width, bitmap.height].map((length) => Math.max(1, Math.round(length * scale)));
      const [x, y] = [(side - width) >> 1, (side - height) >> 1];
      drawing.imageSmoothingQuality = "high";
      drawing.drawImage(bitmap, x, y, width, height);
      if (!map) return;
      heat.width = width;
      heat.height = height;
      const paint = { ...limits(map.values, view.sign), sign: view.sign, opacity: OPACITY, threshold: 0 };
      const place = placeOf(layerOf(store, store.heats.layer), store.meta.input, map.grid);
      surface.draw(heat, map, lut, paint, { ...MANNER, place }, 1);
      drawing.drawImage(heat, x, y);
    },
  };
}

/**
 * @param {Still} still
 * @param {Map<number, Still>} stills
 * @param {number} index
 * @param {Context} context
 */
async function decode(still, stills, index, context) {
  try {
    const bitmap = await createImageBitmap(new Blob([/** @type {BlobPart} */ (still.bytes)]));
    if (stills.get(index) !== still || context.signal.aborted) return bitmap.close();
    still.bitmap = bitmap;
    context.patch({});
  } catch {
    // No picture can be drawn from these bytes; its words still stand.
  }
}
