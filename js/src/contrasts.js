/**
 * The two maps of a contrast, A less gamma times B and B less gamma times A: worked out here where the variant is linear
 * in the score, so that no kernel is needed; of the other variants, what the kernel has sent.
 */

import { less, rivalOf } from "./lib/contrast.js";

/**
 * @typedef {import("./protocol.js").HeatMap} HeatMap
 * @typedef {import("./protocol.js").Selection} Selection
 * @typedef {import("./protocol.js").View} View
 * @typedef {import("./inbox.js").Inbox} Inbox
 * @typedef {{rival: number, gamma: number}} Wanted
 * @typedef {Readonly<{rival: number, gamma: number, left: HeatMap, right: HeatMap, exact: boolean}>} Pair  exact: with the
 *   gamma that is chosen
 */

export class Contrasts {
  #inbox;
  /** @type {Array<Pair & {a: HeatMap, b: HeatMap}>} worked out last: the same objects for the same maps */
  #made = [];
  /** @type {{key: string, pair: Pair} | null} what the kernel sent last, and is drawn until it sends another */
  #sent = null;

  /** @type {Readonly<{key: string, since: number}> | null} what the kernel was asked for, and is not here */
  owed = null;

  /** @param {Inbox} inbox */
  constructor(inbox) {
    this.#inbox = inbox;
  }

  /**
   * Class B of a view; null while no contrast is drawn, or where there is but one class.
   * @param {View} view
   */
  rival(view) {
    const { listed, classes } = this.#inbox;
    return view.contrast === "off" ? null : rivalOf(view, listed, classes.names.length, classes.truth);
  }

  /**
   * What is missing of the contrast of a view.
   * @param {View} view
   * @returns {Wanted | null}
   */
  missing(view) {
    const rival = this.rival(view);
    if (rival === null || this.#exact(view, rival, view.gamma)) return null;
    return { rival, gamma: view.gamma };
  }

  /**
   * What can be drawn: the contrast that is chosen; or what stood there of the same classes, or else both their maps.
   * @param {View} view
   * @returns {Pair | null}
   */
  drawn(view) {
    const rival = this.rival(view);
    if (rival === null) return null;
    const exact = this.#exact(view, rival, view.gamma);
    if (exact) return exact;
    const last = this.#sent;
    if (last && last.key === keyOf(view, rival) && this.#inbox.has(view)) return { ...last.pair, exact: false };
    const plain = this.#exact(view, rival, 0);
    return plain && { ...plain, exact: false };
  }

  /** Another image: nothing holds any more. */
  forget() {
    this.#made = [];
    this.#sent = this.owed = null;
  }

  /** Whether this was asked for already. @param {View} view @param {Wanted} wanted */
  owes(view, wanted) {
    return this.owed?.key === wantedKey(view, wanted);
  }

  /**
   * From now on this is asked for, or nothing.
   * @param {View} view
   * @param {Wanted | null} wanted
   * @param {number} now
   * @returns {boolean} whether that is new
   */
  owe(view, wanted, now) {
    const key = wanted && wantedKey(view, wanted);
    if (key === (this.owed?.key ?? null)) return false;
    this.owed = key ? Object.freeze({ key, since: now }) : null;
    return true;
  }

  /**
   * @param {Selection} selection
   * @param {number} rival
   * @param {number} gamma
   * @returns {Pair | null}
   */
  #exact(selection, rival, gamma) {
    const { variants } = this.#inbox;
    const linear = gamma === 0 || variants.some(({ id, linear: is }) => id === selection.variant && is);
    return linear ? this.#fromMaps(selection, rival, gamma) : this.#fromKernel(selection, rival, gamma);
  }

  /** @type {(selection: Selection, rival: number, gamma: number) => Pair | null} */
  #fromMaps(selection, rival, gamma) {
    const a = this.#inbox.map(selection);
    const b = this.#inbox.map({ ...selection, target: rival });
    if (!a || !b) return null;
    const known = this.#made.find((one) => one.a === a && one.b === b && one.gamma === gamma);
    if (known) return known;
    const [left, right] = [less(a, b, gamma), less(b, a, gamma)];
    if (!left || !right) return null;
    const made = Object.freeze({ rival, gamma, left, right, exact: true, a, b });
    this.#made = [made, ...this.#made.slice(0, 3)];
    return made;
  }

  /** @type {(selection: Selection, rival: number, gamma: number) => Pair | null} */
  #fromKernel(selection, rival, gamma) {
    const left = this.#inbox.contrast(selection, rival, gamma);
    const right = this.#inbox.contrast({ ...selection, target: rival }, selection.target, gamma);
    if (!left || !right) return null;
    const pair = Object.freeze({ rival, gamma, left, right, exact: true });
    this.#sent = { key: keyOf(selection, rival), pair };
    return pair;
  }
}

/** @param {Selection} selection @param {number} rival */
const keyOf = ({ target, layer, variant }, rival) => [layer, variant, target, rival].join("\u0000");

/** @param {Selection} selection @param {Wanted} wanted */
const wantedKey = (selection, { rival, gamma }) => `${keyOf(selection, rival)}\u0000${gamma}`;
