/**
 * The states that were visited, and where among them one stands, by the kernel's own rule (`camwidget/history.py`): a
 * committed change cuts off what lies ahead and is added; going back and forward only moves the place. So it works
 * while the kernel is busy, and where there is none.
 */

import { HISTORY_KEYS, HISTORY_LENGTH } from "../protocol.js";
import { equal } from "./changes.js";

/** @typedef {import("../protocol.js").State} State */

/** @param {Record<string, any>} state @returns {any[]} its values in the order of the wire */
const rowOf = (state) => HISTORY_KEYS.map((name) => state[name] ?? null);

/** @param {any[]} row @returns {State} */
const stateOf = (row) => /** @type {any} */ (Object.fromEntries(HISTORY_KEYS.map((name, i) => [name, row[i]])));

/** @typedef {ReturnType<typeof createHistory>} History */

/** @param {Record<string, any>} first  the state at the beginning */
export function createHistory(first) {
  let states = [rowOf(first)];
  let at = 0;
  return {
    get at() { return at; },
    get length() { return states.length; },

    /** A committed change. @param {Record<string, any>} state */
    visit(state) {
      const row = rowOf(state);
      if (equal(states[at], row)) return;
      states = [...states.slice(0, at + 1), row].slice(-HISTORY_LENGTH);
      at = states.length - 1;
    },

    /** The state so many steps away, or null. @param {number} by */
    peek: (by) => (states[at + by] ? stateOf(states[at + by]) : null),

    /** @param {number} by */
    move(by) {
      if (states[at + by]) at += by;
    },

    /**
     * The kernel's list, where it ends at what is shown: else something is still on its way.
     * @param {any} trail
     * @param {Record<string, any>} shown
     * @returns {boolean} whether it was taken
     */
    adopt(trail, shown) {
      const kernel = trail?.states;
      if (!Array.isArray(kernel) || !kernel.every((row) => Array.isArray(row) && row.length === HISTORY_KEYS.length)) return false;
      if (!kernel[trail.at] || !equal(kernel[trail.at], rowOf(shown))) return false;
      states = kernel;
      at = trail.at;
      return true;
    },
  };
}
