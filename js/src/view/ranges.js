/** The colour limits of what is drawn. */

import { limits } from "../lib/heat.js";

/**
 * @typedef {import("../store.js").Store} Store
 * @typedef {import("../protocol.js").HeatMap} HeatMap
 * @typedef {import("../protocol.js").Selection} Selection
 * @typedef {import("../protocol.js").Sign} Sign
 * @typedef {import("../lib/heat.js").Limits} Limits
 */

/**
 * A locked limit; or this map's own, or one scale for all listed classes whose maps are here. Both sides of a contrast
 * share one.
 * @param {Store} store
 * @param {import("../protocol.js").View} view
 * @param {Selection} drawn
 * @param {HeatMap} map
 * @param {HeatMap | null} right
 * @returns {Limits}  max and min: of what is drawn
 */
export function rangeOf(store, { sign, scale, limit, contrast }, drawn, map, right) {
  const own = right ? joined(limits(map.values, sign), limits(right.values, sign)) : limits(map.values, sign);
  if (limit !== null) return { ...own, lo: sign === "signed" ? -limit : 0, hi: limit };
  if (scale !== "listed" || contrast !== "off") return own;
  const all = store.listed.reduce((range, target) => {
    const other = store.map(target, drawn.layer, drawn.variant);
    return other ? joined(range, limits(other.values, sign)) : range;
  }, own);
  return { ...all, max: own.max, min: own.min };
}

/** @param {Limits} a @param {Limits} b @returns {Limits} */
const joined = (a, b) =>
  ({ lo: Math.min(a.lo, b.lo), hi: Math.max(a.hi, b.hi), max: Math.max(a.max, b.max), min: Math.min(a.min, b.min) });

/**
 * Whether nothing of a map can be painted, whatever the limits.
 * @param {Limits} range
 * @param {Sign} sign
 */
export function nothing({ max, min }, sign) {
  if (sign === "positive") return !(max > 0);
  return sign === "negative" ? !(min < 0) : !(max > 0 || min < 0);
}
