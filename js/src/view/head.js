/** The first band: tools over the picture they act on, tabs over the panel they change. */

import { tip } from "../lib/keys.js";
import { h, hide, setAttr, setText } from "./dom.js";
import { iconButton } from "./fields.js";
import { variantName } from "./frame.js";
import { icon } from "./icons.js";
import { createKeep } from "./keep.js";
import { PANELS, panelsFor, takePanel } from "./panels.js";
import { createQuestion } from "./question.js";
import { takeTool, TOOLS, toolsFor } from "./tools.js";
import { createTravel } from "./travel.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 */

/** @param {Context} context */
export function createHead(context) {
  const tools = createTools(context);
  const tabs = createTabs(context);
  const history = createTravel(context);
  const question = createQuestion(context);
  const value = h("span.variant-name");
  const variant = h("button.variant-button", {
    type: "button", role: "combobox", "aria-label": "Variant", "aria-haspopup": "listbox",
    "aria-expanded": "false", "aria-controls": "cw-variants", title: tip("variant"),
  }, [value, icon("chevron")]);
  context.listen(variant, "click", () => context.act("variant"));
  const full = iconButton(context, {
    kind: "full-button", title: tip("fullscreen"), label: "Full screen", content: icon("full"),
    press: () => context.act("fullscreen"),
  });
  const element = h("div.head", {}, [
    h("div.head-picture", {}, [tools.element, ...question.elements, variant]),
    h("div.head-panel", {}, [tabs.element, h("div.head-actions", {}, [...history.elements, ...createKeep(context), full])]),
  ]);
  return {
    element,
    variant,
    /** @param {Frame} frame */
    update(frame) {
      const { store, view, ui } = frame;
      question.update(frame);
      setText(value, variantName(store, view.variant));
      setAttr(variant, "aria-expanded", String(ui.menu === "variant"));
      tools.update(frame);
      tabs.update(frame);
      history.update();
    },
  };
}

/**
 * One is active; with one alone there is nothing to choose.
 * @param {Context} context
 */
function createTools(context) {
  const ids = toolsFor(context.store);
  const inputs = ids.map((id) =>
    h("input", { type: "radio", name: "cw-tool", value: id, "aria-label": TOOLS[id].label }));
  const buttons = ids.map((id, i) => h("label.tool.icon-button", { title: tip(TOOLS[id].action) }, [inputs[i], icon(TOOLS[id].icon)]));
  const element = h("div.tools", { role: "radiogroup", "aria-label": "Tool", hidden: ids.length < 2 }, buttons);
  context.listen(element, "change", (event) =>
    takeTool(context, /** @type {any} */ (/** @type {HTMLInputElement} */ (event.target).value)));
  return {
    element,
    /** @param {Frame} frame */
    update({ ui }) {
      for (const input of inputs) if (input.checked !== (input.value === ui.tool)) input.checked = input.value === ui.tool;
    },
  };
}

/**
 * Tabs; a select where there is little room; with one panel alone its heading.
 * @param {Context} context
 */
function createTabs(context) {
  const ids = panelsFor(context.store);
  const alone = ids.length < 2;
  const count = h("span.quiet");
  const inputs = ids.map((id) => h("input", { type: "radio", name: "cw-tab", value: id }));
  const labels = ids.map((id, i) => {
    const { label, action } = PANELS[id];
    return h("label.tab", { title: action ? tip(action) : null }, [inputs[i], h("span", { text: label })]);
  });
  const row = h("div.tabs", { role: "radiogroup", "aria-label": "Panel", hidden: alone }, labels);
  const select = h("select.tab-select", { "aria-label": "Panel", hidden: alone },
    ids.map((id) => h("option", { value: id, text: PANELS[id].label })));
  const heading = h("h2.heading", { hidden: !alone }, ["Classes ", count]);
  const choose = (/** @type {Event} */ event) =>
    takePanel(context, /** @type {any} */ (/** @type {HTMLInputElement} */ (event.target).value));
  context.listen(row, "change", choose);
  context.listen(select, "change", choose);
  return {
    element: h("div.tabs-place", {}, [heading, row, select]),
    /** @param {Frame} frame */
    update({ store, ui }) {
      setText(count, String(store.classes.names.length));
      for (const input of inputs) if (input.checked !== (input.value === ui.tab)) input.checked = input.value === ui.tab;
      if (!alone) {
        const little = context.size.kind !== "wide" || store.meta.kind === "signal";
        hide(row, little);
        hide(select, !little);
        if (select.value !== ui.tab) select.value = ui.tab;
      }
    },
  };
}
