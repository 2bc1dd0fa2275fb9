/** What the kernel says of a film strip, checked. Without a film there are no pictures. */

import { bag, check, mapOf } from "./decode.js";
import { bytes } from "./lib/buffers.js";

/**
 * @typedef {import("./protocol.js").Reel} Reel
 * @typedef {import("./protocol.js").Heats} Heats
 */

/** @param {unknown} value */
const whole = (value) => value === null || (Number.isInteger(value) && Number(value) >= 0);

/** @param {unknown} value */
const share = (value) => value === null || Number.isFinite(value);

/**
 * @param {unknown} value
 * @returns {Reel}
 */
export function decodeReel(value) {
  const { truth, called, probability, faults } = bag(value) ?? { truth: [], called: [], probability: [], faults: [] };
  const lists = [truth, called, probability, faults];
  check(lists.every((list) => Array.isArray(list) && list.length === /** @type {any[]} */ (truth).length),
    "a film whose lists differ in length");
  const [classes, ours, shares, wrong] = /** @type {any[][]} */ (lists);
  check([...classes, ...ours].every(whole) && shares.every(share), "a film whose classes are no numbers");
  return Object.freeze({ truth: classes, called: ours, probability: shares, faults: wrong.map(Boolean) });
}

/**
 * @param {unknown} value
 * @returns {readonly Uint8Array[]}
 */
export const decodeFrames = (value) => Object.freeze(Array.isArray(value) ? value.map(bytes) : []);

/**
 * @param {unknown} value
 * @returns {Heats}
 */
export function decodeHeats(value) {
  const from = bag(value) ?? { layer: "", variant: "", maps: [] };
  check(Array.isArray(from.maps), "no list of small maps");
  const maps = from.maps.map((item) => (item === null ? null : mapOf(item?.data, item ?? {}, 2)));
  return Object.freeze({ layer: String(from.layer), variant: String(from.variant), maps });
}
