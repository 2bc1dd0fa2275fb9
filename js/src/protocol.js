/**
 * Everything that crosses the wire: the mirror of `camwidget/protocol.py`, where each name is explained.
 * A test compares the two.
 */

export const KINDS = /** @type {const} */ (["picture", "signal", "volume"]);
export const BANDS = /** @type {const} */ (["trace", "image"]);
export const SIGNS = /** @type {const} */ (["positive", "negative", "signed", "absolute"]);
export const SHADINGS = /** @type {const} */ (["smooth", "cells", "contours"]);
export const SCALES = /** @type {const} */ (["map", "listed"]);
export const CONTRASTS = /** @type {const} */ (["off", "swipe", "difference"]);
export const INTERPOLATIONS = /** @type {const} */ (["bicubic", "bilinear"]);
export const STATES = /** @type {const} */ (["ready", "busy", "warning", "error"]);
export const WANTS = /** @type {const} */ ([null, "variants", "inside"]);
export const ROWS = /** @type {const} */ (["classes", "variants"]);

export const BRUSHES = /** @type {const} */ (["stroke", "box"]);
export const MODES = /** @type {const} */ (["cover", "uncover", "keep"]);
export const FILLS = /** @type {const} */ (["mean", "blur", "noise"]);

/** So many strokes and boxes may be painted over a picture, of so many points in all. */
export const MOST_EDITS = 256;
export const MOST_POINTS = 4096;

export const COLORMAPS = /** @type {const} */ (["viridis", "cividis", "inferno", "magma", "turbo"]);
export const SIGNED_COLORMAP = "RdBu_r";
export const NEGATIVE_COLORMAP = "Blues";

/** What makes a state that one can go back to. */
export const HISTORY_KEYS = /** @type {const} */ (["target", "layer", "variant", "region", "edits"]);
export const HISTORY_LENGTH = 100;

/** Points of an outline at most. */
export const REGION_POINTS = 2000;

/** Lines that an outline is cut by, at least, to tell how much of each cell lies in it. */
export const REGION_LINES = 512;

/** Default opacity of the hottest cell. */
export const OPACITY = 0.62;

export const MOST_GAMMA = 2;

/** Shares of the colour limit at which contours are drawn unless others are chosen. */
export const LEVELS = /** @type {const} */ ([0.25, 0.5, 0.75]);
export const MOST_LEVELS = 9;

/** Longest side of a thumbnail's map, in cells. */
export const THUMB = 28;

/** The same of a map in the matrix. */
export const CELL_THUMB = 24;

/** The same of the maps of networks with layers drawn at random. */
export const TRUST_THUMB = 48;

/** Length of a signal's thumbnail, in steps. */
export const THUMB_STEPS = 96;

/** So many channels of a layer are shown, fewer where they would have more bytes, but not fewer than the last. */
export const CHANNELS = 12;
export const CHANNEL_BYTES = 393_216;
export const FEWEST_CHANNELS = 4;

/** Stacks of more bytes than this in float32 travel as float16. */
export const HALF_ABOVE = 16_384;

export const TRAITS_TO_BROWSER = /** @type {const} */ ([
  "picture", "edited", "bands", "meta", "classes", "listed", "layers", "variants", "stack", "strip", "nearby",
  "exact", "channels", "trust", "visited", "luts", "status", "reel", "frames", "heats",
]);
export const TRAITS_TWO_WAY = /** @type {const} */ ([
  "target", "layer", "variant", "opacity", "colormap", "threshold", "sign", "shading", "scale", "interpolation", "region",
  "limit", "levels", "contrast", "rival", "gamma",
]);

export const TRAITS_OF_SCENE = /** @type {const} */ (["index"]);
export const TRAITS_OF_AIM = /** @type {const} */ (["against", "score"]);

export const STACK_KEYS = /** @type {const} */ ([
  "image", "layer", "variant", "targets", "grid", "dtype", "scale", "data", "done", "ms", "note", "reply",
]);
export const LAYER_KEYS = /** @type {const} */ (["name", "grid", "channels", "stage", "kind", "sees", "place"]);
export const STRIP_KEYS = /** @type {const} */ (["image", "target", "variant", "maps"]);
export const STATUS_KEYS = /** @type {const} */ (["state", "text", "hint", "about", "reply"]);
export const BAND_KEYS = /** @type {const} */ (["label", "form", "grid", "low", "high", "start", "step", "data"]);
export const NEARBY_KEYS = /** @type {const} */ (["image", "maps"]);
export const EDIT_KEYS = /** @type {const} */ (["tool", "mode", "fill", "points", "radius"]);
export const EDITED_KEYS = /** @type {const} */ (["edits", "covered", "data"]);
export const CHANNELS_KEYS = /** @type {const} */ ([
  "target", "layer", "variant", "grid", "count", "per_cell", "rectifiers", "value", "total", "strongest", "weights",
  "plain", "sums", "dtype", "scale", "data", "activations", "weight_maps",
]);
export const TRUST_KEYS = /** @type {const} */ ([
  "target", "layer", "variant", "fractions", "curves", "modules", "similarity", "guided", "maps", "variants", "areas", "faults",
  "done",
]);
export const REEL_KEYS = /** @type {const} */ (["truth", "called", "probability", "faults"]);
export const HEATS_KEYS = /** @type {const} */ (["layer", "variant", "maps"]);
export const REQUEST_KEYS = /** @type {const} */ ([
  "nonce", "seq", "target", "layer", "variant", "keep", "want", "rows", "tests", "whole", "visit", "edits", "contrast",
  "index",
]);
export const VISIT_KEYS = /** @type {const} */ (["at", "region"]);
export const CONTRAST_KEYS = /** @type {const} */ (["rival", "gamma"]);

/**
 * @typedef {(typeof SIGNS)[number]} Sign
 * @typedef {(typeof SHADINGS)[number]} Shading
 * @typedef {(typeof SCALES)[number]} Scale
 * @typedef {(typeof INTERPOLATIONS)[number]} Interpolation
 * @typedef {(typeof CONTRASTS)[number]} ContrastMode
 * @typedef {readonly [number, number]} Size  rows, columns
 * @typedef {readonly number[]} Grid  cells along each axis: rows, columns; of a signal its steps, of a volume its depth first
 * @typedef {"float32" | "float16" | "int8"} Dtype
 * @typedef {DataView | Uint8Array | ArrayBuffer} Buffer  what hosts hand over for bytes; any offset
 * @typedef {{target: number, layer: string, variant: string}} Selection
 * @typedef {Selection & {opacity: number, colormap: string, threshold: number, sign: Sign, shading: Shading, scale: Scale,
 *   interpolation: Interpolation, region: Region | null, limit: number | null, levels: readonly number[],
 *   contrast: ContrastMode, rival: number | null, gamma: number}} View
 * @typedef {readonly [number, number, number, number]} Box  x0, y0, x1, y1 in pixels of the network's input
 * @typedef {ReadonlyArray<readonly [number, number]>} Outline  x, y; closed by itself
 * @typedef {Box | Outline} Region
 * @typedef {{target: number, layer: string, variant: string, region: Region | null, edits: readonly Edit[]}} State  one
 *   to go back to
 * @typedef {{values: Float32Array, grid: Grid}} HeatMap  signed values in raw units, row by row
 * @typedef {{image: number, index: number, model: string, device: string, preprocessing: string,
 *   kind: (typeof KINDS)[number], input: Grid, picture: Size, tile: Size, columns: number, axis: string,
 *   rate: number | null, span: number, call: readonly string[], group?: string}} Meta
 * @typedef {{truth: Array<number | null>, called: Array<number | null>, probability: Array<number | null>,
 *   faults: boolean[]}} Reel  a value each picture of a film; null: not known
 * @typedef {{layer: string, variant: string, maps: Array<HeatMap | null>}} Heats  a small map each picture
 * @typedef {{label: string, form: (typeof BANDS)[number], grid: Size, low: number, high: number, start: number,
 *   step: number, values: Float32Array}} Band  a row of a signal's view
 * @typedef {{names: string[], scores: Float32Array, probabilities: Float32Array, before: Float32Array | null, unit: string,
 *   probability: string, truth: number | null}} Classes
 * @typedef {readonly [number, number]} Point  x, y in pixels of the input
 * @typedef {{tool: "stroke", mode: (typeof MODES)[number], fill: (typeof FILLS)[number], points: readonly Point[],
 *   radius: number}} Stroke
 * @typedef {{tool: "box", mode: (typeof MODES)[number], fill: (typeof FILLS)[number],
 *   points: Box}} Patch
 * @typedef {Stroke | Patch} Edit
 * @typedef {{edits: readonly Edit[], covered: number, data: Uint8Array}} Edited
 * @typedef {[number, number, number | null]} Span  along one axis, in samples of the input: centre of cell 0, step to the
 *   next, how far a cell sees (null: everywhere)
 * @typedef {{name: string, grid: Grid, channels: number, stage: boolean, kind: string, sees?: Span[] | null,
 *   place?: Span[] | null}} Layer
 * @typedef {{id: string, name: string, summary: string, cost: string, slow: boolean, relu: boolean, unit: string,
 *   weights?: "channel" | "cell" | "none", linear?: boolean}} Variant
 * @typedef {{state: (typeof STATES)[number], text: string, hint: string, about?: Selection | null}} Status  about: whose
 *   map something is said of
 */
