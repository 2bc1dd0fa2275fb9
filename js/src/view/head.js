/** The first band: the question over the picture, the panel's heading over the panel. */

import { tip } from "../lib/keys.js";
import { h, setAttr, setText } from "./dom.js";
import { iconButton } from "./fields.js";
import { className, variantName } from "./frame.js";
import { icon } from "./icons.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 */

/** @param {Context} context */
export function createHead(context) {
  const subject = h("b");
  const question = h("h2.question", {}, ["Why ", subject, "?"]);
  const value = h("span.variant-name");
  const variant = h("button.variant-button", {
    type: "button", role: "combobox", "aria-label": "Variant", "aria-haspopup": "listbox",
    "aria-expanded": "false", "aria-controls": "cw-variants", title: tip("variant"),
  }, [value, icon("chevron")]);
  context.listen(variant, "click", () => context.act("variant"));
  const count = h("span.quiet");
  const heading = h("h2.heading", {}, ["Classes ", count]);
  const full = iconButton(context, {
    kind: "full-button", title: tip("fullscreen"), label: "Full screen", content: icon("full"),
    press: () => context.act("fullscreen"),
  });
  const element = h("div.head", {}, [
    h("div.head-picture", {}, [question, variant]),
    h("div.head-panel", {}, [heading, full]),
  ]);
  return {
    element,
    variant,
    /** @param {Frame} frame */
    update({ store, view, ui, selected }) {
      const name = className(store, selected.target);
      setText(subject, name);
      setAttr(question, "title", `Why ${name}?`);
      setText(value, variantName(store, view.variant));
      setAttr(variant, "aria-expanded", String(ui.menu === "variant"));
      setText(count, String(store.classes.names.length));
    },
  };
}
