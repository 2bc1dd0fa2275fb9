/**
 * Where the user has been, and what of it the kernel is still to be told. A request says itself what is selected; the
 * settings of a state that was gone back or forward to travel with it.
 */

import { equal } from "./lib/changes.js";
import { createHistory } from "./lib/history.js";
import { HISTORY_KEYS } from "./protocol.js";
import { DISPLAY } from "./selection.js";

/**
 * @typedef {import("./protocol.js").State} State
 * @typedef {{at: number | null} & Record<string, any>} Visit  what a request says of it; at null: left again meanwhile
 */

/** Of a state what is no selection. */
export const SETTINGS = DISPLAY.filter((name) => HISTORY_KEYS.some((key) => key === name));

/** @param {Record<string, any>} state */
const settingsOf = (state) => Object.fromEntries(SETTINGS.map((name) => [name, state[name]]));

export class Visits {
  #history;
  /** @type {Visit | null} for the next request */
  #untold = null;
  /** @type {Visit | null} sent, and not answered: a request that was lost is sent again */
  #unheard = null;
  /** The last request told of one. */
  #told = false;
  /** The kernel's list may be newer than ours. */
  #news = true;

  /** @param {State} state  at the beginning */
  constructor(state) {
    this.#history = createHistory(state);
  }

  /** The state so many steps back (negative) or forward, or null. @param {number} by */
  peek(by) {
    return this.#history.peek(by);
  }

  /**
   * Goes there.
   * @param {number} by
   * @param {State} state  as it is there
   */
  go(by, state) {
    this.#history.move(by);
    this.#untold = { ...settingsOf(state), at: this.#history.at };
  }

  /**
   * A committed change.
   * @param {State} state
   * @param {boolean} busy  a request is out
   * @returns {boolean} whether a request must follow: the kernel may hear of a state gone to after it hears of this
   */
  changed(state, busy) {
    this.#history.visit(state);
    const late = this.#untold !== null || (this.#told && busy);
    if (late) this.#untold = { ...settingsOf(state), at: null };
    return late;
  }

  /**
   * A committed change of what is painted, of which the kernel is told by a request: those that were sent meanwhile, with
   * a stroke half done, count for nothing.
   * @param {State} state
   * @returns {boolean} whether it is a change
   */
  committed(state) {
    const before = this.#history.peek(0);
    this.#history.visit(state);
    if (equal(before?.edits, state.edits)) return false;
    this.#untold = { ...settingsOf(state), at: null };
    return true;
  }

  /** What the request that is sent now says. */
  tell() {
    const visit = this.#untold ?? this.#unheard;
    this.#untold = null;
    this.#unheard = visit;
    this.#told = visit !== null;
    return visit;
  }

  /** What was sent was answered. */
  heard() {
    this.#unheard = null;
  }

  /** The kernel's list is to be looked at again. */
  renew() {
    this.#news = true;
  }

  /**
   * Takes the kernel's list, if it is newer and all is settled.
   * @param {any} trail
   * @param {State} state
   * @returns {boolean} whether it was taken
   */
  adopt(trail, state) {
    if (!this.#news || !this.#history.adopt(trail, state)) return false;
    this.#news = false;
    return true;
  }
}
