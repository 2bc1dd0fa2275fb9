/** Back and forward through what was looked at. */

import { tip } from "../lib/keys.js";
import { setAttr } from "./dom.js";
import { iconButton } from "./fields.js";
import { icon } from "./icons.js";

/** @typedef {import("./context.js").Context} Context */

/** Steps through the history. */
export const WAYS = Object.freeze({ undo: -1, redo: 1 });

/**
 * What is being dragged is left, too.
 * @param {Context} context
 * @param {number} by
 */
export function travel(context, by) {
  const { store } = context;
  const { target } = store.view;
  store.travel(by);
  // The two of a contrast have been swapped: back again, so that the same two are compared.
  if (store.view.rival === store.view.target && target !== store.view.target) store.set("rival", target);
  context.patch({ draft: null, preview: null, pinned: null });
}

/** @param {Context} context */
export function createTravel(context) {
  const buttons = /** @type {Array<keyof typeof WAYS>} */ (Object.keys(WAYS)).map((way) => ({
    by: WAYS[way],
    element: iconButton(context, {
      kind: `${way}-button`, title: tip(way), label: way === "undo" ? "Undo" : "Redo", content: icon(way),
      press: () => context.act(way),
    }),
  }));
  return {
    elements: buttons.map(({ element }) => element),
    update() {
      // Not `disabled`: the focus would be lost with the last step, and with it the keys.
      for (const { by, element } of buttons) setAttr(element, "aria-disabled", context.store.canTravel(by) ? null : "true");
    },
  };
}
