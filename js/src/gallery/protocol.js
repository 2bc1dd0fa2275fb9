/**
 * Everything that crosses a gallery's wire: the mirror of `camwidget/gallery/protocol.py`, where each name is explained.
 */

export const ORDERS = /** @type {const} */ (["loss", "confidence", "margin", "index"]);
export const SHOWS = /** @type {const} */ (["predicted", "truth", "both"]);

/** A request names so many items at most. */
export const MOST_ITEMS = 64;

/** In place of a class. */
export const UNKNOWN = 65_535;

/** The scores of one item: loss, confidence, margin in float32, predicted and true class in uint16. */
export const ITEM_BYTES = 16;

export const FILTER_KEYS = /** @type {const} */ (["truth", "predicted", "mistakes"]);

export const TRAITS_TO_BROWSER = /** @type {const} */ ([
  "count", "names", "known", "names_of_items", "scored", "generation", "meta", "layers", "variants", "luts", "child",
  "kept", "status",
]);
export const TRAITS_TWO_WAY = /** @type {const} */ ([
  "order", "descending", "filter", "selection", "opened", "layer", "variant", "shows", "opacity", "sign", "colormap",
]);

/**
 * @typedef {(typeof ORDERS)[number]} Order
 * @typedef {(typeof SHOWS)[number]} Shows
 * @typedef {{truth: number | null, predicted: number | null, mistakes: boolean}} Filter
 * @typedef {import("../protocol.js").HeatMap} HeatMap
 * @typedef {import("../protocol.js").Sign} Sign
 * @typedef {import("../protocol.js").Status} Status
 *
 * @typedef {object} Thumb  an item as it is drawn
 * @property {Uint8Array} data  JPEG or PNG
 * @property {readonly [HeatMap | null, HeatMap | null]} maps  of the predicted class, of the true one if that is another
 * @property {import("../lib/places.js").Place | null} place
 * @property {string} name  of a file, say
 */

/** @type {Readonly<Filter>} */
export const ALL = Object.freeze({ truth: null, predicted: null, mistakes: false });

/** @param {Filter} filter */
export const isOpen = ({ truth, predicted, mistakes }) => truth === null && predicted === null && !mistakes;
