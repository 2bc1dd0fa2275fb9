/** The two-way traits: what is selected, and how it is displayed. */

import { INTERPOLATIONS, OPACITY, SCALES, SHADINGS, SIGNS, TRAITS_TWO_WAY } from "./protocol.js";

/**
 * @typedef {import("./protocol.js").Selection} Selection
 * @typedef {Exclude<keyof import("./protocol.js").View, keyof Selection>} Display
 */

export const SELECTION = /** @type {const} */ (["target", "layer", "variant"]);
export const DISPLAY = /** @type {Display[]} */ (TRAITS_TWO_WAY.filter((name) => !SELECTION.some((s) => s === name)));

/** @type {Readonly<Record<Display, unknown>>} for a model that lacks the trait */
export const DEFAULTS = Object.freeze({
  opacity: OPACITY, colormap: "viridis", threshold: 0, sign: SIGNS[0], shading: SHADINGS[0], scale: SCALES[0],
  interpolation: INTERPOLATIONS[0],
});

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
