/** Where the variants that are here differ, drawn in the place of the map while the matrix shows their disagreement. */

import { agreement } from "../lib/agreement.js";
import { createWatch } from "../lib/changes.js";
import { fold, limits } from "../lib/heat.js";
import { placeOf } from "../lib/places.js";
import { SIGNS } from "../protocol.js";
import { layerOf } from "./frame.js";
import { locate } from "./kinds.js";

/**
 * @typedef {import("./frame.js").Store} Store
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("../protocol.js").HeatMap} HeatMap
 * @typedef {import("../protocol.js").Variant} Variant
 *
 * @typedef {import("../lib/agreement.js").Agreement & {used: Variant[], missing: number,
 *   at: (cell: number) => number[]}} Compared  used: in the order of the correlations; missing: how many quick ones are not
 *   here yet; at: a cell's value of each, as a share of its largest magnitude
 */

/** @param {Store} store */
export function createComparison(store) {
  const differs = createWatch();
  /** @type {Compared | null} */
  let last = null;
  /** @param {import("../protocol.js").Selection} selection */
  const compare = ({ target, layer }) => {
    const grid = String(layerOf(store, layer)?.grid);
    const { sign } = store.view;
    const found = store.variants.flatMap((variant) => {
      const map = store.map(target, layer, variant.id);
      return map && String(map.grid) === grid ? [{ variant, map }] : [];
    });
    if (!differs(sign, store.variants, ...found.map(({ map }) => map.values))) return last;
    const used = found.map(({ variant }) => variant);
    const missing = store.variants.filter((variant) => !variant.slow && !used.includes(variant)).length;
    last = used.length < 2 ? null : {
      ...agreement(found.map(({ map }) => map), sign), used, missing,
      at: (cell) => found.map(({ map: { values } }) => fold(values.subarray(cell, cell + 1), sign)[0] / reach(values, sign)),
    };
    return last;
  };
  return {
    /** The frame, or one that shows where the variants differ. @param {Frame} frame @returns {Frame} */
    over(frame) {
      const { ui, preview, drawn } = frame;
      if (ui.tab !== "matrix" || ui.matrix !== "disagreement" || preview) return frame;
      const compared = compare(drawn);
      return compared ? shown(frame, compared) : frame;
    },
  };
}

/** @param {Float32Array} values @param {import("../protocol.js").Sign} sign */
function reach(values, sign) {
  const { hi } = limits(values, sign);
  return hi > 0 ? hi : 1;
}

/**
 * @param {Frame} frame
 * @param {Compared} compared
 * @returns {Frame}
 */
function shown(frame, compared) {
  const { store, ui, drawn, paint } = frame;
  const [sign] = SIGNS; // a spread is never negative
  const map = compared.spread;
  const range = limits(map.values, sign);
  const place = placeOf(layerOf(store, drawn.layer), store.meta.input, map.grid);
  const at = (/** @type {import("./frame.js").Spot | null} */ spot) => spot && locate(store, spot, map, place);
  return {
    ...frame, compared, map, place, limits: range, contrast: null, right: null, read: map,
    view: { ...frame.view, sign },
    paint: { ...paint, ...range, sign },
    lut: store.luts[frame.view.colormap] ?? frame.lut,
    unit: "spread",
    // Where all agree there is nothing to paint, and nothing wrong.
    blank: false,
    cell: at(ui.hover ?? ui.pinned),
    pinned: at(ui.pinned),
    evidence: null,
  };
}
