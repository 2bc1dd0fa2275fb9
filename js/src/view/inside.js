/** The panel that looks inside: the steps of the method on the live case, with their numbers. */

import { METHODS, INSTEAD } from "../lib/methods.js";
import { plain } from "../lib/format.js";
import { power, reach } from "../lib/unfold.js";
import { h, hide, mark, setAttr, setText } from "./dom.js";
import { className, variantName } from "./frame.js";
import { cellNoun } from "./kinds.js";
import { createRows } from "./inside_rows.js";
import { createSteps } from "./inside_steps.js";
import { footText } from "./inside_words.js";
import { formula } from "./math.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("../channels.js").Channels} Channels
 */

/** After so long (ms) what did not come is asked again: the work on it may have ended for the sake of a newer request. */
const AGAIN = 1500;

/** @param {Context} context */
export function createInside(context) {
  const { store } = context;
  const steps = createSteps(context);
  const numbers = createNumbers(context);
  const instead = createInstead(context);
  const element = h("div.inside", {}, [steps.element, numbers.element, instead.element]);
  let drawn = false;
  let clock = 0;
  context.signal.addEventListener("abort", () => clearTimeout(clock));
  return {
    element,
    left() {
      clearTimeout(clock);
      store.wish("inside", false);
    },
    /** @param {Frame} frame */
    update(frame) {
      const found = frame.unfolded?.found ?? null;
      const some = weighs(frame);
      const waits = some && !found && store.canAsk;
      store.wish("inside", true);
      clearTimeout(clock);
      // What was asked may have ended for the sake of something newer.
      if (waits) {
        clock = window.setTimeout(() => {
          if (!store.waiting) store.wish("inside", false);
          context.patch({});
        }, AGAIN);
      }
      // What a menu previews is on the picture; here stands what is chosen.
      if (frame.preview) return;
      mark(element, "waiting", waits && drawn);
      if (waits && drawn) return;
      drawn = some && found !== null;
      hide(steps.element, !some);
      if (some) steps.update(frame);
      instead.update(frame, drawn);
      hide(numbers.element, !drawn);
      if (some && found) numbers.update(frame, found);
    },
  };
}

/**
 * The formulas, and the channels with their numbers.
 * @param {Context} context
 */
function createNumbers(context) {
  const rows = createRows(context);
  const formulas = h("div.formulas");
  const note = h("div.inside-note");
  const [words, alpha] = [h("span.column-weight"), h("span.column-alpha")];
  const product = h("span", { title: "What the channel adds, cell by cell: all on one scale" });
  const header = h("div.channel-columns", { "aria-hidden": "true" }, [
    h("span", { text: "Channel" }), h("span", { text: "A", title: "Activation: each on its own scale" }), words, alpha, product,
    h("span.column-adds", { text: "adds", title: "Summed over the cells" }),
    h("span.column-share", { text: "share", title: "Of what all channels add: shares may be negative, or above 100 %" }),
  ]);
  const foot = h("div.inside-foot");
  const element = h("div.inside-parts", {}, [formulas, note, header, rows.element, foot]);
  let written = "";
  return {
    element,
    /** @param {Frame} frame @param {Channels} found */
    update(frame, found) {
      const { variant, channels, perCell } = found;
      const method = METHODS[variant];
      if (written !== variant) {
        written = variant;
        formulas.replaceChildren(formula(method.weight, method.weightText), formula(method.map, method.mapText));
      }
      setText(note, noteText(frame, found));
      setText(words, method.words);
      setAttr(words, "title", method.words);
      const { text } = power(reach(channels.flatMap(({ weight, plain: by }) => [weight, by ?? 0])));
      setText(alpha, `${perCell ? "mean w" : "α"}${text}`);
      setText(product, perCell ? "wA" : "αA");
      rows.update(frame, found);
      setText(foot, footText(found));
      setAttr(foot, "title", foot.textContent);
    },
  };
}

/** Whether the variant is a weighted sum of channels that this page knows the formula of. @param {Frame} frame */
function weighs({ store, drawn }) {
  const weights = store.variants.find(({ id }) => id === drawn.variant)?.weights ?? "none";
  return weights !== "none" && drawn.variant in METHODS;
}

/**
 * What the method does differently; of plain Grad-CAM the numbers of its formula.
 * @param {Frame} frame
 * @param {Channels} found
 */
function noteText({ store, drawn }, { variant, rectifiers, value, grid }) {
  const { note } = METHODS[variant];
  const cells = grid.reduce((all, side) => all * side, 1);
  if (!note) return `y = ${plain(value)}, ${wordOf(store)} of ${className(store, drawn.target)}; Z = ${cells} ${cellNoun(store)}s`;
  if (!variant.endsWith("_relu")) return note;
  if (rectifiers === 0) return "No rectifier lies above this layer: the same as Grad-CAM.";
  return note.replace("rectifiers above pass", rectifiers === 1 ? "the rectifier above passes" : `the ${rectifiers} rectifiers above pass`);
}

/** What is explained, as people call it. @param {Context["store"]} store */
const wordOf = ({ classes }) => (classes.unit === "logits" ? "the logit" : `the ${classes.unit}`);

/**
 * Where there are no channels to show: why, and the way out.
 * @param {Context} context
 */
function createInstead(context) {
  const words = h("p");
  const button = h("button.text-button", { type: "button", text: "Show Grad-CAM" });
  const element = h("div.instead", {}, [words, button]);
  context.listen(button, "click", () => {
    context.choose({ variant: "gradcam" });
    context.root.focus({ preventScroll: true });
  });
  return {
    element,
    /** @param {Frame} frame @param {boolean} here */
    update(frame, here) {
      hide(element, here);
      if (here) return;
      const { store, drawn } = frame;
      const some = weighs(frame);
      hide(button, some || !store.canAsk);
      const name = variantName(store, drawn.variant);
      if (!some) setText(words, INSTEAD[drawn.variant] ?? `${name} weighs no channels.`);
      else setText(words, store.canAsk ? "The channels come in a moment." : "The channels of this map are not in this page.");
    },
  };
}
