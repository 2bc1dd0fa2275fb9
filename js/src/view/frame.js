/** What one frame shows, worked out once from the store and the pointer; the parts only draw it. */

import { strongest } from "../lib/cells.js";
import { limits } from "../lib/heat.js";
import { placeOf } from "../lib/places.js";
import { SIGNED_COLORMAP } from "../protocol.js";
import { locate, seenIn } from "./kinds.js";

/**
 * @typedef {import("../store.js").Store} Store
 * @typedef {import("../protocol.js").HeatMap} HeatMap
 * @typedef {import("../protocol.js").Selection} Selection
 * @typedef {import("../protocol.js").View} View
 * @typedef {import("../lib/heat.js").Limits} Limits
 * @typedef {import("../lib/heat.js").Paint} Paint
 *
 * @typedef {{fx: number, fy: number, slice?: number}} Spot  a place on the picture, as shares of its width and height; and
 *   on which slice of a volume
 * @typedef {{row: number, col: number, depth?: number, index: number}} Cell
 *
 * @typedef {object} Ui  what the pointer and the keys do; never leaves the view
 * @property {Spot | null} hover  under the pointer, or where the keyboard stands
 * @property {Spot | null} pinned
 * @property {Partial<Selection> | null} preview
 * @property {boolean} bare  the photo without heat
 * @property {string} query
 * @property {boolean} touched  the hint has done its work
 * @property {boolean} field  what the cell sees is outlined
 * @property {"variant" | "display" | "help" | null} menu
 * @property {number | null} slice  of a volume; null before the first map is here
 *
 * @typedef {object} Evidence
 * @property {Cell} cell
 * @property {Float32Array} column  its value of every class, NaN where a map is not here
 * @property {Array<{target: number, value: number}>} best  the three strongest classes here
 * @property {number} among  of how many
 * @property {number} max  largest and smallest value of the listed classes anywhere: the bars keep one scale
 * @property {number} min
 *
 * @typedef {import("../inbox.js").Seen & {max: number, min: number}} Known  what is here of a layer and variant
 *
 * @typedef {object} Frame
 * @property {Store} store
 * @property {Ui} ui
 * @property {View} view
 * @property {Selection} selected  what is marked as chosen
 * @property {Selection} drawn  what the picture shows: the last map that is here, or the preview
 * @property {Partial<Selection> | null} preview  null where its map is not here
 * @property {HeatMap | null} map
 * @property {Limits} limits
 * @property {Paint} paint
 * @property {Uint8Array} lut
 * @property {string} unit  of the values, as people read it
 * @property {boolean} blank  there is a map, and nothing of it can be painted
 * @property {import("../lib/places.js").Place | null} place  of the map's cells; null: spread evenly
 * @property {Cell | null} cell  the one that is read
 * @property {boolean} beside  the pointer is on the picture where no cell is centred
 * @property {Array<[number, number]> | null} sees  from where to where the cell sees, down and along, in shares
 * @property {Cell | null} pinned
 * @property {Evidence | null} evidence
 * @property {{layer: string, target: number, variant: string, since: number} | null} busy  what the kernel still owes
 */

/** A request is worth a word only when the answer is late. */
export const LATE = 400;

const NO_LIMITS = Object.freeze({ lo: 0, hi: 0, max: 0, min: 0 });
const NO_LUT = new Uint8Array(1024);

/**
 * @param {Store} store
 * @param {Ui} ui
 * @param {(layer: string, variant: string) => Known} known
 * @param {number} now
 * @returns {Frame}
 */
export function frameOf(store, ui, known, now) {
  const { view, shown } = store;
  const waiting = store.waiting;
  const busy = waiting && now - waiting.since >= LATE ? waiting : null;
  const asked = { ...shown, ...ui.preview };
  const preview = differs(asked, shown) && store.map(...parts(asked)) ? ui.preview : null;
  const drawn = preview ? asked : shown;
  const map = store.map(...parts(drawn));
  const range = map ? rangeOf(store, drawn, map) : NO_LIMITS;
  const layer = layerOf(store, drawn.layer);
  const place = map && placeOf(layer, store.meta.input, map.grid);
  const spot = ui.hover ?? ui.pinned;
  const cell = map && cellOf(store, spot, map, place);
  return {
    store, ui, view, drawn, preview, map, busy, place, cell,
    beside: map !== null && spot !== null && !cell,
    sees: cell && seenIn(store, layer, map, cell),
    selected: busy ? shown : view,
    limits: range,
    paint: { ...range, sign: view.sign, opacity: ui.bare ? 0 : view.opacity, threshold: view.threshold },
    lut: store.luts[view.sign === "signed" ? SIGNED_COLORMAP : view.colormap] ?? NO_LUT,
    unit: unitOf(store, drawn.variant),
    blank: map !== null && !(range.hi > 0),
    pinned: map && cellOf(store, ui.pinned, map, place),
    evidence: cell && evidenceAt(cell, known(drawn.layer, drawn.variant)),
  };
}

/**
 * @param {Selection} selection
 * @returns {[number, string, string]}
 */
const parts = ({ target, layer, variant }) => [target, layer, variant];

/**
 * @param {Selection} a
 * @param {Selection} b
 */
const differs = (a, b) => a.target !== b.target || a.layer !== b.layer || a.variant !== b.variant;

/**
 * @param {Store} store
 * @param {Spot | null} spot
 * @param {HeatMap} map
 * @param {import("../lib/places.js").Place | null} place
 */
const cellOf = (store, spot, map, place) => spot && locate(store, spot, map, place);

/**
 * The colour limits: this map's own, or one scale for all listed classes whose maps are here.
 * @param {Store} store
 * @param {Selection} drawn
 * @param {HeatMap} map
 * @returns {Limits}
 */
function rangeOf(store, drawn, map) {
  const sign = store.view.sign;
  const own = limits(map.values, sign);
  if (store.view.scale !== "listed") return own;
  let { lo, hi } = own;
  for (const target of store.listed) {
    const other = store.map(target, drawn.layer, drawn.variant);
    if (!other) continue;
    const range = limits(other.values, sign);
    lo = Math.min(lo, range.lo);
    hi = Math.max(hi, range.hi);
  }
  return { lo, hi, max: own.max, min: own.min };
}

/**
 * The classes whose maps are here, remembered until others come.
 * @param {Store} store
 */
export function createKnown(store) {
  /** @type {Map<string, Known>} */
  const memo = new Map();
  return {
    forget: () => memo.clear(),
    /** @param {string} layer @param {string} variant @returns {Known} */
    at(layer, variant) {
      const key = `${layer}\u0000${variant}`;
      const found = memo.get(key) ?? knownAt(store, layer, variant);
      memo.set(key, found);
      return found;
    },
  };
}

/**
 * @param {Store} store
 * @param {string} layer
 * @param {string} variant
 * @returns {Known}
 */
function knownAt(store, layer, variant) {
  let max = 0;
  let min = 0;
  for (const target of store.listed) {
    const map = store.map(target, layer, variant);
    if (!map) continue;
    const range = limits(map.values, "signed");
    max = Math.max(max, range.max);
    min = Math.min(min, range.min);
  }
  return { ...store.seen(layer, variant), max, min };
}

/**
 * @param {Cell} cell
 * @param {Known} known
 * @returns {Evidence}
 */
function evidenceAt(cell, { count, at, max, min }) {
  const column = at(cell.index);
  return { cell, column, best: strongest(column, 3), among: count, max, min };
}

/**
 * @param {Store} store
 * @param {string} id
 */
function unitOf(store, id) {
  const variant = store.variants.find((v) => v.id === id);
  if (variant && variant.unit !== "score") return "relative";
  return store.classes.unit;
}

/**
 * @param {Store} store
 * @param {string} name
 */
export const layerOf = (store, name) => store.layers.find((layer) => layer.name === name);

/**
 * @param {Store} store
 * @param {string} id
 */
export function variantName(store, id) {
  return store.variants.find((v) => v.id === id)?.name ?? id;
}

/**
 * @param {Store} store
 * @param {number} target
 */
export function className(store, target) {
  return store.classes.names[target] ?? `class ${target}`;
}
