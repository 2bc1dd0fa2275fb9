/** What one frame shows, worked out once from the store and the pointer; the parts only draw it. */

import { placeOf } from "../lib/places.js";
import { NEGATIVE_COLORMAP, SIGNED_COLORMAP } from "../protocol.js";
import { comparable, contrastOf } from "./contrast.js";
import { evidenceAt } from "./evidence.js";
import { readRegion } from "../lib/regions.js";
import { locate, seenIn } from "./kinds.js";
import { nothing, rangeOf } from "./ranges.js";

/**
 * @typedef {import("../store.js").Store} Store
 * @typedef {import("../protocol.js").HeatMap} HeatMap
 * @typedef {import("../protocol.js").Selection} Selection
 * @typedef {import("../protocol.js").View} View
 * @typedef {import("../protocol.js").Region} Region
 * @typedef {import("../lib/heat.js").Limits} Limits
 * @typedef {import("../lib/heat.js").Paint} Paint
 *
 * @typedef {{fx: number, fy: number, slice?: number}} Spot  a place on the picture, as shares of its width and height; and
 *   on which slice of a volume
 * @typedef {{row: number, col: number, depth?: number, index: number}} Cell
 *
 * @typedef {object} Ui  what the pointer and the keys do; never leaves the view
 * @property {import("./tools.js").ToolId} tool  what the pointer does on the picture
 * @property {import("./panels.js").PanelId} tab  what stands beside it
 * @property {Spot | null} hover  under the pointer, or where the keyboard stands
 * @property {Spot | null} pinned
 * @property {Partial<Selection> | null} preview
 * @property {boolean} bare  the photo without heat
 * @property {"classes" | "variants" | "disagreement"} matrix  what the matrix shows
 * @property {string} query
 * @property {boolean} touched  the hint has done its work
 * @property {boolean} field  what the cell sees is outlined
 * @property {import("./unfolded.js").Choice} inside  the channel that is looked at, and those that are switched off
 * @property {import("./tested.js").Choice} trust  the map of which step is looked at, and whether the tests were given up
 * @property {"variant" | "display" | "help" | null} menu
 * @property {string | null} said  what was just done, for the status line
 * @property {number | null} slice  of a volume; null before the first map is here
 * @property {Region | null} draft  a region that is being made or moved
 * @property {import("./brush.js").Brush} brush  that pokes
 * @property {number} divide  where the divider of a contrast stands, as a share of the picture's width
 * @property {number | null} still  the picture of a film that is under the pointer
 * @property {boolean} mistakesFirst  in the film
 *
 * @typedef {import("./evidence.js").Evidence} Evidence
 * @typedef {import("./evidence.js").Knowledge} Knowledge
 *
 * @typedef {object} Frame
 * @property {Store} store
 * @property {Ui} ui
 * @property {View} view  the sign is the one that is drawn
 * @property {Selection} selected  what is marked as chosen
 * @property {Selection} drawn  what the picture shows: the last map that is here, or the preview
 * @property {Partial<Selection> | null} preview  null where its map is not here
 * @property {HeatMap | null} map  of a contrast A's side
 * @property {HeatMap | null} right  what is drawn right of the divider
 * @property {HeatMap | null} read  the one of both in which the cell is read
 * @property {import("./contrast.js").Contrast | null} contrast
 * @property {Limits} limits
 * @property {Paint} paint
 * @property {Uint8Array} lut
 * @property {string} unit  of the values, as people read it
 * @property {boolean} blank  there is a map, and nothing of it can be painted
 * @property {import("../lib/places.js").Place | null} place  of the map's cells; null: spread evenly
 * @property {Cell | null} cell  the one that is read
 * @property {boolean} beside  the pointer is on the picture where no cell is centred
 * @property {Array<[number, number]> | null} sees  from where to where the cell sees, down and along, in shares
 * @property {import("./compared.js").Compared | null} compared  variants: the picture shows where they differ
 * @property {import("./unfolded.js").Unfolded | null} unfolded  what each channel adds, while that is shown
 * @property {string} tested  what was drawn at random, where the picture shows the map of such a network; else ""
 * @property {Cell | null} pinned
 * @property {Region | null} region
 * @property {Float64Array | null} cover  how much of each cell of the map lies in it
 * @property {Evidence | null} evidence  at the cell that is read, else in the region
 * @property {Float32Array | null} ranking  evidence by which the list is ordered, that of what was pinned or kept; the
 *   same array for the same evidence
 * @property {{layer: string, target: number, variant: string, since: number} | null} busy  what the kernel still owes
 */

/** A request is worth a word only when the answer is late. */
export const LATE = 400;

/** Signs that have colours of their own. @type {Partial<Record<import("../protocol.js").Sign, string>>} */
const COLOURS = Object.freeze({ signed: SIGNED_COLORMAP, negative: NEGATIVE_COLORMAP });

const NO_LIMITS = Object.freeze({ lo: 0, hi: 0, max: 0, min: 0 });
const NO_LUT = new Uint8Array(1024);

/**
 * @param {Store} store
 * @param {Ui} ui
 * @param {Knowledge} known
 * @param {number} now
 * @returns {Frame}
 */
export function frameOf(store, ui, known, now) {
  const { shown, waiting, owed } = store;
  const late = (/** @type {number} */ since) => now - since >= LATE;
  const busy = waiting && late(waiting.since) ? waiting : null;
  const asked = { ...shown, ...ui.preview };
  const exact = store.map(...parts(asked));
  const sketch = exact ? null : sketchOf(store, asked);
  const here = differs(asked, shown) && (exact ?? sketch) && comparable(store, asked);
  const preview = here ? ui.preview : null;
  const drawn = preview ? asked : shown;
  const contrast = contrastOf(store, drawn, owed !== null && late(owed));
  const view = contrast?.mode === "difference" && contrast.pair ? signedView(store.view) : store.view;
  const map = contrast?.pair?.left ?? (preview ? exact ?? sketch : store.lasting(drawn));
  const right = contrast?.mode === "swipe" ? contrast.pair?.right ?? null : null;
  const range = map ? rangeOf(store, view, drawn, map, right) : NO_LIMITS;
  const layer = layerOf(store, drawn.layer);
  const place = map && placeOf(layer, store.meta.input, map.grid);
  // The cells of a thumbnail may be several of the layer's.
  const spot = preview && sketch ? null : ui.hover ?? ui.pinned;
  const cell = map && cellOf(store, spot, map, place);
  const pinned = map && cellOf(store, ui.pinned, map, place);
  // What is poked is about all of the picture: the list says what each class was before.
  const kept = ui.tool === "poke" ? null : regionOf(store);
  const region = ui.draft ?? kept;
  const cover = map && region && known.cover(region, map, place);
  return {
    store, ui, view, drawn, preview, map, right, contrast, busy, place, cell, pinned, region, cover,
    read: right && spot && spot.fx > ui.divide ? right : map,
    beside: map !== null && spot !== null && !cell,
    sees: cell && seenIn(store, layer, map, cell),
    selected: busy ? shown : view,
    limits: range,
    paint: { ...range, sign: view.sign, opacity: ui.bare ? 0 : view.opacity, threshold: view.threshold },
    lut: store.luts[COLOURS[view.sign] ?? view.colormap] ?? store.luts[view.colormap] ?? NO_LUT,
    unit: unitOf(store, drawn.variant),
    blank: map !== null && nothing(range, view.sign),
    compared: null,
    unfolded: null,
    tested: "",
    evidence: cell ? evidenceAt(cell, known.at(drawn.layer, drawn.variant)) :
      cover && region && known.within(region, cover, drawn),
    ranking: rankingOf(store, ui, known, kept),
  };
}

/** @param {View} view @returns {View} */
const signedView = (view) => (view.sign === "signed" ? view : { ...view, sign: "signed" });

/**
 * Hovering moves nothing: neither a preview nor what is being dragged counts.
 * @param {Store} store
 * @param {Ui} ui
 * @param {Knowledge} known
 * @param {Region | null} kept
 */
function rankingOf(store, { pinned }, known, kept) {
  const { shown } = store;
  const map = store.map(...parts(shown));
  if (!map || !(pinned || kept)) return null;
  const place = placeOf(layerOf(store, shown.layer), store.meta.input, map.grid);
  const cell = cellOf(store, pinned, map, place);
  if (cell) return known.pinned(shown, cell.index);
  return kept && known.kept(kept, shown, map, place);
}

/** The region that is kept; only pictures have one. @param {Store} store */
const regionOf = ({ meta, view }) => (meta.kind === "picture" ? readRegion(view.region) : null);

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
 * A thumbnail in the place of a map that is not here, for a preview: a volume's are flat, and show no slice.
 * @param {Store} store
 * @param {Selection} selection
 */
function sketchOf(store, { target, layer, variant }) {
  const thumb = store.thumb(layer, target, variant);
  return thumb?.grid.length === store.meta.input.length ? thumb : null;
}

/**
 * @param {Store} store
 * @param {Spot | null} spot
 * @param {HeatMap} map
 * @param {import("../lib/places.js").Place | null} place
 */
const cellOf = (store, spot, map, place) => spot && locate(store, spot, map, place);

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
