/** The status line: what is measured, or what is the matter and the way out. */

import { grid, ms, plain } from "../lib/format.js";
import { empty } from "../lib/heat.js";
import { tip } from "../lib/keys.js";
import { h, hide } from "./dom.js";
import { same } from "../selection.js";
import { contrastLine } from "./contrast_words.js";
import { className, variantName } from "./frame.js";
import { icon } from "./icons.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {{kind: "ready" | "busy" | "warning" | "error", words: Array<string | {strong: string}>, hint?: string,
 *   side: string, button?: {text: string, press: () => void}}} Line
 */

/** After so many seconds a busy kernel is not the only guess. */
const LOST = 10;

/** @param {Context} context */
export function createStatus(context) {
  const lead = h("span.lead");
  const words = h("span.words", { role: "status" });
  const inline = h("button.text-button", { type: "button", hidden: true });
  const side = h("span.side");
  const cancel = h("button.text-button", { type: "button", text: "Cancel", hidden: true });
  const help = h("button.help-button", { type: "button", text: "?", title: tip("help"), "aria-label": "Help" });
  const element = h("div.status", {}, [lead, words, inline, side, cancel, help]);
  /** @type {Line | null} */
  let line = null;
  let drawn = "";
  context.listen(inline, "click", () => line?.button?.press());
  context.listen(cancel, "click", () => context.store.cancel());
  context.listen(help, "click", () => context.act("help"));
  return {
    element,
    /** @param {Frame} frame */
    update(frame) {
      line = lineOf(frame, context.size.kind === "one");
      const key = JSON.stringify([line.kind, line.words, line.hint, line.side, line.button?.text]);
      if (key === drawn) return;
      drawn = key;
      element.dataset.kind = line.kind;
      const warns = line.kind === "warning" || line.kind === "error";
      lead.replaceChildren(warns ? icon("warning") : h("span", { class: line.kind === "busy" ? "ring" : "led" }));
      // The seconds tick beside the words, not in them: a status that is read out every second is noise.
      if (line.kind === "busy" || words.dataset.key !== key) showWords(words, line, key);
      // Nor is a share of the work that grows several times a second.
      words.setAttribute("aria-live", frame.store.status.state === "busy" ? "off" : "polite");
      hide(inline, !line.button);
      inline.textContent = line.button?.text ?? "";
      side.textContent = side.title = line.side;
      hide(cancel, line.kind !== "busy");
      hide(help, line.kind === "busy");
    },
  };
}

/**
 * @param {HTMLElement} element
 * @param {Line} line
 * @param {string} key
 */
function showWords(element, { words, hint }, key) {
  const said = words.map((word) => (typeof word === "string" ? word : word.strong)).join("");
  const gap = said.endsWith(".") ? " " : "  ·  ";
  const text = hint ? said + gap + hint : said;
  element.dataset.key = key;
  if (element.title === text) return;
  element.title = text;
  element.replaceChildren(...words.map((word) => (typeof word === "string" ? word : h("b", { text: word.strong }))));
  if (hint) element.append(gap, h("span.way-out", { text: hint }));
}

/**
 * The most pressing first.
 * @param {Frame} frame
 * @param {boolean} short
 * @returns {Line}
 */
function lineOf(frame, short) {
  const { store, busy } = frame;
  const { status, meta } = store;
  const place = short ? "" : `${meta.model} · ${where(frame)}`;
  if (frame.ui.said !== null) return { kind: "ready", words: [frame.ui.said], side: "" };
  if (busy) return busyLine(frame, short);
  if (status.state === "error") return { kind: "error", words: [status.text], hint: status.hint, side: place };
  const contrast = contrastLine(frame, short, place);
  if (contrast) return contrast;
  // What is said of A's own map is not said of the contrast.
  const about = frame.contrast?.pair ? false : !status.about || same(status.about, frame.drawn);
  if (frame.blank) return blankLine(frame, place, short, about ? status : null);
  if (about && status.state === "warning") {
    return { kind: "warning", words: [status.text], hint: status.hint, side: place };
  }
  if (store.stackInfo?.note) return { kind: "warning", words: [store.stackInfo.note], side: place };
  const variant = short ? "" : variantName(store, frame.drawn.variant);
  // The word about a slow map that was given up stands until the network's run at hand is over.
  const said = status.state === "ready";
  const facts = [said ? status.text : "", meta.model, where(frame), variant, timing(frame), short ? "" : meta.device];
  const words = [facts.filter(Boolean).join("  ·  ")];
  return { kind: "ready", words, hint: about && said ? status.hint : "", side: short ? "" : meta.preprocessing };
}

/** @param {Frame} frame */
function where({ drawn, map }) {
  if (!map) return drawn.layer;
  return `${drawn.layer}${map.grid.length === 1 ? "," : ""} ${grid(map.grid)}`;
}

/** What was measured belongs to the chosen maps, not to a preview. @param {Frame} frame */
function timing({ store, preview }) {
  const info = store.stackInfo;
  return info && !preview && Number.isFinite(info.ms) ? ms(info.ms) : "";
}

/**
 * @param {Frame} frame
 * @param {boolean} short
 * @returns {Line}
 */
function busyLine({ store, busy }, short) {
  const { shown, status, goal } = store;
  const { layer, variant, target, since } = busy ?? { ...shown, since: 0 };
  const other = variant !== shown.variant ? variantName(store, variant) : className(store, target);
  const part = layer !== shown.layer ? layer : other;
  const what = { strong: goal === null ? part : `picture ${goal + 1}` };
  const seconds = Math.round((Date.now() - since) / 1000);
  if (status.state === "busy") return { kind: "busy", words: [{ strong: status.text }], side: `${seconds} s` };
  const lost = short ? ["No answer. Restarted? Run the cell again."] :
    ["The kernel does not answer. It is busy, or was restarted: then run the cell again."];
  const free = short ? "Busy; the newest stroke will be answered." :
    "Kernel is busy. The newest stroke is answered when it is free.";
  if (store.waiting?.edits && seconds <= LOST) return { kind: "busy", words: [free], side: seconds > 0 ? `waiting ${seconds} s` : "waiting" };
  return {
    kind: "busy",
    words: seconds > LOST ? lost : short ? ["Busy; ", what, " will come."] :
      ["Kernel is busy. What you have seen still answers; ", what, " will come when it is free."],
    side: seconds > 0 ? `waiting ${seconds} s` : "waiting",
  };
}

/**
 * @param {Frame} frame
 * @param {string} place
 * @param {boolean} short
 * @param {import("../protocol.js").Status | null} said  what the kernel says of this map; of a preview it says nothing
 * @returns {Line}
 */
function blankLine({ store, drawn, limits, map, view }, place, short, said) {
  const negative = view.sign === "positive" && limits.min < 0;
  if (said?.state === "warning" && !negative) {
    return { kind: "warning", words: [said.text], hint: said.hint, side: place };
  }
  if (map && empty(map.values)) {
    const what = Number.isFinite(store.classes.scores[drawn.target]) ? "gradients" : "scores";
    return { kind: "warning", words: [`No map: the model's ${what} are not numbers.`], side: place };
  }
  const name = { strong: className(store, drawn.target) };
  if (view.sign === "negative" && limits.max > 0) {
    return {
      kind: "warning",
      words: short ? ["Blank map: none is negative."] :
        ["Blank map: nothing here speaks against ", name, ` (${plain(limits.min)} to ${plain(limits.max)}).`],
      side: place,
      button: { text: "Show positive", press: () => store.set("sign", "positive", { commit: true }) },
    };
  }
  if (negative) {
    const values = limits.max < 0 ? "negative" : "zero or negative";
    return {
      kind: "warning",
      words: short ? [`Blank map: all ${values}.`] :
        ["Blank map: every weighted value for ", name, ` is ${values} (${plain(limits.min)} to ${plain(limits.max)}).`],
      side: place,
      button: { text: "Show signed", press: () => store.set("sign", "signed", { commit: true }) },
    };
  }
  const why = store.stackInfo?.note ?? "the score does not change with anything this layer sees.";
  return { kind: "warning", words: ["Blank map: every value for ", name, ` is zero: ${why}`], side: place };
}
