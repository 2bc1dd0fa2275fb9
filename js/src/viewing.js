/** What the user has chosen, and how it is displayed: the two-way traits, as they are by now. */

import { equal } from "./lib/changes.js";
import { TRAITS_TWO_WAY } from "./protocol.js";
import { DEFAULTS, DISPLAY } from "./selection.js";

/**
 * @typedef {import("./protocol.js").View} View
 * @typedef {import("./selection.js").Display} Display
 * @typedef {import("./host.js").Host} Host
 */

export class Viewing {
  #host;
  /** @type {Set<Display>} set here and not yet saved: the kernel's older value must not jump in */
  #dragged = new Set();
  /** @type {View} */
  view;

  /** @param {Host} host */
  constructor(host) {
    this.#host = host;
    this.view = Object.freeze(/** @type {View} */ ({ ...DEFAULTS, ...host.traits(TRAITS_TWO_WAY) }));
  }

  /** @param {Partial<View>} part */
  put(part) {
    this.view = Object.freeze({ ...this.view, ...part });
    this.#host.note("view");
  }

  /**
   * @template {Display} N
   * @param {N} name
   * @param {View[N]} value
   * @returns {boolean} whether it is another value
   */
  set(name, value) {
    if (equal(this.view[name], value)) return false;
    this.put(/** @type {Partial<View>} */ ({ [name]: value }));
    return true;
  }

  /** @param {Display} name */
  drag(name) {
    this.#dragged.add(name);
  }

  /** @param {Display} name */
  drop(name) {
    this.#dragged.delete(name);
  }

  /** Takes over the kernel's settings, but those that are being dragged. @param {Set<string>} names */
  read(names) {
    const open = DISPLAY.filter((name) => names.has(name) && !this.#dragged.has(name));
    // Of some settings null is a value.
    const empty = open.filter((name) => DEFAULTS[name] === null && this.#host.get(name) === null);
    const next = { ...Object.fromEntries(empty.map((name) => [name, null])), ...this.#host.traits(open) };
    const known = /** @type {Record<string, unknown>} */ (this.view);
    if (Object.entries(next).some(([name, value]) => !equal(known[name], value))) this.put(next);
  }
}
