/** What can stand beside the picture, one at a time: a tab each. */

import { createClassesPanel } from "./classes_panel.js";
import { hide } from "./dom.js";
import { createInside } from "./inside.js";
import { createMatrix } from "./matrix.js";
import { createTrust } from "./trust.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {"classes" | "matrix" | "inside" | "trust"} PanelId
 * @typedef {import("../lib/keys.js").Action} Action
 *
 * @typedef {object} Panel
 * @property {HTMLElement} element
 * @property {(frame: Frame) => void} update  called only while it is shown
 * @property {() => void} [left]  it is no longer shown
 *
 * @typedef {object} PanelOffer
 * @property {string} label
 * @property {readonly import("../protocol.js").Meta["kind"][]} kinds  of inputs that it is for
 * @property {Action} [action]  its key; pressed again, it leads back to the first
 * @property {(store: Context["store"]) => boolean} [has]  whether there is anything to show; without it, always
 */

/** @type {Readonly<Record<PanelId, PanelOffer>>} in the order of the tabs */
export const PANELS = Object.freeze({
  classes: { label: "Classes", kinds: ["picture", "signal", "volume"] },
  matrix: { label: "Matrix", kinds: ["picture", "signal", "volume"], action: "matrix" },
  inside: { label: "Inside", kinds: ["picture", "signal"], action: "inside", has: (store) => store.canAsk || store.holdsChannels },
  trust: { label: "Trust", kinds: ["picture", "signal"], action: "trust", has: (store) => store.canAsk || store.holdsTrust },
});

/** Each with what other parts reach for. @param {Context} context */
export const createPanels = (context) => ({
  classes: createClassesPanel(context),
  matrix: createMatrix(context),
  inside: createInside(context),
  trust: createTrust(context),
});

/**
 * Those that are for what is explained here.
 * @param {Context["store"]} store
 */
export const panelsFor = (store) =>
  /** @type {PanelId[]} */ (Object.keys(PANELS)).filter((id) => {
    const { kinds, has = () => true } = PANELS[id];
    return kinds.includes(store.meta.kind) && has(store);
  });

/**
 * @param {Context} context
 * @param {PanelId} tab
 */
export function takePanel(context, tab) {
  if (!panelsFor(context.store).includes(tab)) return;
  context.patch({ tab, preview: null });
  context.flush();
  // What had the focus may have gone, and keys would go to the notebook.
  const focused = /** @type {ShadowRoot} */ (context.root.getRootNode()).activeElement;
  if (focused && !focused.getClientRects().length) context.root.focus({ preventScroll: true });
}

/**
 * Keeps the panel that is chosen in sight, and the others still.
 * @param {Context} context
 * @param {Readonly<Record<PanelId, Panel>>} panels
 */
export function createSwitch(context, panels) {
  const shown = panelsFor(context.store);
  /** @type {PanelId | null} */
  let last = null;
  return {
    elements: shown.map((id) => panels[id].element),
    /** @param {Frame} frame */
    update(frame) {
      if (last && last !== frame.ui.tab) panels[last].left?.();
      last = frame.ui.tab;
      for (const id of shown) {
        hide(panels[id].element, id !== frame.ui.tab);
        if (id === frame.ui.tab) panels[id].update(frame);
      }
    },
  };
}
