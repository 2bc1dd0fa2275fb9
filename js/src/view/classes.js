/** The class list: listed classes first, all others below by probability; a search over every name. */

import { place } from "../lib/format.js";
import { search } from "../lib/search.js";
import { cap } from "../lib/keys.js";
import { h, setAttr, setStyle, setText } from "./dom.js";
import { className } from "./frame.js";
import { icon } from "./icons.js";
import { createRow } from "./row.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 */

const ROW = 29;

/** Rows made ahead of the scrolling reader. */
const AHEAD = 12;
const MOST_RESULTS = 200;

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
  const state = { active: 0, chosen: -1 };
  listenList(context, list);
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
      setAttr(input, "placeholder", `Search ${store.classes.names.length} classes`);
      setAttr(input, "aria-label", `Search ${store.classes.names.length} classes`);
      if (input.value !== ui.query) input.value = ui.query;
      hint.hidden = ui.query !== "";
      setText(title, evidence ? `Evidence at cell ${place(evidence.cell)}` : "Class");
      setText(unit, evidence ? frame.unit : "");
      setText(last, store.classes.probability === "none" ? "Score" : "Probability");
      element.classList.toggle("at-cell", evidence !== null);
      const all = order(frame);
      const wanted = Math.ceil((list.scrollTop + list.clientHeight) / ROW) + AHEAD;
      const head = order.head(frame);
      const deep = list.scrollTop > 0 || context.size.full;
      const listed = all.slice(0, ui.query ? all.length : Math.max(head, deep ? wanted : 0));
      rows.update(frame, listed, ui.query ? state.active : -1);
      setStyle(spacer, "height", `${(all.length - listed.length) * ROW}px`);
      follow(list, listed, frame, state);
      setText(note, noteText(frame, all, listed, list));
      setAttr(note, "title", evidence ? note.textContent : null);
      const at = ui.query ? listed[state.active] : frame.selected.target;
      setAttr(list, "aria-activedescendant", listed.includes(at) ? `cw-class-${at}` : null);
    },
  };
}

/**
 * The order of the list, remembered: sorting a thousand names is not for every frame.
 * @param {Context} context
 */
function createOrder({ store }) {
  /** @type {unknown[]} */
  let key = [];
  /** @type {number[]} */
  let all = [];
  let head = 0;
  /** @param {Frame} frame */
  const order = ({ ui, view }) => {
    const { classes, listed } = store;
    const now = [classes, ui.query, listed.join(), listed.includes(view.target) || view.target];
    if (now.every((value, i) => value === key[i])) return all;
    key = now;
    if (ui.query) {
      all = search(classes.names, ui.query, classes.scores, MOST_RESULTS);
      head = all.length;
      return all;
    }
    const first = listed.includes(view.target) ? [...listed] : [...listed, view.target];
    const taken = new Set(first);
    const rest = classes.names.map((_, i) => i).filter((i) => !taken.has(i));
    rest.sort((a, b) => classes.scores[b] - classes.scores[a]);
    head = first.length;
    all = [...first, ...rest];
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
      list.replaceChildren(...targets.map((target) => rows.get(target)?.element ?? ""), spacer);
    },
  };
}

/**
 * A newly chosen class is brought into sight, inside the list only: the notebook must not scroll.
 * @param {HTMLElement} list
 * @param {number[]} listed
 * @param {Frame} frame
 * @param {{chosen: number}} state
 */
function follow(list, listed, frame, state) {
  const { target } = frame.selected;
  if (target === state.chosen || frame.ui.query) return;
  const at = listed.indexOf(target) * ROW;
  if (at < 0) return;
  state.chosen = target;
  if (at < list.scrollTop) list.scrollTop = at;
  else if (at + ROW > list.scrollTop + list.clientHeight) list.scrollTop = at + ROW - list.clientHeight;
}

/**
 * @param {Frame} frame
 * @param {number[]} all
 * @param {number[]} listed
 * @param {HTMLElement} list
 */
function noteText({ store, evidence, ui }, all, listed, list) {
  const count = store.classes.names.length;
  const visible = Math.max(1, Math.floor(list.clientHeight / ROW));
  const first = Math.round(list.scrollTop / ROW);
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
  if (best.length === 0) return "No class gains at this cell";
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
 */
function listenList(context, list) {
  context.listen(list, "scroll", () => context.patch({}));
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
 * @param {{active: number}} state
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
      list.scrollTop = Math.max(0, (state.active + 1) * ROW - list.clientHeight);
      context.patch({ preview: { target: results()[state.active] } });
    } else return;
    key.preventDefault();
  });
}
