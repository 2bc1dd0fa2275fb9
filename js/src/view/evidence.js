/** What each class gains where the user points. */

import { strongest } from "../lib/cells.js";
import { createWatch } from "../lib/changes.js";
import { limits } from "../lib/heat.js";
import { coverage } from "../lib/regions.js";

/**
 * @typedef {import("../store.js").Store} Store
 * @typedef {import("./frame.js").Cell} Cell
 *
 * @typedef {import("../protocol.js").Region} Region
 * @typedef {import("../protocol.js").HeatMap} HeatMap
 * @typedef {import("../lib/places.js").Place} Place
 * @typedef {{layer: string, variant: string}} Where
 * @typedef {ReturnType<typeof createKnown>} Knowledge
 *
 * @typedef {import("../inbox.js").Seen & {max: number, min: number}} Known  what is here of a layer and variant
 *
 * @typedef {object} Evidence
 * @property {Cell | null} cell  null of a region
 * @property {Region | null} region
 * @property {Float32Array} column  its value of every class, or the sum in the region; NaN where a map is not here
 * @property {Array<{target: number, value: number}>} best  the three strongest classes here
 * @property {number} among  of how many
 * @property {number} max  ends of the bars' scale. At a cell the largest and smallest value of the listed classes
 *   anywhere; in a region the largest sum of all, and the smallest of the listed ones
 * @property {number} min
 */

/**
 * @param {Cell} cell
 * @param {Known} known
 * @returns {Evidence}
 */
export function evidenceAt(cell, { count, at, max, min }) {
  const column = at(cell.index);
  return { cell, region: null, column, best: strongest(column, 3), among: count, max, min };
}

/**
 * @param {Region} region
 * @param {Float32Array} column
 * @param {Known} known
 * @param {readonly number[]} listed
 * @returns {Evidence}
 */
function evidenceIn(region, column, { count }, listed) {
  const best = strongest(column, 3);
  let min = 0;
  for (const target of listed) if (column[target] < min) min = column[target];
  return { cell: null, region, column, best, among: count, max: best[0]?.value ?? 0, min };
}

/** Remembers what was made last, while what it was made of is the same. */
function createMemo() {
  const differs = createWatch();
  /** @type {any} */
  let last;
  /**
   * @template T
   * @param {readonly unknown[]} of
   * @param {() => T} make
   * @returns {T}
   */
  return (of, make) => {
    if (differs(...of)) last = make();
    return last;
  };
}

/**
 * The share of each cell of a map that lies in a region, remembered.
 * @param {Store} store
 */
function createCover(store) {
  const memo = createMemo();
  /** @param {Region} region @param {HeatMap} map @param {Place | null} place */
  return (region, { grid }, place) =>
    memo([region, grid.join(), String(place), store.meta.input.join()], () => coverage(region, grid, store.meta.input, place));
}

/**
 * The classes whose maps are here, remembered until others come.
 * @param {Store} store
 */
export function createKnown(store) {
  /** @type {Map<string, Known>} */
  const memo = new Map();
  /** @param {string} layer @param {string} variant @returns {Known} */
  const at = (layer, variant) => {
    const key = `${layer}\u0000${variant}`;
    const found = memo.get(key) ?? knownAt(store, layer, variant);
    memo.set(key, found);
    return found;
  };
  const [within, pinned, kept] = [createMemo(), createMemo(), createMemo()];
  const [cover, keptCover] = [createCover(store), createCover(store)];
  return {
    forget: () => memo.clear(),
    at,
    cover,
    /**
     * The evidence in a region that covers so much of each cell.
     * @param {Region} region
     * @param {Float64Array} share
     * @param {Where} where
     * @returns {Evidence}
     */
    within(region, share, { layer, variant }) {
      const known = at(layer, variant);
      return within([share, known], () => evidenceIn(region, known.sum(share), known, store.listed));
    },
    /** What every class makes of a cell, to be ranked by. @param {Where} where @param {number} cell */
    pinned({ layer, variant }, cell) {
      const known = at(layer, variant);
      return pinned([known, cell], () => known.at(cell));
    },
    /**
     * What every class makes of a region, to be ranked by.
     * @param {Region} region
     * @param {Where} where
     * @param {HeatMap} map
     * @param {Place | null} place
     */
    kept(region, { layer, variant }, map, place) {
      const known = at(layer, variant);
      const share = keptCover(region, map, place);
      return kept([known, share], () => known.sum(share));
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
