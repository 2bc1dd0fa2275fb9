/**
 * The opened item in the full widget, under its neighbours: the grid becomes a strip of one row, so that the next item is
 * a key away, and is as it was once the item is closed.
 */

import { createWatch } from "../../lib/changes.js";
import { h, hide, mark, setText } from "../../view/dom.js";
import { icon } from "../../view/icons.js";
import { fileOf, whole } from "../words.js";

/** @typedef {import("./context.js").Context} Context */

const NOWHERE = "This notebook shows no widget inside another. Show gallery.widget in a cell of its own.";

/**
 * @param {Context} context
 * @param {import("../summon.js").Summon} summon
 */
export function createOpened(context, summon) {
  const { store } = context;
  const words = h("span.g-which");
  const back = step(context, "Previous item", -1);
  const next = step(context, "Next item", 1);
  const close = h("button.icon-button", { type: "button", title: "Close (Esc)", "aria-label": "Close" }, [icon("cross")]);
  const place = h("div.g-child");
  const problem = h("p.g-note", { role: "status", hidden: true, text: NOWHERE });
  const differs = createWatch();
  let summoned = "";
  context.listen(close, "click", () => {
    store.set("opened", null);
    context.focusGrid();
  });
  return {
    element: h("section.g-opened", { "aria-label": "Opened item", hidden: true }, [
      h("div.g-nav", {}, [back, next, words, close]), place, problem,
    ]),
    /** Whether it is shown. */
    get open() {
      return store.view.opened !== null && store.child !== "";
    },
    update() {
      const { open } = this;
      hide(this.element, !open);
      mark(context.root, "open", open);
      const { opened } = store.view;
      if (!open || opened === null) return;
      if (summoned !== store.child) {
        summoned = store.child;
        place.replaceChildren();
        const el = h("div");
        place.append(el);
        hide(problem, true);
        summon(summoned, el, context.signal).catch(() => hide(problem, false));
      }
      const { order } = store;
      if (!differs(opened, order, store.thumb(opened))) return;
      const at = order.indexOf(opened);
      const file = fileOf(store, opened);
      setText(words, `item ${opened}${file ? `  ${file}` : ""}${at < 0 ? "" : `  ·  ${whole(at + 1)} of ${whole(order.length)}`}`);
      hide(back, at <= 0 || !store.canAsk);
      hide(next, at < 0 || at === order.length - 1 || !store.canAsk);
    },
  };
}

/** @param {Context} context @param {string} label @param {number} by */
function step({ store, listen }, label, by) {
  const element = h("button.icon-button", { class: `icon-button g-step-${by < 0 ? "back" : "on"}`, type: "button", title: label, "aria-label": label }, [icon("chevron")]);
  listen(element, "click", () => {
    const item = store.order[store.order.indexOf(store.view.opened ?? -1) + by];
    if (item !== undefined) store.set("opened", item);
  });
  return element;
}
