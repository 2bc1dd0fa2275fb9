/** The keys, from the table that also handles them. */

import { h, hide } from "../../view/dom.js";
import { KEYS } from "../keys.js";

/** @param {import("./context.js").Context} context */
export function createHelp(context) {
  const rows = KEYS.map(([label, caps]) =>
    h("div.shortcut", {}, [h("span.caps", {}, caps.map((text) => h("kbd", { text }))), h("span", { text: label })]));
  const element = h("div.menu.g-help", { role: "dialog", "aria-label": "Keys", hidden: true }, rows);
  return {
    element,
    update() {
      hide(element, !context.ui.help);
    },
  };
}
