/** A film strip in numbers: which pictures are mistakes, in which order they stand, which of them are in sight. */

/** @typedef {import("../protocol.js").Reel} Reel */

/**
 * Whether there are several pictures to choose from.
 * @param {{reel: Reel}} store
 */
export const filmed = ({ reel }) => reel.called.length > 1;

/**
 * Whether a picture is called something else than it is; false where either is not known.
 * @param {Reel} reel
 * @param {number} index
 */
export function isMistake({ truth, called }, index) {
  return truth[index] !== null && called[index] !== null && truth[index] !== called[index];
}

/**
 * How many pictures are called wrong, of those of which it can be said; null without labels.
 * @param {Reel} reel
 * @returns {{wrong: number, among: number} | null}
 */
export function tally(reel) {
  const told = reel.truth.map((truth, i) => truth !== null && reel.called[i] !== null);
  if (reel.truth.every((truth) => truth === null)) return null;
  return { wrong: told.filter((_, i) => isMistake(reel, i)).length, among: told.filter(Boolean).length };
}

/**
 * The pictures in the order in which they stand.
 * @param {Reel} reel
 * @param {boolean} mistakesFirst
 * @returns {number[]}
 */
export function orderOf(reel, mistakesFirst) {
  const all = reel.called.map((_, index) => index);
  if (!mistakesFirst) return all;
  const wrong = all.filter((index) => isMistake(reel, index));
  return [...wrong, ...all.filter((index) => !isMistake(reel, index))];
}

/**
 * The picture so many places on; at both ends it goes no further.
 * @param {readonly number[]} order
 * @param {number} index
 * @param {number} by
 */
export const stepTo = (order, index, by) =>
  order[Math.min(order.length - 1, Math.max(0, order.indexOf(index) + by))] ?? index;

/**
 * The next mistake in this order, from the beginning again after the last one; null where there is no other.
 * @param {Reel} reel
 * @param {readonly number[]} order
 * @param {number} index
 */
export function nextMistake(reel, order, index) {
  const at = order.indexOf(index);
  const ahead = [...order.slice(at + 1), ...order.slice(0, at)];
  return ahead.find((other) => isMistake(reel, other)) ?? null;
}

/**
 * The first place in sight and the one after the last, with a few beside them.
 * @param {number} left  how far the strip is scrolled
 * @param {number} width  of what is in sight
 * @param {number} pitch  from one picture to the next
 * @param {number} count
 * @returns {[number, number]}
 */
export function inSight(left, width, pitch, count) {
  const spare = 3;
  const first = Math.max(0, Math.floor(left / pitch) - spare);
  return [Math.min(first, count), Math.min(count, Math.ceil((left + width) / pitch) + spare)];
}
