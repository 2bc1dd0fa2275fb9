/** The help: the table of keys, over the panel. */

import { filmed } from "../lib/film.js";
import { SHORTCUTS, cap } from "../lib/keys.js";
import { h, hide } from "./dom.js";
import { TOOLS, toolsFor } from "./tools.js";

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("../lib/keys.js").Where} Where
 * @typedef {import("../lib/keys.js").Action} Action
 */

/** Which parts of the table hold for what is explained. */
const PARTS = Object.freeze({
  picture: ["picture", "matrix"], signal: ["signal", "matrix"], volume: ["picture", "volume", "matrix"],
});

const TITLES = Object.freeze({
  widget: "Keys, while the widget has the focus", picture: "On the picture", signal: "On the signal",
  volume: "Through the volume", matrix: "In the matrix", film: "Through the pictures",
});

/** @param {import("./context.js").Context} context */
export function createHelp({ store }) {
  const without = absentIn(store);
  const parts = /** @type {Where[]} */ (["widget", ...(filmed(store) ? ["film"] : []), ...(PARTS[store.meta.kind] ?? PARTS.picture)]);
  const element = h("div.menu.help", { role: "dialog", "aria-label": "Keys", tabindex: 0, hidden: true }, [
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
 * What has no meaning for what is explained here.
 * @param {import("../store.js").Store} store
 * @returns {Action[]}
 */
function absentIn(store) {
  const offered = toolsFor(store);
  /** @type {Action[]} */
  const absent = Object.keys(TOOLS).flatMap((id) =>
    offered.includes(/** @type {any} */ (id)) ? [] : [TOOLS[/** @type {import("./tools.js").ToolId} */ (id)].action]);
  if (absent.includes("poke")) absent.push("brush-smaller", "brush-larger");
  // Of a signal it is always shaded.
  if (store.meta.kind === "signal") absent.push("field");
  return absent;
}

/**
 * @param {string} title
 * @param {Where} where
 * @param {Action[]} without
 */
function section(title, where, without) {
  const rows = SHORTCUTS.filter((shortcut) => shortcut.where === where && !without.includes(shortcut.action)).map(({ keys, label }) =>
    h("div.shortcut", {}, [h("span.caps", {}, keys.map((key) => h("kbd", { text: cap(key) }))), label]));
  return h("section", {}, [h("h3", { text: title }), h("div.shortcuts", {}, rows)]);
}
