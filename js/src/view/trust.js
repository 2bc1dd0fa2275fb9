/** The panel that puts the map to the test: a question a card, a number, and how to read it. Runs while it is open. */

import { createWatch } from "../lib/changes.js";
import { percent } from "../lib/format.js";
import { area, decimal, line, ordinal } from "../lib/trust.js";
import { createCells, shapeOf } from "./cells_thumb.js";
import { chart } from "./chart.js";
import { correlation } from "./disagreement.js";
import { h, hide, setAttr, setStyle, setText } from "./dom.js";
import { variantName } from "./frame.js";
import { cellNoun } from "./kinds.js";
import { drawnText, stepOf, UNTESTED } from "./tested.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("../trust.js").Trust} Trust
 */

/** By deletion, then by insertion. */
const QUESTIONS = Object.freeze(["Does the class fall when the hot $s go?", "Does it come back with them?"]);
const GOOD = Object.freeze(["lower", "higher"]);
const LAYERS = "Does the map depend on what was learned?";
const CAVEAT = "Passing these does not prove a map right; failing one is a reason to doubt it.";
const ABSENT = "The tests of this map are not in this page: they need a kernel.";
const THUMB = 44;

/** @param {Context} context */
export function createTrust(context) {
  const { store } = context;
  const curves = [0, 1].map((test) => createCurve(context, test));
  const layers = createLayers(context);
  const how = h("span.test-state", { role: "status" });
  const button = h("button.text-button", { type: "button" });
  const absent = h("p.untested", { text: ABSENT });
  const cards = h("div.tests", {}, [...curves.map(({ element }) => element), layers.element]);
  const element = h("div.trust", {}, [absent, cards, h("div.test-foot", {}, [h("span", { text: CAVEAT }), how, button])]);
  /** @type {Trust | null} what is shown */
  let shown = null;
  const running = () => !context.ui.trust.halted && !shown?.done;
  context.listen(button, "click", () => {
    const halted = running();
    store.wish("tests", false);
    if (!halted && shown?.done) store.distrust(shown);
    store.wish("tests", !halted);
    context.patch({ trust: { ...context.ui.trust, halted } });
  });
  return {
    element,
    left() {
      store.wish("tests", false);
      shown = null;
      context.patch({ trust: UNTESTED });
    },
    /** @param {Frame} frame */
    update(frame) {
      const { ui, preview } = frame;
      // What a menu previews is on the picture; here stands what is chosen.
      if (preview) return;
      if (!ui.trust.halted) store.wish("tests", true);
      const found = store.trust(frame.drawn);
      shown = found;
      hide(absent, found !== null || store.canAsk);
      hide(cards, found === null && !store.canAsk);
      for (const curve of curves) curve.update(frame, found);
      layers.update(frame, found);
      setText(how, stateText(found, ui.trust.halted || !store.canAsk));
      hide(button, !store.canAsk || (found?.done === true && !found.faults.curves && !found.faults.layers));
      setText(button, running() ? "Cancel" : found?.done ? "Run again" : "Go on");
    },
  };
}

/** How far the tests are; nothing where they are done. @param {Trust | null} found @param {boolean} halted */
function stateText(found, halted) {
  if (found?.done) return "";
  const points = found ? found.curves[0].length : 0;
  const { fractions = [], similarity = [], modules = [], areas = [], variants = [] } = found ?? {};
  const [what, done, all] = points < fractions.length || !found ? ["curves", points, fractions.length] :
    similarity.length < modules.length || !modules.length ? ["layers", similarity.length, modules.length] :
    ["variants", areas.length / 2, variants.length];
  return `${halted ? "Stopped at" : "Running:"} ${what}${all ? ` ${done} of ${all}` : ""}`;
}

/** @param {string} title @param {Node} number @param {Node[]} words @param {Node[]} side @param {Node[]} [below] */
const card = (title, number, words, side, below = []) => h("section.test", {}, [
  h("div.test-head", {}, [h("h3", { text: title }), number]),
  h("div.test-body", {}, [h("div.test-words", {}, words), h("div.test-side", {}, side)]), ...below,
]);

/** A test by which pixels go, or come back. @param {Context} context @param {number} test */
function createCurve({ store }, test) {
  const noun = cellNoun(store);
  const [words, rank] = [h("p"), h("p")];
  const drawing = chart(["uniform", "random", "own"]);
  const number = h("b.test-number");
  const element = card(QUESTIONS[test].replace("$", noun), number, [words, rank], [drawing.element]);
  const differs = createWatch();
  return {
    element,
    /** @param {Frame} frame @param {Trust | null} found */
    update({ drawn }, found) {
      if (!differs(found, drawn.variant)) return;
      const lines = (found?.curves ?? []).slice(3 * test, 3 * test + 3);
      const at = found?.fractions ?? [];
      const top = Math.max(0, ...lines.flatMap((values) => [...values]).filter(Number.isFinite));
      drawing.draw([2, 1, 0].map((i) => (lines[i] ? line(at, lines[i], top) : "")));
      const [own, random, uniform] = [0, 1, 2].map((i) => area(at, lines[i] ?? []));
      const ends = lines[0]?.length ? [lines[0][0], lines[0][lines[0].length - 1]].map(percent) : [];
      const told = ends.length ? `Probability from ${ends.join(" to ")}` : "No curve yet";
      for (const name of ["aria-label", "title"]) setAttr(drawing.element, name, told);
      setText(number, decimal(own));
      const fault = found?.faults.curves;
      setText(words, fault ? String(fault) :
        `Area below the probability; ${GOOD[test]} is better. Grey: ${noun}s in random order, ${decimal(random)}. ` +
        `Dotted: single ${store.meta.kind === "signal" ? "sample" : "pixel"}s, ${decimal(uniform)}.`);
      setText(rank, fault ? "" : rankText(store, found, test, own));
    },
  };
}

/**
 * Where the variant stands among the others that are known.
 * @param {Context["store"]} store
 * @param {Trust | null} found
 * @param {number} test
 * @param {number} own
 */
function rankText(store, found, test, own) {
  if (!found?.areas.length) return "";
  const areas = Array.from({ length: found.areas.length / 2 }, (_, i) => found.areas[2 * i + test]);
  const better = (/** @type {number} */ a, /** @type {number} */ b) => (test ? a > b : a < b) && Math.abs(a - b) > 0.0005;
  const place = areas.filter((other) => better(other, own)).length + 1;
  const best = areas.reduce((at, value, i) => (better(value, areas[at]) ? i : at), 0);
  const name = `${variantName(store, found.variants[best])}, ${decimal(areas[best])}`;
  return `${ordinal(place)} of ${areas.length + 1} variants. ${place > 1 ? "Best" : "Next"}: ${name}.`;
}

/** The slider from the trained network to one with random weights. @param {Context} context */
function createLayers(context) {
  const words = h("p");
  const number = h("b.test-number");
  const drawing = chart(["uniform", "own"]);
  const input = h("input", { type: "range", min: 0, max: 0, step: 1, value: 0, "aria-label": "Layers drawn at random" });
  const [left, right] = [h("canvas.cells"), h("canvas.cells")];
  const drawCells = createCells();
  setAttr(drawing.element, "aria-label", "Rank correlation after each step");
  const element = card(LAYERS, number, [words], [left, right], [drawing.element, input]);
  const differs = createWatch();
  context.listen(input, "input", () => context.patch({ trust: { ...context.ui.trust, step: Number(input.value) }, touched: true }));
  return {
    element,
    /** @param {Frame} frame @param {Trust | null} found */
    update(frame, found) {
      const { store, view } = frame;
      const step = stepOf(frame, found);
      if (!differs(found, step, store.luts, view.colormap, context.dpr)) return;
      const { similarity = [], guided = [], modules = [], maps = [], faults = {} } = found ?? {};
      const last = similarity.length;
      setAttr(input, "max", Math.max(1, last));
      input.value = String(step);
      input.disabled = !last;
      setStyle(input, "--fill", `${last ? (100 * step) / last : 0}%`);
      setAttr(input, "aria-valuetext", found && step ? drawnText(found, step) : "as trained");
      const all = modules.length || 1;
      setStyle(input, "width", `${(100 * Math.max(1, last)) / all}%`);
      const at = [1, ...similarity].map((_, i) => i / all);
      drawing.draw([guided, similarity].map((values) => (Number.isFinite(values[0]) ? line(at, [1, ...values], 1) : "")));
      setText(number, correlation(similarity[(step || last) - 1] ?? NaN));
      setText(words, faults.layers ? String(faults.layers) : layersText(found, step));
      for (const [canvas, map] of /** @type {const} */ ([[left, maps[0]], [right, maps[step || last]]])) {
        drawCells(canvas, map ?? null, store.luts, view.colormap, Math.round(THUMB * context.dpr), shapeOf(store));
      }
    },
  };
}

/** @param {Trust | null} found @param {number} step */
function layersText(found, step) {
  const how = "A good map changes: near 1 it ignores what was learned.";
  const last = found?.similarity.length;
  if (!found || !last) return `Layers are drawn at random, the last first. ${how}`;
  const guided = found.guided[(step || last) - 1];
  const beside = Number.isFinite(guided) ? ` Dotted: guided backpropagation, ${correlation(guided)}.` : "";
  const blank = found.maps[step || last].values.some(Boolean) ? "" : ": a blank map";
  return `Rank correlation with ${drawnText(found, step || last)}${blank}. ${how}${beside}`;
}
