/** The panel of small multiples: classes or variants over the layers, or how far the variants agree. */

import { h, hide, mark, setAttr, setText } from "./dom.js";
import { createDisagreement } from "./disagreement.js";
import { segmented } from "./fields.js";
import { className, variantName } from "./frame.js";
import { createGrid, shownStages } from "./matrix_grid.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {Frame["ui"]["matrix"]} Choice
 */

const CHOICES = Object.freeze({ classes: "Classes", variants: "Variants", disagreement: "Disagreement" });

/** What each of them lacks is asked for while it is shown. */
const WISHES = Object.freeze({ classes: "class rows", variants: "variant rows", disagreement: "variants" });

/** Widths of the panel below which the words stand in the grid's corner, the bar is set tighter, and has two lines. */
const BESIDE = 560;
const TIGHT = 340;
const TIGHTEST = 250;

/** @param {Context} context */
export function createMatrix(context) {
  const { store } = context;
  const choice = segmented(context, {
    label: "Compare", name: "matrix-choice", options: CHOICES,
    choose: (value) => context.patch({ matrix: /** @type {Choice} */ (value), preview: null }),
  });
  const words = h("span.matrix-words");
  const same = h("input", { type: "checkbox", "aria-label": "Same scale" });
  const check = h("label.check", { title: "One scale for each layer; relative variants keep their own" }, [
    same, h("span", {}, ["Same", h("span.same-word", { text: " scale" })]),
  ]);
  const grid = createGrid(context);
  const disagreement = createDisagreement(context);
  const bar = h("div.matrix-bar", {}, [choice.element, words, check]);
  const element = h("div.matrix", {}, [bar, grid.element, disagreement.element]);
  context.listen(same, "change", () => context.patch({}));
  /** @type {Choice | null} */
  let last = null;
  const left = () => {
    if (last) store.wish(WISHES[last], false);
    last = null;
  };
  return {
    element,
    left,
    /** @param {Frame} frame */
    update(frame) {
      const { matrix } = frame.ui;
      const room = roomOf(context);
      if (last !== matrix) left();
      last = matrix;
      store.wish(WISHES[matrix], true);
      choice.update(matrix);
      const compares = matrix === "disagreement";
      hide(check, compares);
      hide(grid.element, compares);
      hide(disagreement.element, !compares);
      mark(element, "tight", room < TIGHT);
      mark(element, "tightest", room < TIGHTEST);
      const beside = room >= BESIDE;
      const lines = compares ? [""] : wordsOf(frame, room, same.checked, !beside);
      setText(words, beside ? lines.join(", ") : "");
      setAttr(words, "title", words.textContent);
      if (compares) disagreement.update(frame, room);
      else grid.update(frame, room, same.checked, beside ? "" : lines.join("\n"));
    },
  };
}

/** How wide the panel is. @param {Context} context */
function roomOf({ size }) {
  if (size.kind === "one") return size.width;
  return size.outer - size.width - 114; // the borders, two paddings, two gaps, the colour bar
}

/**
 * What the grid shows, and on which scale: small pictures that do not say so lie.
 * @param {Frame} frame
 * @param {number} room
 * @param {boolean} same
 * @param {boolean} short
 * @returns {string[]} two lines
 */
function wordsOf(frame, room, same, short) {
  const { store, ui, selected } = frame;
  const all = store.layers.filter(({ stage }) => stage).length;
  const some = shownStages(frame, room).length;
  const whose = ui.matrix === "variants" && !short ? `, for ${className(store, selected.target)}` : "";
  const layers = `${some < all ? `${short ? "" : "by "}${some} of ${all} layers` : "by layer"}${whose}`;
  const slow = store.variants.find(({ id }) => id === selected.variant)?.slow && ui.matrix === "classes";
  if (slow) return [layers, short ? "click makes one" : `${variantName(store, selected.variant)} is slow: a click makes a map`];
  if (same) return [layers, "one scale a layer"];
  return [layers, short ? "own scale each" : "each on its own scale"];
}
