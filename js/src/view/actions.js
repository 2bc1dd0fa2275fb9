/** What the keys do, and the buttons that do the same. */

import { actionFor } from "../lib/keys.js";
import { resizeBrush } from "./brush.js";
import { stepRival, swap } from "./contrast.js";
import { swallow } from "./dom.js";
import { fillScreen } from "./fullscreen.js";
import { copyCode } from "./keep.js";
import { trained } from "./tested.js";
import { allOn } from "./unfolded.js";
import { PANELS, panelsFor, takePanel } from "./panels.js";
import { takeTool, TOOLS, toolsFor } from "./tools.js";
import { travel, WAYS } from "./travel.js";

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
 * What each key does that holds in the whole widget.
 * @param {Context} context
 * @param {Parts} parts
 * @returns {Partial<Record<Action, (key?: KeyboardEvent) => void>>}
 */
export function actionTable(context, parts) {
  /** @param {"variant" | "display" | "help"} menu */
  const toggle = (menu) => {
    const open = context.ui.menu !== menu;
    context.patch({ menu: open ? menu : null, preview: null });
    context.flush();
    if (open && menu === "variant") parts.variantsOpened();
  };
  return {
    "class-previous": () => stepClass(context, parts, -1),
    "class-next": () => stepClass(context, parts, 1),
    "layer-previous": () => stepLayer(context, -1),
    "layer-next": () => stepLayer(context, 1),
    variant: () => toggle("variant"),
    display: () => toggle("display"),
    help: () => toggle("help"),
    "rival-previous": () => stepClass(context, parts, -1, true),
    "rival-next": () => stepClass(context, parts, 1, true),
    swap: () => swap(context),
    field: () => context.patch({ field: !context.ui.field }),
    bare: (key) => {
      if (!key?.repeat) context.patch({ bare: key?.key === " " || !context.ui.bare });
    },
    search: () => {
      if (context.ui.tab !== "classes") takePanel(context, "classes");
      parts.search.focus({ preventScroll: true });
    },
    copy: () => void copyCode(context),
    fullscreen: () => void fillScreen(context),
    "brush-smaller": () => resizeBrush(context, -1),
    "brush-larger": () => resizeBrush(context, 1),
    back: () => back(context, parts),
    undo: () => travel(context, WAYS.undo),
    redo: () => travel(context, WAYS.redo),
    ...toolActions(context),
    ...panelActions(context),
  };
}

/**
 * @param {Context} context
 * @param {Parts} parts
 */
export function createActions(context, parts) {
  const { root } = context;
  const table = actionTable(context, parts);
  context.listen(root, "keydown", (event) => {
    const key = /** @type {KeyboardEvent} */ (event);
    const action = actionFor(key);
    if (!action || (ownsKey(key) && action !== "back")) return;
    table[action]?.(key);
    swallow(key);
  });
  context.listen(root, "keyup", (event) => {
    if (/** @type {KeyboardEvent} */ (event).key === " " && context.ui.bare) context.patch({ bare: false });
  });
  closeOutside(context);
  return (/** @type {Action} */ action) => table[action]?.();
}

/** A key for each tool. @param {Context} context @returns {Partial<Record<Action, () => void>>} */
const toolActions = (context) =>
  Object.fromEntries(toolsFor(context.store).map((id) => [TOOLS[id].action, () => takeTool(context, id)]));

/** And for panels; the same key leads back. @param {Context} context @returns {Partial<Record<Action, () => void>>} */
const panelActions = (context) => Object.fromEntries(panelsFor(context.store).flatMap((id) => {
  const { action } = PANELS[id];
  return action ? [[action, () => takePanel(context, context.ui.tab === id ? "classes" : id)]] : [];
}));

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
  if (target.matches("input[type=radio], input[type=range], select")) return NATIVE.test(key);
  if (target.matches("input[type=checkbox]")) return key === " ";
  if (target.matches("button")) return key === " " || key === "Enter";
  return false;
}

/**
 * One step out: the menu, the search, the waiting, what the tool holds, the tool; the preview, the bare photo, the pinned
 * cell; the region.
 * @param {Context} context
 * @param {Parts} parts
 */
function back(context, parts) {
  const { ui } = context;
  if (ui.menu) {
    const buttons = { variant: parts.variantButton, display: parts.displayButton, help: context.root };
    const button = buttons[ui.menu];
    context.patch({ menu: null, preview: null });
    // It may stand on a panel that is not shown.
    (button.getClientRects().length ? button : context.root).focus({ preventScroll: true });
  } else if (ui.query) context.patch({ query: "" });
  // Only once it is said that something is waited for: before, Escape means what is on the screen.
  else if (context.frame()?.busy && !context.store.waiting?.edits) context.store.cancel();
  else if (context.tools[ui.tool]?.back?.()) return;
  else if (ui.tool !== "explore") context.patch({ tool: "explore" });
  else if (allOn(context) || trained(context)) return;
  else if (ui.preview || ui.bare || ui.hover || ui.pinned || !context.store.view.region) {
    context.patch({ preview: null, bare: false, hover: null, pinned: null });
  } else context.store.set("region", null);
}

/**
 * @param {Context} context
 * @param {Parts} parts
 * @param {number} by
 * @param {boolean} [other]  of a contrast
 */
function stepClass(context, parts, by, other) {
  const frame = context.frame();
  if (!frame) return;
  const order = parts.order(frame);
  if (other && frame.contrast) return stepRival(context, order, by);
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
