/** The poke test: what is painted is covered, and the network answers again. Alt paints back, Shift draws a box. */

import { clearPainting, radiusOf } from "./brush.js";
import { createCover } from "./cover.js";
import { h, hide, mark, setStyle } from "./dom.js";
import { createPainting } from "./painting.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Spot} Spot
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./tools.js").Tool} Tool
 */

const STEPS = Object.freeze({ "cell-up": [-1, 0], "cell-down": [1, 0], "cell-left": [0, -1], "cell-right": [0, 1] });

/** @param {Context} context @returns {Tool} */
export function createPoke(context) {
  const { store } = context;
  const cover = createCover();
  const painting = createPainting(context);
  const ring = h("div.brush", { hidden: true, "aria-hidden": "true" });
  /** @type {Spot | null} where the brush is */
  let at = null;
  // the answer to a stroke that has ended is worth saying
  let untold = false;
  return {
    layers: [cover.canvas, ring],
    update(frame, width, height) {
      const active = frame.ui.tool === "poke";
      mark(context.root, "poking", active);
      if (!active) at = null;
      cover.draw(context, width, height);
      hide(ring, !at);
      if (at) place(ring, at, frame, width, height);
      if (!untold || store.waiting) return;
      untold = false;
      queueMicrotask(context.announceCell);
    },
    down(spot, event) {
      at = spot;
      painting.begin(spot, { box: event.shiftKey, back: event.altKey });
      context.patch({});
      return true;
    },
    move(spot) {
      at = spot;
      painting.goOn(spot, false);
      context.patch({});
      return true;
    },
    up(spot, event) {
      // what is cancelled has no place
      if (event.type === "pointerup") painting.goOn(spot, true);
      if (event.pointerType !== "mouse") at = null;
      untold = painting.end() || untold;
    },
    leave() {
      at = null;
      context.patch({});
    },
    click: () => true,
    key(action, event) {
      if (action === "pin") {
        if (event.repeat) return true;
        painting.begin((at ??= middle()));
        untold = painting.end() || untold;
      } else if (action in STEPS) {
        at = stepped(at ?? middle(), STEPS[/** @type {keyof typeof STEPS} */ (action)], context.frame());
      } else return false;
      context.patch({});
      return true;
    },
    back: () => painting.drop() || store.edits.length > 0 && clearPainting(store),
  };
}

/** @returns {Spot} */
const middle = () => ({ fx: 0.5, fy: 0.5 });

/**
 * A cell further, in the map's own steps.
 * @param {Spot} spot
 * @param {readonly number[]} by  rows, columns
 * @param {Frame | null} frame
 * @returns {Spot}
 */
function stepped({ fx, fy }, [down, right], frame) {
  const [rows, columns] = frame?.map?.grid ?? [8, 8];
  const on = (/** @type {number} */ share) => Math.min(1 - 1e-9, Math.max(0, share));
  return { fx: on(fx + right / columns), fy: on(fy + down / rows) };
}

/**
 * @param {HTMLElement} ring
 * @param {Spot} at
 * @param {Frame} frame
 * @param {number} width
 * @param {number} height
 */
function place(ring, { fx, fy }, { store, ui }, width, height) {
  const [rows, columns] = store.meta.input;
  const size = 2 * radiusOf(ui.brush, store.meta.input);
  const [across, down] = [(size * width) / columns, (size * height) / rows];
  setStyle(ring, "width", `${across.toFixed(1)}px`);
  setStyle(ring, "height", `${down.toFixed(1)}px`);
  setStyle(ring, "transform", `translate(${(fx * width - across / 2).toFixed(1)}px, ${(fy * height - down / 2).toFixed(1)}px)`);
}
