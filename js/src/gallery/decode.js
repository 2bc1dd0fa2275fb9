/** An answer with thumbnails, read and checked: what the kernel sends is not trusted to be whole. */

import { bag, check, mapOf } from "../decode.js";
import { bytes } from "../lib/buffers.js";

/**
 * @typedef {import("./protocol.js").Thumb} Thumb
 * @typedef {import("../lib/places.js").Place} Place
 * @typedef {{nonce: string, seq: number, generation: number, layer: string, variant: string, more: boolean, thumbs: Array<[number, Thumb]>,
 *   failed: Array<[number, string]>}} Answer
 */

/** Buffers of an item that could be read: its picture, the map of the predicted class, that of the true one. */
const BUFFERS = 3;

/**
 * @param {unknown} content
 * @param {readonly unknown[]} buffers
 * @param {number} count  of items
 * @returns {Answer}
 */
export function decodeThumbs(content, buffers, count) {
  const from = bag(content) ?? {};
  const { nonce, seq, generation, items, layer, variant, more } = from;
  check(Number.isInteger(seq) && Array.isArray(items), "thumbnails without a number or items");
  /** @type {Answer} */
  const answer = {
    nonce: String(nonce ?? ""), seq: Number(seq), generation: Number(generation ?? 0), layer: String(layer),
    variant: String(variant), more: more === true, thumbs: [], failed: [],
  };
  let at = 0;
  for (const item of items) {
    const index = item?.index;
    check(Number.isInteger(index) && index >= 0 && index < count, `an item ${String(index)}`);
    if (typeof item.failed === "string") {
      answer.failed.push([index, item.failed]);
      continue;
    }
    check(at + BUFFERS <= buffers.length, "thumbnails without their data");
    answer.thumbs.push([index, thumbOf(item, buffers.slice(at, at + BUFFERS))]);
    at += BUFFERS;
  }
  return answer;
}

/**
 * @param {import("../decode.js").Bag} item
 * @param {readonly unknown[]} buffers
 * @returns {Thumb}
 */
function thumbOf({ grid, peak, place, name }, [picture, ...maps]) {
  // its own memory: a view would keep the whole message
  const data = bytes(picture).slice();
  check(data.length > 0, "a thumbnail without a picture");
  const peaks = Array.isArray(peak) ? peak : [];
  const read = (/** @type {0 | 1} */ i) => {
    if (!bytes(maps[i]).byteLength) return null;
    check(typeof peaks[i] === "number" && peaks[i] >= 0, "a map without its peak");
    return mapOf(maps[i], { grid, dtype: "float16", scale: peaks[i] }, 2);
  };
  return Object.freeze({
    data, maps: /** @type {const} */ ([read(0), read(1)]), place: isPlace(place) ? place : null,
    name: typeof name === "string" ? name : "",
  });
}

/** @param {unknown} place @returns {place is Place} */
const isPlace = (place) => Array.isArray(place) && place.length === 2 && place.every((span) =>
  Array.isArray(span) && span.length === 2 && span.every(Number.isFinite) && span[1] > 0);

/** What keeping a thumbnail costs. @param {Thumb} thumb */
export const costOf = ({ data, maps }) => 256 + data.byteLength + maps.reduce((all, map) => all + (map?.values.byteLength ?? 0), 0);
