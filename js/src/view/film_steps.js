/** From picture to picture of a film, by keys and by the strip; and from what a mistake is called to what it is. */

import { filmed, isMistake, nextMistake, stepTo } from "../lib/film.js";
import { actionFor } from "../lib/keys.js";
import { swallow } from "./dom.js";

/** @typedef {import("./context.js").Context} Context */
/** @typedef {import("../store.js").Store} Store */

/**
 * @param {Context} context
 * @param {number} index
 */
export function goTo(context, index) {
  context.store.look(index);
  context.patch({ touched: true, preview: null, pinned: null });
}

/**
 * @param {Context} context
 * @param {number} by  places of the strip
 */
export const step = (context, by) => goTo(context, stepTo(context.order, context.store.index, by));

/**
 * What the picture on screen is called and what it is, where these are two.
 * @param {Store} store
 * @returns {{called: number, truth: number} | null}
 */
export function mistake(store) {
  const { reel, meta } = store;
  if (!filmed(store) || !isMistake(reel, meta.index)) return null;
  return { called: reel.called[meta.index] ?? 0, truth: reel.truth[meta.index] ?? 0 };
}

/**
 * What each key of the film does.
 * @param {Context} context
 * @returns {Partial<Record<import("../lib/keys.js").Action, () => void>>}
 */
export function filmTable(context) {
  const { store } = context;
  return {
    "picture-previous": () => step(context, -1),
    "picture-next": () => step(context, 1),
    "mistake-next": () => {
      const index = nextMistake(store.reel, context.order, store.index);
      if (index !== null) goTo(context, index);
    },
    "truth": () => {
      const found = mistake(store);
      if (found) context.choose({ target: store.view.target === found.truth ? found.called : found.truth });
    },
  };
}

/**
 * The keys of the film go before all others, wherever the focus is but in a text field; a tool that changes something on
 * the picture keeps those that it shares.
 * @param {Context} context
 */
export function listenFilmKeys(context) {
  const { store, root } = context;
  const table = filmTable(context);
  root.addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (!filmed(store) || target.matches("input[type=search], input[type=text], textarea")) return;
    if (event.shiftKey && context.ui.tool !== "explore" && target.matches(".picture")) return;
    const action = actionFor(event, "film");
    const act = action && table[action];
    if (!act) return;
    act();
    swallow(event);
  }, { capture: true, signal: context.signal });
}
