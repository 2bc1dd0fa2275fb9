/** What the keys do, and the buttons that do the same. */

import { actionFor } from "../lib/keys.js";
import { swallow } from "./dom.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("../lib/keys.js").Action} Action
 * @typedef {import("./frame.js").Frame} Frame
 *
 * @typedef {object} Parts  what actions reach for
 * @property {HTMLInputElement} search
 * @property {(frame: Frame) => number[]} order  classes as they are listed
 * @property {HTMLElement} variantButton
 * @property {HTMLElement} displayButton
 * @property {() => void} variantsOpened
 */

/** Keys that a native radio, slider or text field needs for itself. */
const NATIVE = /^(Arrow|Home|End|Page| $)/;

/**
 * @param {Context} context
 * @param {Parts} parts
 */
export function createActions(context, parts) {
  const { root } = context;
  /** @param {"variant" | "display" | "help"} menu */
  const toggle = (menu) => {
    const open = context.ui.menu !== menu;
    context.patch({ menu: open ? menu : null, preview: null });
    context.flush();
    if (open && menu === "variant") parts.variantsOpened();
  };
  /** @type {Partial<Record<Action, () => void>>} */
  const table = {
    "class-previous": () => stepClass(context, parts, -1),
    "class-next": () => stepClass(context, parts, 1),
    "layer-previous": () => stepLayer(context, -1),
    "layer-next": () => stepLayer(context, 1),
    variant: () => toggle("variant"),
    display: () => toggle("display"),
    help: () => toggle("help"),
    field: () => context.patch({ field: !context.ui.field }),
    search: () => parts.search.focus({ preventScroll: true }),
    fullscreen: () => void (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen?.()),
    back: () => back(context, parts),
  };
  context.listen(root, "keydown", (event) => {
    const key = /** @type {KeyboardEvent} */ (event);
    const action = actionFor(key);
    if (!action || (ownsKey(key) && action !== "back")) return;
    if (action === "bare") {
      if (!key.repeat) context.patch({ bare: key.key === "0" ? !context.ui.bare : true });
    } else table[action]?.();
    swallow(key);
  });
  context.listen(root, "keyup", (event) => {
    if (/** @type {KeyboardEvent} */ (event).key === " " && context.ui.bare) context.patch({ bare: false });
  });
  closeOutside(context);
  return (/** @type {Action} */ action) => table[action]?.();
}

/**
 * A menu closes when something else is pressed.
 * @param {Context} context
 */
function closeOutside(context) {
  context.listen(document, "pointerdown", (event) => {
    if (!context.ui.menu) return;
    const path = event.composedPath();
    const kept = path.some((node) => node instanceof Element && node.matches(
      ".menu, .variant-button, .display-button, .help-button, .threshold, .colorbar"));
    if (!kept || !path.includes(context.root)) context.patch({ menu: null, preview: null });
  });
}

/** @param {KeyboardEvent} event */
function ownsKey({ key, target }) {
  if (!(target instanceof Element)) return false;
  if (target.matches("input[type=radio], input[type=range]")) return NATIVE.test(key);
  if (target.matches("button")) return key === " " || key === "Enter";
  return false;
}

/**
 * One step out: the menu, the search, the preview, the bare photo, the pinned cell.
 * @param {Context} context
 * @param {Parts} parts
 */
function back(context, parts) {
  const { ui } = context;
  if (ui.menu) {
    const buttons = { variant: parts.variantButton, display: parts.displayButton, help: context.root };
    const button = buttons[ui.menu];
    context.patch({ menu: null, preview: null });
    button.focus({ preventScroll: true });
  } else if (ui.query) context.patch({ query: "" });
  else if (context.store.waiting) context.store.cancel();
  else context.patch({ preview: null, bare: false, hover: null, pinned: null });
}

/**
 * @param {Context} context
 * @param {Parts} parts
 * @param {number} by
 */
function stepClass(context, parts, by) {
  const frame = context.frame();
  if (!frame) return;
  const order = parts.order(frame);
  const at = order.indexOf(context.store.view.target);
  context.choose({ target: order[Math.min(order.length - 1, Math.max(0, at + by))] });
}

/**
 * @param {Context} context
 * @param {number} by
 */
function stepLayer(context, by) {
  const { store, root } = context;
  const at = store.layers.findIndex(({ name }) => name === store.view.layer);
  const layer = store.layers[Math.min(store.layers.length - 1, Math.max(0, at + by))];
  if (!layer) return;
  context.choose({ layer: layer.name });
  const focused = /** @type {ShadowRoot} */ (root.getRootNode()).activeElement;
  if (!focused?.matches("[data-layer]")) return;
  for (const item of root.querySelectorAll("[data-layer]")) {
    if (/** @type {HTMLElement} */ (item).dataset.layer === layer.name) /** @type {HTMLElement} */ (item).focus();
  }
}
