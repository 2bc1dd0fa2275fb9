/** The two-way traits: what is selected, and how it is displayed. */

import { CONTRASTS, INTERPOLATIONS, LEVELS, OPACITY, SCALES, SHADINGS, SIGNS, TRAITS_TWO_WAY } from "./protocol.js";

/**
 * @typedef {import("./protocol.js").Selection} Selection
 * @typedef {Exclude<keyof import("./protocol.js").View, keyof Selection>} Display
 */

export const SELECTION = /** @type {const} */ (["target", "layer", "variant"]);
export const DISPLAY = /** @type {Display[]} */ (TRAITS_TWO_WAY.filter((name) => !SELECTION.some((s) => s === name)));

/** @type {Readonly<Record<Display, unknown>>} for a model that lacks the trait */
export const DEFAULTS = Object.freeze({
  opacity: OPACITY, colormap: "viridis", threshold: 0, sign: SIGNS[0], shading: SHADINGS[0], scale: SCALES[0],
  interpolation: INTERPOLATIONS[0], region: null, limit: null, levels: LEVELS, contrast: CONTRASTS[0], rival: null, gamma: 1,
});

/** Traits that may say that there is none. @type {readonly string[]} */
export const OPTIONAL = Object.freeze(["limit", "rival"]);

/**
 * @param {Selection} a
 * @param {Selection} b
 */
export const same = (a, b) => SELECTION.every((name) => a[name] === b[name]);

/**
 * @param {Selection} s
 * @returns {Selection}
 */
export const selectionOf = ({ target, layer, variant }) => Object.freeze({ target, layer, variant });

/**
 * Whether a stack answers what is chosen, be it that the class itself comes in a later part.
 * @param {import("./decode.js").Stack | null} stack
 * @param {Selection} chosen
 */
export function meets(stack, { target, layer, variant }) {
  if (!stack || stack.layer !== layer || stack.variant !== variant) return false;
  return !stack.done || stack.whole !== null || stack.maps.some(([t]) => t === target);
}
