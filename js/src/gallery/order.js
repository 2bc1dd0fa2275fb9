/** Which items are shown, in which order. */

import { isOpen } from "./protocol.js";

/**
 * @typedef {import("./scores.js").Scores} Scores
 * @typedef {import("./protocol.js").Filter} Filter
 * @typedef {import("./protocol.js").Order} Order
 */

/**
 * The items that a filter lets through. What is not scored yet, or could not be read, is shown only where nothing is
 * asked of it.
 * @param {Scores} scores
 * @param {Filter} filter
 * @returns {Int32Array}
 */
export function passing(scores, filter) {
  const out = new Int32Array(scores.count);
  const { truth, predicted, mistakes } = filter;
  const all = isOpen(filter);
  let length = 0;
  for (let i = 0; i < scores.count; i++) {
    const fits = all || ((truth === null || scores.truth[i] === truth) && scores.has(i) &&
      (predicted === null || scores.predicted[i] === predicted) && (!mistakes || scores.isMistake(i)));
    if (fits) out[length++] = i;
  }
  return out.slice(0, length);
}

/**
 * Those items, sorted. What has no number stands last whichever the direction, what is not scored yet behind it; equal
 * ones stand in the order of the data.
 * @param {Scores} scores
 * @param {Filter} filter
 * @param {Order} order
 * @param {boolean} descending
 * @returns {Int32Array}
 */
export function arranged(scores, filter, order, descending) {
  const items = passing(scores, filter);
  if (order === "index") return descending ? items.reverse() : items;
  const column = scores[order];
  const side = descending ? -1 : 1;
  // -1: has a number; 0: has none; 1: not scored
  const rank = (/** @type {number} */ i) => (Number.isNaN(column[i]) ? Number(!scores.has(i)) : -1);
  return items.sort((a, b) => {
    const [x, y] = [column[a], column[b]];
    if (x < y) return -side;
    if (x > y) return side;
    return rank(a) - rank(b) || a - b;
  });
}

/**
 * A new order that leaves in place what stands already: what is gone is taken out, what is new comes last.
 * @param {Int32Array} held
 * @param {Int32Array} now
 * @returns {Int32Array}
 */
export function held(held, now) {
  const wanted = new Set(now);
  const kept = held.filter((index) => wanted.delete(index));
  if (!wanted.size) return kept;
  const out = new Int32Array(now.length);
  out.set(kept);
  out.set(now.filter((index) => wanted.has(index)), kept.length);
  return out;
}

/** @param {Int32Array} a @param {Int32Array} b */
export const sameOrder = (a, b) => a.length === b.length && a.every((index, i) => index === b[i]);

/**
 * The items from one place of the order to another, both included, whichever is first.
 * @param {Int32Array} order
 * @param {number} from
 * @param {number} to
 */
export const between = (order, from, to) => [...order.slice(Math.min(from, to), Math.max(from, to) + 1)];
