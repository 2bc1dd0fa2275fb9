/** The class list: listed classes first, all others below by probability; a search over every name. */

import { createWatch } from "../lib/changes.js";
import { search } from "../lib/search.js";
import { cap } from "../lib/keys.js";
import { h, hide, mark, setAttr, setStyle, setText } from "./dom.js";
import { className } from "./frame.js";
import { cellName, cellNoun } from "./kinds.js";
import { icon } from "./icons.js";
import { createRow } from "./row.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {{active: number, chosen: number, top: number}} State  of the search; the class last followed; scrolled by
 */

const ROW = 29;

/** Rows made ahead of the scrolling reader. */
const AHEAD = 12;
const MOST_RESULTS = 200;

/** What the last column is called. @type {Record<string, string>} */
const COLUMNS = { none: "Score", share: "Share" };

/** @param {Context} context */
export function createClasses(context) {
  const input = h("input", { type: "search", autocomplete: "off", spellcheck: "false", "aria-controls": "cw-list" });
  const hint = h("kbd", { text: cap("/") });
  const field = h("label.search", {}, [icon("search"), input, hint]);
  const title = h("span.column-name");
  const unit = h("span.column-value");
  const last = h("span.column-probability");
  const header = h("div.columns", { "aria-hidden": "true" }, [title, unit, last]);
  const spacer = h("div.spacer", { role: "presentation" });
  const list = h("div.list", { id: "cw-list", role: "listbox", tabindex: 0, "aria-label": "Classes" });
  const note = h("div.note");
  const element = h("div.classes", {}, [field, header, list, note]);
  const order = createOrder(context);
  const rows = createRows(list, spacer);
  /** @type {State} */
  const state = { active: 0, chosen: -1, top: 0 };
  listenList(context, list, state);
  listenSearch(context, input, list, order, state);
  return {
    element,
    input,
    order,
    /** The classes were replaced: names and probabilities are new. */
    reset: () => rows.reset(),
    /** @param {Frame} frame */
    update(frame) {
      const { store, ui, evidence } = frame;
      const invitation = store.classes.names.length === 1 ? "Search 1 class" : `Search ${store.classes.names.length} classes`;
      setAttr(input, "placeholder", invitation);
      setAttr(input, "aria-label", invitation);
      if (input.value !== ui.query) input.value = ui.query;
      hide(hint, ui.query !== "");
      const signal = store.meta.kind === "signal";
      setText(title, evidence ? headingOf(frame, evidence.cell, signal) : "Class");
      setText(unit, evidence && !signal ? frame.unit : "");
      setText(last, COLUMNS[store.classes.probability] ?? "Probability");
      mark(element, "at-cell", evidence !== null);
      const all = order(frame);
      const { full, rows: room } = context.size;
      const wanted = Math.ceil(state.top / ROW) + room + AHEAD;
      const head = order.head(frame);
      const deep = state.top > 0 || full;
      const listed = all.slice(0, ui.query ? all.length : Math.max(head, deep ? wanted : 0));
      rows.update(frame, listed, ui.query ? state.active : -1);
      setStyle(spacer, "height", `${(all.length - listed.length) * ROW}px`);
      follow(list, listed, frame, state, room);
      setText(note, noteText(frame, all, listed, Math.round(state.top / ROW), room));
      setAttr(note, "title", evidence ? note.textContent : null);
      const at = ui.query ? listed[state.active] : frame.selected.target;
      setAttr(list, "aria-activedescendant", listed.includes(at) ? `cw-class-${at}` : null);
    },
  };
}

/**
 * Beside a signal the list is narrow, and the unit stands here too.
 * @param {Frame} frame
 * @param {import("./frame.js").Cell} cell
 * @param {boolean} short
 */
const headingOf = ({ store, unit }, cell, short) =>
  short ? `At ${cellName(store, cell)}, ${unit}` : `Evidence at ${cellName(store, cell)}`;

/**
 * The order of the list, remembered: sorting a thousand names is not for every frame.
 * @param {Context} context
 */
function createOrder({ store }) {
  const differs = createWatch();
  const replaced = createWatch();
  /** @type {number[]} */
  let ranked = [];
  /** @type {number[]} */
  let all = [];
  let head = 0;
  /** @param {Frame} frame */
  const order = ({ ui, view }) => {
    const { classes, listed } = store;
    if (!differs(classes, ui.query, listed.join(), listed.includes(view.target) || view.target)) return all;
    if (ui.query) {
      all = search(classes.names, ui.query, classes.scores, MOST_RESULTS);
      head = all.length;
      return all;
    }
    const first = listed.includes(view.target) ? [...listed] : [...listed, view.target];
    if (replaced(classes)) {
      ranked = classes.names.map((_, i) => i).sort((a, b) => classes.scores[b] - classes.scores[a]);
    }
    head = first.length;
    all = [...first, ...ranked.filter((i) => !first.includes(i))];
    return all;
  };
  /** How many of them are listed, the rest being below. @param {Frame} frame */
  order.head = (frame) => {
    order(frame);
    return head;
  };
  return order;
}

/**
 * Rows by class, so that a row keeps its element while others come and go.
 * @param {HTMLElement} list
 * @param {HTMLElement} spacer
 */
function createRows(list, spacer) {
  /** @type {Map<number, ReturnType<typeof createRow>>} */
  const rows = new Map();
  let drawn = "";
  return {
    reset() {
      rows.clear();
      drawn = "";
    },
    /** @param {Frame} frame @param {number[]} targets @param {number} active */
    update(frame, targets, active) {
      targets.forEach((target, i) => {
        let row = rows.get(target);
        if (!row) rows.set(target, (row = createRow(target, `cw-class-${target}`, frame)));
        row.update(frame, i === active);
      });
      const key = targets.join();
      if (key === drawn) return;
      drawn = key;
      const elements = [...targets.map((target) => rows.get(target)?.element ?? spacer), spacer];
      // Moving all rows would lay all of them out again.
      elements.forEach((element, i) => list.children[i] !== element && list.insertBefore(element, list.children[i]));
      while (list.lastChild !== spacer) list.lastChild?.remove();
    },
  };
}

/**
 * A newly chosen class is brought into sight, inside the list only: the notebook must not scroll.
 * @param {HTMLElement} list
 * @param {number[]} listed
 * @param {Frame} frame
 * @param {State} state
 * @param {number} room  rows
 */
function follow(list, listed, frame, state, room) {
  const { target } = frame.selected;
  if (target === state.chosen || frame.ui.query) return;
  const at = listed.indexOf(target) * ROW;
  if (at < 0) return;
  state.chosen = target;
  const top = Math.min(at, Math.max(state.top, at + ROW - room * ROW));
  if (top !== state.top) list.scrollTop = state.top = top;
}

/**
 * @param {Frame} frame
 * @param {number[]} all
 * @param {number[]} listed
 * @param {number} first  in sight
 * @param {number} visible
 */
function noteText({ store, evidence, ui }, all, listed, first, visible) {
  const count = store.classes.names.length;
  if (evidence) return evidenceNote(store, evidence, all.slice(first, first + visible));
  if (ui.query) return all.length ? `${all.length} of ${count}: Enter takes the marked one` : "No class has this name";
  if (first > 0) return `${first + 1}–${Math.min(count, first + visible)} of ${count}`;
  const more = count - Math.min(visible, listed.length);
  return more > 0 ? `${more} more: type to search, or scroll` : "";
}

/**
 * @param {import("./frame.js").Store} store
 * @param {import("./frame.js").Evidence} evidence
 * @param {number[]} inSight
 */
function evidenceNote(store, { best, among }, inSight) {
  const count = store.classes.names.length;
  if (best.length === 0) return `No class gains at this ${cellNoun(store)}`;
  const digits = best.map((_, i) => i + 1).join(" ");
  const whom = among === count ? `all ${count} classes` : `${among} seen so far`;
  const absent = best.findIndex(({ target }) => !inSight.includes(target));
  const tail = absent < 0 ? "" : `; ${absent + 1} is ${className(store, best[absent].target)}`;
  return `${digits} ${best.length > 1 ? "mark" : "marks"} the strongest here, of ${whom}${tail}`;
}

/**
 * @param {Event} event
 * @returns {number | null}
 */
function targetOf(event) {
  const row = /** @type {Element} */ (event.target).closest?.("[data-target]");
  return row ? Number(/** @type {HTMLElement} */ (row).dataset.target) : null;
}

/**
 * @param {Context} context
 * @param {HTMLElement} list
 * @param {State} state
 */
function listenList(context, list, state) {
  // Remembered: to ask for it in a frame would lay the page out in the middle of that frame.
  context.listen(list, "scroll", () => {
    state.top = list.scrollTop;
    context.patch({});
  });
  context.listen(list, "pointermove", (event) => {
    const target = targetOf(event);
    if (context.moved()) context.patch({ preview: target === null ? null : { target } });
  });
  context.listen(list, "pointerleave", () => context.patch({ preview: null }));
  context.listen(list, "click", (event) => {
    const target = targetOf(event);
    if (target !== null) choose(context, target);
  });
}

/**
 * @param {Context} context
 * @param {number} target
 */
function choose(context, target) {
  context.choose({ target });
  context.patch({ query: "" });
}

/**
 * @param {Context} context
 * @param {HTMLInputElement} input
 * @param {HTMLElement} list
 * @param {(frame: Frame) => number[]} order
 * @param {State} state
 */
function listenSearch(context, input, list, order, state) {
  const results = () => {
    const frame = context.frame();
    return frame ? order(frame) : [];
  };
  context.listen(input, "input", () => {
    state.active = 0;
    list.scrollTop = 0;
    context.patch({ query: input.value, preview: null });
  });
  context.listen(input, "keydown", (event) => {
    const key = /** @type {KeyboardEvent} */ (event);
    key.stopPropagation();
    const move = key.key === "ArrowDown" ? 1 : key.key === "ArrowUp" ? -1 : 0;
    if (key.key === "Escape") {
      if (input.value) context.patch({ query: "" });
      else context.root.focus();
    } else if (key.key === "Enter" && input.value && results().length) {
      choose(context, results()[state.active]);
      context.root.focus({ preventScroll: true });
    } else if (move && input.value) {
      state.active = Math.min(results().length - 1, Math.max(0, state.active + move));
      list.scrollTop = (state.active + 1 - context.size.rows) * ROW;
      context.patch({ preview: { target: results()[state.active] } });
    } else return;
    key.preventDefault();
  });
}
