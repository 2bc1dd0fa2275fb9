/** What each channel of a layer adds to a map, as the kernel sent it: read, checked, and the last few views kept. */

import { bag, cellsOf, check, mapOf } from "./decode.js";
import { bytes, floats } from "./lib/buffers.js";

/**
 * @typedef {import("./protocol.js").HeatMap} HeatMap
 * @typedef {import("./protocol.js").Selection} Selection
 *
 * @typedef {object} Channel
 * @property {number} number
 * @property {number} weight  alpha; where each cell has its own, their mean
 * @property {number | null} plain  the same by the standard rule of rectifiers, where that is not the rule
 * @property {number} sum  of its contribution over the grid
 * @property {HeatMap} contribution  weight times activation, on the layer's cells
 * @property {HeatMap} activation  small
 * @property {HeatMap | null} weights  of each cell, small
 *
 * @typedef {Selection & {grid: import("./protocol.js").Grid, count: number, perCell: boolean, rectifiers: number,
 *   value: number, total: number, channels: readonly Channel[]}} Channels  the strongest of `count`, in their order
 */

/** Views that are kept. */
const MOST = 24;

/** @param {unknown} value  null stands for what JSON has no number for */
const number = (value) => (typeof value === "number" ? value : NaN);

/**
 * @param {unknown} value
 * @param {number} sides  of a grid
 * @returns {{image: number, views: Channels[]} | null}
 */
export function decodeChannels(value, sides) {
  const from = bag(value);
  if (!from) return null;
  check(Array.isArray(from.views), "no list of views of channels");
  return { image: /** @type {number} */ (from.image), views: from.views.map((view) => viewOf(bag(view) ?? {}, sides)) };
}

/**
 * @param {import("./decode.js").Bag} from
 * @param {number} sides
 * @returns {Channels}
 */
function viewOf(from, sides) {
  const { target, layer, variant, strongest, count } = from;
  check(Number.isInteger(target) && typeof layer === "string" && typeof variant === "string", "channels of no map");
  const whole = (/** @type {unknown} */ n) => Number.isInteger(n) && Number(n) >= 0;
  check(whole(count) && Array.isArray(strongest) && strongest.every((k) => whole(k) && k < Number(count)), "channels without numbers");
  const most = strongest.length;
  const all = mapOf(from.data, from, sides, most);
  const cells = cellsOf(all.grid);
  const weights = column(from.weights, most);
  const plain = from.plain === null || from.plain === undefined ? null : column(from.plain, most);
  const sums = column(from.sums, most);
  const activations = thumbs(from.activations, most, sides);
  const maps = from.weight_maps === null || from.weight_maps === undefined ? null : thumbs(from.weight_maps, most, sides);
  return Object.freeze({
    target: /** @type {number} */ (target), layer, variant, grid: all.grid, count: /** @type {number} */ (count),
    perCell: from.per_cell === true, rectifiers: number(from.rectifiers), value: number(from.value), total: number(from.total),
    channels: strongest.map((k, i) => Object.freeze({
      number: k, weight: weights[i], plain: plain && plain[i], sum: sums[i], activation: activations[i],
      contribution: { values: all.values.slice(i * cells, (i + 1) * cells), grid: all.grid }, weights: maps && maps[i],
    })),
  });
}

/** @param {unknown} data @param {number} length */
function column(data, length) {
  check(bytes(data).byteLength === 4 * length, `${bytes(data).byteLength} bytes for ${length} channels`);
  return floats(data, "float32");
}

/** @param {unknown} list @param {number} length @param {number} sides */
function thumbs(list, length, sides) {
  check(Array.isArray(list) && list.length === length, "channels without thumbnails");
  return list.map((item) => mapOf(item?.data, bag(item) ?? {}, Math.min(2, sides)));
}

/** @param {Selection} selection */
const key = ({ target, layer, variant }) => [target, layer, variant].join("\u0000");

/**
 * @template {Selection} T
 * @typedef {{get: (selection: Selection) => T | null, keep: (views: readonly T[]) => void, drop: (selection: Selection) => void,
 *   some: boolean, clear: () => void}} Kept  get: the same object each time
 */

/**
 * What came last of views, whatever is known of them.
 * @template {Selection} T
 * @returns {Kept<T>}
 */
export function createKept() {
  /** @type {Map<string, T>} */
  const kept = new Map();
  return {
    get: (selection) => kept.get(key(selection)) ?? null,
    keep(views) {
      for (const view of views) {
        kept.delete(key(view));
        kept.set(key(view), view);
      }
      for (const oldest of kept.keys()) {
        if (kept.size <= Math.max(MOST, views.length)) break;
        kept.delete(oldest);
      }
    },
    drop: (selection) => void kept.delete(key(selection)),
    get some() { return kept.size > 0; },
    clear: () => kept.clear(),
  };
}
