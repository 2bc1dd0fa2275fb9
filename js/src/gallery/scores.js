/** The scores of all items, as columns; and how often each class is taken for each other one. */

import { bytes } from "../lib/buffers.js";
import { ITEM_BYTES, UNKNOWN } from "./protocol.js";

/** A pair of classes as one number. @param {number} truth @param {number} predicted */
const pairOf = (truth, predicted) => truth * (UNKNOWN + 1) + predicted;

export class Scores {
  /** How many items have been scored, failed ones included. */
  scored = 0;
  /** @type {Map<number, string>} why an item could not be read */
  failed = new Map();
  /** @type {Map<number, number>} how many items, by pair */
  #counts = new Map();
  #have;

  /** @param {number} count */
  constructor(count) {
    this.count = count;
    this.#have = new Uint8Array(count);
    this.loss = new Float32Array(count).fill(NaN);
    this.confidence = new Float32Array(count).fill(NaN);
    this.margin = new Float32Array(count).fill(NaN);
    this.predicted = new Uint16Array(count).fill(UNKNOWN);
    this.truth = new Uint16Array(count).fill(UNKNOWN);
  }

  /**
   * Takes the scores of the items from the first to before the last.
   * @param {unknown} from
   * @param {unknown} to
   * @param {unknown} buffer  loss, confidence, margin, predicted, truth, one column after another
   * @returns {boolean} whether they make sense
   */
  take(from, to, buffer) {
    const data = bytes(buffer);
    const [first, end] = [Number(from), Number(to)];
    const fits = Number.isInteger(from) && Number.isInteger(to) && first >= 0 && end > first && end <= this.count;
    if (!fits || data.byteLength !== ITEM_BYTES * (end - first)) return false;
    const { buffer: own } = data.slice();
    const length = end - first;
    this.#count(first, end, -1);
    [this.loss, this.confidence, this.margin].forEach((column, i) =>
      column.set(new Float32Array(own, 4 * length * i, length), first));
    [this.predicted, this.truth].forEach((column, i) =>
      column.set(new Uint16Array(own, 12 * length + 2 * length * i, length), first));
    for (let i = first; i < end; i++) {
      this.scored += 1 - this.#have[i];
      this.#have[i] = 1;
    }
    this.#count(first, end, 1);
    return true;
  }

  /** @param {unknown} items  sentences by item */
  fail(items) {
    for (const [key, sentence] of Object.entries(Object(items))) {
      const index = Number(key);
      if (Number.isInteger(index) && index >= 0 && index < this.count) this.failed.set(index, String(sentence));
    }
  }

  /** @param {number} index */
  has(index) {
    return this.#have[index] === 1;
  }

  /** The first item that has no scores yet; how many there are where all have. */
  get lacking() {
    const first = this.#have.indexOf(0);
    return first < 0 ? this.count : first;
  }

  /** Whether an item is taken for something else than it is; false where either is not known. @param {number} index */
  isMistake(index) {
    const [truth, predicted] = [this.truth[index], this.predicted[index]];
    return truth !== predicted && truth !== UNKNOWN && predicted !== UNKNOWN;
  }

  /** How many items of one class are taken for another, or for what they are. @param {number} truth @param {number} predicted */
  pair(truth, predicted) {
    return this.#counts.get(pairOf(truth, predicted)) ?? 0;
  }

  /** The pairs that are mistakes, most frequent first; equal ones in order of classes. */
  get confused() {
    const pairs = [...this.#counts].map(([pair, count]) =>
      ({ truth: Math.floor(pair / (UNKNOWN + 1)), predicted: pair % (UNKNOWN + 1), count }));
    return pairs.filter(({ truth, predicted, count }) => truth !== predicted && count > 0)
      .sort((a, b) => b.count - a.count || a.truth - b.truth || a.predicted - b.predicted);
  }

  /** How many mistakes there are, and among how many items of which it can be said. */
  get tally() {
    let [wrong, among] = [0, 0];
    for (const [pair, count] of this.#counts) {
      among += count;
      if (Math.floor(pair / (UNKNOWN + 1)) !== pair % (UNKNOWN + 1)) wrong += count;
    }
    return { wrong, among };
  }

  /** @param {number} from @param {number} to @param {number} by */
  #count(from, to, by) {
    for (let i = from; i < to; i++) {
      const [truth, predicted] = [this.truth[i], this.predicted[i]];
      if (!this.#have[i] || truth === UNKNOWN || predicted === UNKNOWN) continue;
      const key = pairOf(truth, predicted);
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + by);
    }
  }
}
