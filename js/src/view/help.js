/** The help: the table of keys, over the panel. */

import { SHORTCUTS, cap } from "../lib/keys.js";
import { h, hide } from "./dom.js";

/** @typedef {import("./frame.js").Frame} Frame */

export function createHelp() {
  const element = h("div.menu.help", { role: "dialog", "aria-label": "Keys", tabindex: -1, hidden: true }, [
    section("Keys, while the widget has the focus", "widget"),
    section("On the picture", "picture"),
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
 * @param {"widget" | "picture"} where
 */
function section(title, where) {
  const rows = SHORTCUTS.filter((shortcut) => shortcut.where === where).map(({ keys, label }) =>
    h("div.shortcut", {}, [h("span.caps", {}, keys.map((key) => h("kbd", { text: cap(key) }))), label]));
  return h("section", {}, [h("h3", { text: title }), h("div.shortcuts", {}, rows)]);
}
