/** The help: the table of keys, over the panel. */

import { SHORTCUTS, cap } from "../lib/keys.js";
import { h, hide } from "./dom.js";

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("../lib/keys.js").Where} Where
 */

/** Which parts of the table hold for what is explained. */
const PARTS = Object.freeze({
  picture: ["picture"], signal: ["signal"], volume: ["picture", "volume"],
});

const TITLES = Object.freeze({
  widget: "Keys, while the widget has the focus", picture: "On the picture", signal: "On the signal",
  volume: "Through the volume",
});

/** @param {import("./context.js").Context} context */
export function createHelp({ store }) {
  // Of a signal it is always shaded.
  const without = store.meta.kind === "signal" ? "field" : null;
  const parts = /** @type {Where[]} */ (["widget", ...(PARTS[store.meta.kind] ?? PARTS.picture)]);
  const element = h("div.menu.help", { role: "dialog", "aria-label": "Keys", tabindex: -1, hidden: true }, [
    ...parts.map((where) => section(TITLES[where], where, without)),
  ]);
  return {
    element,
    /** @param {Frame} frame */
    update({ ui }) {
      hide(element, ui.menu !== "help");
    },
  };
}

/**
 * @param {string} title
 * @param {Where} where
 * @param {import("../lib/keys.js").Action | null} without
 */
function section(title, where, without) {
  const rows = SHORTCUTS.filter((shortcut) => shortcut.where === where && shortcut.action !== without).map(({ keys, label }) =>
    h("div.shortcut", {}, [h("span.caps", {}, keys.map((key) => h("kbd", { text: cap(key) }))), label]));
  return h("section", {}, [h("h3", { text: title }), h("div.shortcuts", {}, rows)]);
}
