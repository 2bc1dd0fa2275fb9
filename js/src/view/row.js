/** One class in the list: its probability, or its evidence at the cell under the pointer. */

import { percent, plain, signed } from "../lib/format.js";
import { h, hide, mark, setAttr, setStyle, setText } from "./dom.js";

/** Where the zero of the evidence bars stands: evidence for a class needs more room than evidence against it. */
const ZERO = 30;
const REACH = 0.97;

/** @typedef {import("./frame.js").Frame} Frame */

/**
 * @param {number} target
 * @param {string} id
 * @param {Frame} frame
 */
export function createRow(target, id, { store }) {
  const name = store.classes.names[target] ?? `class ${target}`;
  const rank = h("span.rank");
  const label = h("span.name", { title: name }, [h("span.name-text", { text: name })]);
  if (store.classes.truth === target) label.append(h("span.truth", { text: "✓ label" }));
  const bar = h("span.bar");
  const before = h("span.before", { hidden: true });
  const track = h("span.track", {}, [bar, before]);
  const value = h("span.value");
  const probability = h("span.probability");
  const element = h("div.row", { role: "option", id, "data-target": target }, [rank, label, track, value, probability]);
  const parts = { rank, bar, before, value, track };
  return {
    element,
    /** @param {Frame} frame @param {boolean} active */
    update(frame, active) {
      setAttr(element, "aria-selected", String(frame.selected.target === target));
      mark(element, "active", active);
      mark(element, "waiting", frame.busy?.target === target && frame.selected.target !== target);
      setText(probability, quantity(frame.store.classes, target).text);
      if (frame.evidence) showEvidence(target, parts, frame);
      else showShare(target, parts, frame);
      showSide(target, rank, frame);
    },
  };
}

/**
 * Of two classes that are compared, which is which; the letter stands before the rank.
 * @param {number} target
 * @param {HTMLElement} rank
 * @param {Frame} frame
 */
function showSide(target, rank, { contrast, selected }) {
  const side = !contrast ? "" : target === selected.target ? "a" : target === contrast.rival ? "b" : "";
  setAttr(rank, "class", side ? `rank letter letter-${side}` : "rank");
  if (side) setText(rank, side.toUpperCase());
}

/** @typedef {Record<"rank" | "bar" | "before" | "value" | "track", HTMLElement>} RowParts  before: a tick on the bar */

/**
 * @param {number} target
 * @param {RowParts} parts
 * @param {Frame} frame
 */
function showShare(target, { rank, bar, before, value, track }, { store }) {
  const was = quantityBefore(store.classes, target);
  setAttr(track, "class", "track");
  setAttr(bar, "class", "bar");
  setStyle(bar, "left", "0%");
  setStyle(bar, "width", `${(100 * quantity(store.classes, target).share).toFixed(2)}%`);
  setText(rank, "");
  setText(value, was?.text ?? "");
  hide(before, !was);
  if (was) setStyle(before, "left", `${(100 * was.share).toFixed(2)}%`);
}

/**
 * @param {number} target
 * @param {RowParts} parts
 * @param {Frame} frame
 */
function showEvidence(target, { rank, bar, before, value, track }, { evidence }) {
  if (!evidence) return;
  hide(before, true);
  const v = evidence.column[target];
  const left = evidence.min < 0 ? ZERO / -evidence.min : Infinity;
  const scale = REACH * Math.min((100 - ZERO) / (evidence.max || 1), left);
  const length = Math.min(v < 0 ? ZERO : 100 - ZERO, Math.abs(v) * scale) || 0;
  setAttr(track, "class", "track axis");
  setAttr(bar, "class", `bar ${v < 0 ? "against" : "for"}`);
  setStyle(bar, "left", `${(v < 0 ? ZERO - length : ZERO).toFixed(2)}%`);
  setStyle(bar, "width", `${length.toFixed(2)}%`);
  const place = evidence.best.findIndex((best) => best.target === target);
  setText(rank, place < 0 ? "" : String(place + 1));
  setText(value, signed(v, Math.max(evidence.max, -evidence.min)));
}

/**
 * What the list sorts by: a probability, or the bare score of a model that gives none.
 * @param {import("../protocol.js").Classes} classes
 * @param {number} target
 * @returns {{text: string, share: number}}
 */
export function quantity(classes, target) {
  if (classes.probability !== "none") {
    const p = classes.probabilities[target];
    return { text: percent(p), share: Math.min(1, Math.max(0, p)) };
  }
  const score = classes.scores[target];
  let top = 0;
  for (const other of classes.scores) top = Math.max(top, other);
  return { text: plain(score), share: top > 0 ? Math.min(1, Math.max(0, score / top)) : 0 };
}

/**
 * The same before anything was painted over the picture; null where nothing is.
 * @param {import("../protocol.js").Classes} classes
 * @param {number} target
 */
export function quantityBefore(classes, target) {
  const { before } = classes;
  return before && quantity({ ...classes, probabilities: before, scores: before }, target);
}
