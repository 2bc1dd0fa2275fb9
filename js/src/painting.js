/** What is painted over the picture: the user's while a request is out, then what the network has looked at. */

import { equal } from "./lib/changes.js";
import { tooMany } from "./lib/edits.js";
import { FULL, NO_KERNEL } from "./notices.js";

/** @typedef {import("./protocol.js").Edit} Edit */

export class Painting {
  #seen;
  #note;
  /** @type {readonly Edit[]} what the kernel will have once it has answered all that was sent */
  #told;
  /** @type {readonly Edit[]} */
  edits;

  /**
   * @param {() => readonly Edit[]} seen  what the network has looked at
   * @param {() => void} note  is told of other edits
   */
  constructor(seen, note) {
    this.#seen = seen;
    this.#note = note;
    this.edits = this.#told = seen();
  }

  /** The network has not answered for what is painted. */
  get unseen() {
    return !equal(this.edits, this.#seen());
  }

  /**
   * Why these cannot be painted, or null.
   * @param {readonly Edit[]} edits
   * @param {boolean} canAsk
   */
  problem(edits, canAsk) {
    if (!canAsk) return NO_KERNEL;
    return tooMany(edits) ? FULL : null;
  }

  /** @param {readonly Edit[]} edits */
  have(edits) {
    if (edits === this.edits) return;
    this.edits = edits;
    this.#note();
  }

  /** What the request that is sent now says: null where the kernel has them. */
  tell() {
    const edits = this.unseen || !equal(this.edits, this.#told) ? this.edits : null;
    this.#told = this.edits;
    return edits;
  }

  /** All was answered, or will not be: what the network has looked at holds. */
  settle() {
    this.have(this.#told = this.#seen());
  }
}
