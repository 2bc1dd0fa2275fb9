/**
 * Asking for thumbnails: for what is in sight and lacks them, the newest request only. The kernel drops older ones that
 * it has not begun, and answers every one.
 */

import { MOST_ITEMS } from "./protocol.js";

/** Milliseconds between two requests, at least: scrolling passes by more than can be answered. */
const PAUSE = 100;

/** An item that so many answers did not bring is given up. */
const TRIES = 3;

export class Asking {
  #send;
  #now;
  #seq = 0;
  /** @type {Set<number>} what the newest request named and is not here yet; empty once it is answered */
  #due = new Set();
  /** @type {Map<number, number>} how often an item was asked for in vain */
  #tries = new Map();
  /** @type {number[]} in sight, and lacking */
  #wanted = [];
  #last = -Infinity;
  #timer = 0;
  /** @type {number | null} when the request was sent that is not answered yet */
  since = null;
  /** From this number on, answers are of the maps that are wanted now. */
  valid = 0;

  /**
   * @param {(request: {kind: "thumbs", seq: number, items: number[]}) => void} send
   * @param {() => number} [now]  milliseconds
   */
  constructor(send, now = () => performance.now()) {
    this.#send = send;
    this.#now = now;
  }

  /**
   * Asks for these items, at once or after the pause.
   * @param {number[]} items  what is in sight and not here, the most urgent first
   */
  want(items) {
    this.#wanted = items.filter((index) => (this.#tries.get(index) ?? 0) < TRIES).slice(0, MOST_ITEMS);
    if (!this.#wanted.length || this.#wanted.every((index) => this.#due.has(index)) || this.#timer) return;
    const wait = this.#last + PAUSE - this.#now();
    if (wait > 0) this.#timer = /** @type {any} */ (setTimeout(() => this.#ask(), wait));
    else this.#ask();
  }

  /**
   * @param {number} seq
   * @param {Iterable<number>} items  that it brought, failed ones included
   * @param {boolean} more  whether others come behind it
   */
  answered(seq, items, more) {
    for (const index of items) {
      this.#due.delete(index);
      this.#tries.delete(index);
    }
    if (seq !== this.#seq || more) return;
    for (const index of this.#due) this.#tries.set(index, (this.#tries.get(index) ?? 0) + 1);
    this.#due.clear();
    this.since = null;
  }

  /** Other maps are wanted from now on: answers that are under way are of no use. */
  renew() {
    this.#due.clear();
    this.#tries.clear();
    this.#last = -Infinity;
    this.since = null;
    this.valid = this.#seq + 1;
  }

  stop() {
    clearTimeout(this.#timer);
  }

  #ask() {
    this.#timer = 0;
    if (!this.#wanted.length || this.#wanted.every((index) => this.#due.has(index))) return;
    this.#seq += 1;
    this.#last = this.since = this.#now();
    this.#due = new Set(this.#wanted);
    this.#send({ kind: "thumbs", seq: this.#seq, items: this.#wanted });
  }
}
