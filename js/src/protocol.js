/**
 * Everything that crosses the wire: the mirror of `camwidget/protocol.py`, where each name is explained.
 * A test compares the two.
 */

export const KINDS = /** @type {const} */ (["picture", "signal", "volume"]);
export const BANDS = /** @type {const} */ (["trace", "image"]);
export const SIGNS = /** @type {const} */ (["positive", "signed", "absolute"]);
export const SHADINGS = /** @type {const} */ (["smooth", "cells", "contours"]);
export const SCALES = /** @type {const} */ (["map", "listed"]);
export const INTERPOLATIONS = /** @type {const} */ (["bicubic", "bilinear"]);
export const STATES = /** @type {const} */ (["ready", "warning", "error"]);
export const WANTS = /** @type {const} */ ([null, "variants"]);

export const COLORMAPS = /** @type {const} */ (["viridis", "cividis", "inferno", "magma", "turbo"]);
export const SIGNED_COLORMAP = "RdBu_r";

/** Default opacity of the hottest cell. */
export const OPACITY = 0.62;

/** Longest side of a thumbnail's map, in cells. */
export const THUMB = 28;

/** Length of a signal's thumbnail, in steps. */
export const THUMB_STEPS = 96;

/** Stacks of more bytes than this in float32 travel as float16. */
export const HALF_ABOVE = 16_384;

export const TRAITS_TO_BROWSER = /** @type {const} */ ([
  "picture", "bands", "meta", "classes", "listed", "layers", "variants", "stack", "strip", "nearby", "luts", "status",
]);
export const TRAITS_TWO_WAY = /** @type {const} */ ([
  "target", "layer", "variant", "opacity", "colormap", "threshold", "sign", "shading", "scale", "interpolation",
]);

export const TRAITS_OF_AIM = /** @type {const} */ (["against", "score"]);

export const STACK_KEYS = /** @type {const} */ ([
  "image", "layer", "variant", "targets", "grid", "dtype", "scale", "data", "done", "ms", "note", "reply",
]);
export const LAYER_KEYS = /** @type {const} */ (["name", "grid", "channels", "stage", "kind", "sees", "place"]);
export const STRIP_KEYS = /** @type {const} */ (["image", "target", "variant", "maps"]);
export const STATUS_KEYS = /** @type {const} */ (["state", "text", "hint", "about", "reply"]);
export const BAND_KEYS = /** @type {const} */ (["label", "form", "grid", "low", "high", "start", "step", "data"]);
export const NEARBY_KEYS = /** @type {const} */ (["image", "maps"]);
export const REQUEST_KEYS = /** @type {const} */ (["nonce", "seq", "target", "layer", "variant", "want", "whole"]);

/**
 * @typedef {(typeof SIGNS)[number]} Sign
 * @typedef {(typeof SHADINGS)[number]} Shading
 * @typedef {(typeof SCALES)[number]} Scale
 * @typedef {(typeof INTERPOLATIONS)[number]} Interpolation
 * @typedef {readonly [number, number]} Size  rows, columns
 * @typedef {readonly number[]} Grid  cells along each axis: rows, columns; of a signal its steps, of a volume its depth first
 * @typedef {"float32" | "float16" | "int8"} Dtype
 * @typedef {DataView | Uint8Array | ArrayBuffer} Buffer  what hosts hand over for bytes; any offset
 * @typedef {{target: number, layer: string, variant: string}} Selection
 * @typedef {Selection & {opacity: number, colormap: string, threshold: number, sign: Sign, shading: Shading, scale: Scale,
 *   interpolation: Interpolation}} View
 * @typedef {{values: Float32Array, grid: Grid}} HeatMap  signed values in raw units, row by row
 * @typedef {{image: number, model: string, device: string, preprocessing: string, kind: (typeof KINDS)[number],
 *   input: Grid, picture: Size, tile: Size, columns: number, axis: string, rate: number | null, span: number}} Meta
 * @typedef {{label: string, form: (typeof BANDS)[number], grid: Size, low: number, high: number, start: number,
 *   step: number, values: Float32Array}} Band  a row of a signal's view
 * @typedef {{names: string[], scores: Float32Array, probabilities: Float32Array, unit: string, probability: string,
 *   truth: number | null}} Classes
 * @typedef {[number, number, number | null]} Span  along one axis, in samples of the input: centre of cell 0, step to the
 *   next, how far a cell sees (null: everywhere)
 * @typedef {{name: string, grid: Grid, channels: number, stage: boolean, kind: string, sees?: Span[] | null,
 *   place?: Span[] | null}} Layer
 * @typedef {{id: string, name: string, summary: string, cost: string, relu: boolean, unit: string}} Variant
 * @typedef {{state: (typeof STATES)[number], text: string, hint: string, about?: Selection | null}} Status  about: whose
 *   map something is said of
 */
