/** The steps from the input to the map as one row of small pictures. */

import { createWatch } from "../lib/changes.js";
import { grid } from "../lib/format.js";
import { SIGNED_COLORMAP } from "../protocol.js";
import { createCells, shapeOf } from "./cells_thumb.js";
import { h, hide, setAttr, setText, svg } from "./dom.js";
import { layerOf } from "./frame.js";
import { createThumbPainter, drained } from "./thumbs.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 */

const SIDE = 52;
const ARROW = "M0 4h60M56 1l4 3-4 3";

/** @param {Context} context */
export function createSteps(context) {
  const [input, activation, sum, map] = ["input", "A", "signed", "map"].map(createStep);
  const [forward, weigh, cut] = ["forward", "× α, sum", "ReLU"].map(createArrow);
  const parts = [input, forward, activation, weigh, sum, cut, map];
  const element = h("div.steps", {}, parts.map(({ element: one }) => one));
  const paint = createThumbPainter();
  // A signal is seen beside, all of it.
  for (const part of [input, forward]) hide(part.element, context.store.meta.kind === "signal");
  const drawCells = createCells();
  const differs = createWatch();
  return {
    element,
    /** @param {Frame} frame */
    update(frame) {
      const { store, drawn, unfolded, view } = frame;
      const { found = null, whole = null, alone = null } = unfolded ?? {};
      const layer = layerOf(store, drawn.layer);
      const relu = store.variants.find(({ id }) => id === drawn.variant)?.relu ?? true;
      const channel = alone ?? found?.channels[0] ?? null;
      setText(input.size, ` ${grid(store.meta.input)}`);
      setText(sum.size, ` ${grid(layer?.grid ?? [])}`);
      setText(map.size, ` ${grid(store.meta.input)}`);
      setText(activation.words, `A: ${layer?.channels ?? found?.count ?? "all"} maps`);
      setAttr(activation.canvas, "title", channel ? `Activation of channel ${channel.number}` : null);
      setText(weigh.words, found?.perCell ? "× w, sum" : "× α, sum");
      setText(cut.words, relu ? "ReLU" : "no ReLU");
      const photo = context.poster ?? context.photo;
      const { luts } = store;
      if (!differs(whole?.values, channel, photo, luts, view.colormap, context.dpr, relu)) return;
      const side = Math.round(SIDE * context.dpr);
      drawInput(input.canvas, photo, side);
      drawCells(activation.canvas, channel?.activation ?? null, luts, view.colormap, side, shapeOf(store));
      const plain = { ...frame, view: { ...view, sign: /** @type {const} */ ("positive") }, lut: luts[view.colormap] ?? frame.lut };
      const both = { ...frame, view: { ...view, sign: /** @type {const} */ ("signed") }, lut: luts[SIGNED_COLORMAP] ?? frame.lut };
      paint(sum.canvas, whole, both, photo, side, layer);
      paint(map.canvas, whole, relu ? plain : both, photo, side, layer);
    },
  };
}

/** @param {string} name */
function createStep(name) {
  const canvas = h("canvas.thumb");
  const words = h("span", { text: name });
  const size = h("span.step-size");
  return { element: h("div.step", {}, [canvas, h("span", {}, [words, size])]), canvas, words, size };
}

/** @param {string} name */
function createArrow(name) {
  const words = h("span", { text: name });
  const line = svg(ARROW, "arrow");
  line.setAttribute("viewBox", "0 0 61 8");
  return { element: h("div.step-to", {}, [words, line]), words };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./thumbs.js").Photo | null} photo
 * @param {number} side
 */
function drawInput(canvas, photo, side) {
  canvas.width = canvas.height = side;
  const drawing = canvas.getContext("2d");
  if (!drawing || !photo) return;
  const base = drained(photo, side, 1);
  drawing.drawImage(base, Math.round((side - base.width) / 2), Math.round((side - base.height) / 2));
}
