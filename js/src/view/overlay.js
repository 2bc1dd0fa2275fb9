/** One map as heat on its canvas, drawn anew only when something of it changed. */

import { createWatch } from "../lib/changes.js";
import { createSurface } from "./surface.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 */

/** Longest side of the heat in device pixels: twice the picture's largest size on the page. */
const FINEST = 752;
const FADE = 90;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLCanvasElement | null} ghost  the map before, fading out after a commit: the two take turns, nothing is
 *   copied
 */
export function createOverlay(canvas, ghost) {
  const surface = createSurface();
  const differs = createWatch();
  /** @type {Float32Array | undefined} */
  let last;
  let wasPreview = false;
  /** @param {Context} context @param {Frame} frame @param {number} width @param {number} height */
  return ({ dpr, still }, frame, width, height) => {
    const { map, lut, paint, view, place, contrast } = frame;
    const fine = Math.min(dpr, FINEST / Math.max(width, height));
    const w = Math.round(width * fine);
    const tall = Math.round(height * fine);
    // Lines have no opacity, but for none at all.
    const strength = view.shading === "contours" ? paint.opacity > 0 : paint.opacity;
    const { shading, interpolation, levels } = view;
    if (!differs(map?.values, lut, paint.lo, paint.hi, strength, paint.threshold, view.sign, shading, interpolation, w,
      tall, String(place), levels.join())) return;
    const hovers = frame.preview !== null || (frame.unfolded?.alone ?? null) !== null;
    const commit = last && map && last !== map.values && !hovers && !wasPreview && !contrast;
    if (ghost && commit && !still()) {
      [canvas, ghost] = [ghost, canvas];
      fade(canvas, "heat", [0, 1]);
      fade(ghost, "ghost", [1, 0]);
    }
    if (canvas.width !== w) canvas.width = w;
    if (canvas.height !== tall) canvas.height = tall;
    surface.draw(canvas, map, lut, paint, { shading, interpolation, place, levels }, fine);
    last = map?.values;
    wasPreview = hovers;
  };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {string} role
 * @param {number[]} opacity  from, to
 */
function fade(canvas, role, opacity) {
  canvas.className = role;
  canvas.animate({ opacity }, { duration: FADE, easing: "ease-out" });
}
