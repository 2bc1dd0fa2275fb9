/** Whether a map can be trusted, as the kernel found out: read and checked. */

import { bag, check, mapOf } from "./decode.js";
import { bytes, floats } from "./lib/buffers.js";

/**
 * @typedef {import("./protocol.js").HeatMap} HeatMap
 * @typedef {import("./protocol.js").Selection & {fractions: Float32Array, curves: readonly Float32Array[],
 *   modules: readonly string[], similarity: Float32Array, guided: Float32Array, maps: readonly HeatMap[], variants: readonly string[],
 *   areas: Float32Array, faults: {curves?: unknown, layers?: unknown}, done: boolean}} Trust  curves: by deletion in the
 *   order of the map, of random cells, of single pixels; then the same by insertion. See `protocol.py`
 */

/**
 * @param {unknown} value
 * @param {number} sides  of a grid
 * @returns {{image: number, views: Trust[]} | null}
 */
export function decodeTrust(value, sides) {
  const from = bag(value);
  if (!from) return null;
  check(Array.isArray(from.views), "no list of maps that were tested");
  return { image: /** @type {number} */ (from.image), views: from.views.map((view) => viewOf(bag(view) ?? {}, sides)) };
}

/**
 * @param {import("./decode.js").Bag} from
 * @param {number} sides
 * @returns {Trust}
 */
function viewOf(from, sides) {
  const { target, layer, variant } = from;
  const [modules, variants, maps] = [from.modules, from.variants, from.maps].map((list) => {
    check(Array.isArray(list), "tests without lists");
    return /** @type {any[]} */ (list);
  });
  check(Number.isInteger(target) && typeof layer === "string" && typeof variant === "string", "tests of no map");
  const numbers = [from.fractions, from.curves, from.similarity, from.guided, from.areas];
  const [fractions, curves, similarity, guided, areas] = numbers.map((data) => {
    check(bytes(data).byteLength % 4 === 0, "tests of broken numbers");
    return floats(data, "float32");
  });
  const points = curves.length / 6;
  const fits = Number.isInteger(points) && points <= fractions.length && areas.length <= 2 * variants.length &&
    similarity.length <= modules.length && guided.length === similarity.length && maps.length === (maps.length && similarity.length + 1);
  check(fits, "tests that do not fit together");
  return Object.freeze({
    target: Number(target), layer, variant, fractions, similarity, guided, areas, done: from.done === true,
    curves: [0, 1, 2, 3, 4, 5].map((i) => curves.subarray(i * points, (i + 1) * points)),
    modules: modules.map(String), variants: variants.map(String), faults: bag(from.faults) ?? {},
    maps: maps.map((item) => mapOf(item?.data, bag(item) ?? {}, Math.min(2, sides))),
  });
}
