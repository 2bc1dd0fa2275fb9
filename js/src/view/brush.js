/** The brush that pokes, and the row that sets it: it stands where opacity and sign do otherwise. */

import { FILLS } from "../protocol.js";
import { h, hide, setAttr } from "./dom.js";
import { segmented, slider } from "./fields.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {{size: number, mode: import("../protocol.js").Edit["mode"], fill: import("../protocol.js").Edit["fill"],
 *   painting: boolean}} Brush  size: its diameter, as a share of the picture's shorter side; painting: a stroke is under way
 */

/** @type {Readonly<Brush>} */
export const BRUSH = Object.freeze({ size: 0.2, mode: "cover", fill: FILLS[0], painting: false });

const SIZES = Object.freeze({ least: 0.02, most: 1 });

/** By how much one press of a key changes the size. */
const STEP = 1.25;

const MODES = Object.freeze({ cover: "Cover", uncover: "Uncover", keep: "Keep" });
const NAMES = Object.freeze({ mean: "Mean", blur: "Blur", noise: "Noise" });
const TITLES = Object.freeze({ mean: "The picture's mean colour", blur: "The picture, blurred", noise: "Noise of the picture's own pixels" });

/** Its radius in pixels of the input. @param {Brush} brush @param {readonly number[]} input */
export const radiusOf = ({ size }, input) => (size * Math.min(...input)) / 2;

/** @param {Context} context @param {Partial<Brush>} part */
export const setBrush = (context, part) => context.patch({ brush: Object.freeze({ ...context.ui.brush, ...part }) });

/** @param {Context} context @param {number} size */
const setSize = (context, size) => setBrush(context, { size: Math.min(SIZES.most, Math.max(SIZES.least, size)) });

/**
 * @param {Context} context
 * @param {1 | -1} by
 */
export function resizeBrush(context, by) {
  if (context.ui.tool === "poke") setSize(context, context.ui.brush.size * STEP ** by);
}

/** @param {Context} context */
export function createBrushRow(context) {
  const size = slider(context, { label: "Brush", kind: "brush-size", set: (value) => setSize(context, value) });
  const mode = segmented(context, {
    label: "Painting", name: "brush-mode", options: MODES, choose: (value) => setBrush(context, { mode: /** @type {any} */ (value) }),
  });
  const fill = h("select.brush-fill", { "aria-label": "Covered with" }, FILLS.map((value) =>
    h("option", { value, text: NAMES[value] })));
  context.listen(fill, "change", () => setBrush(context, { fill: /** @type {any} */ (fill.value) }));
  const clear = h("button.text-button.brush-clear", { type: "button", text: "Clear", title: "Take all strokes off the picture (Esc)" });
  context.listen(clear, "click", () => clearPainting(context.store));
  const element = h("div.brush-row", { hidden: true }, [size.element, mode.element, fill, clear]);
  return {
    element,
    /** @param {Frame} frame */
    update({ ui, store }) {
      hide(element, ui.tool !== "poke");
      if (element.hidden) return;
      size.update(ui.brush.size);
      mode.update(ui.brush.mode);
      if (fill.value !== ui.brush.fill) fill.value = ui.brush.fill;
      setAttr(fill, "title", TITLES[ui.brush.fill]);
      setAttr(clear, "disabled", store.edits.length === 0);
    },
  };
}

/**
 * Takes all strokes off the picture.
 * @param {Context["store"]} store
 * @returns {boolean} whether that can be
 */
export function clearPainting(store) {
  if (!store.paint([])) return false;
  store.painted();
  return true;
}
