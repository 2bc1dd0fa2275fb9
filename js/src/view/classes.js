/** The class list: listed classes first, all others below by probability; a search over every name. */

import { createWatch, equal } from "../lib/changes.js";
import { headingOf as pokedHeading } from "../lib/edits.js";
import { signed } from "../lib/format.js";
import { search } from "../lib/search.js";
import { cap } from "../lib/keys.js";
import { chooseRival } from "./contrast.js";
import { h, hide, mark, setAttr, setStyle, setText } from "./dom.js";
import { className } from "./frame.js";
import { cellName, cellNoun, regionNoun } from "./kinds.js";
import { icon } from "./icons.js";
import { createRow } from "./row.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {{active: number, chosen: number, top: number}} State  of the search; the class last followed; scrolled by
 */

const ROW = 29;

/** Re-ranking after a commit, ms; rows from further away than this many are faded in. */
const SLIDE = 160;
const LONGEST_SLIDE = 12;

/** Rows made ahead of the scrolling reader. */
const AHEAD = 12;
const MOST_RESULTS = 200;

const COMPARING = Object.freeze({ long: "Click sets A, Shift+click sets B", short: "Click: A, Shift+click: B" });

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
  const reranked = createWatch();
  reranked(null);
  listenList(context, list, state);
  listenSearch(context, input, list, order, state);
  return {
    element,
    input,
    order,
    /** The classes were replaced; rows of the same names stay. */
    reset: () => rows.reset(context.store.classes),
    /** @param {Frame} frame */
    update(frame) {
      const { store, ui, evidence } = frame;
      const invitation = store.classes.names.length === 1 ? "Search 1 class" : `Search ${store.classes.names.length} classes`;
      setAttr(input, "placeholder", invitation);
      setAttr(input, "aria-label", invitation);
      if (input.value !== ui.query) input.value = ui.query;
      hide(hint, ui.query !== "");
      const signal = store.meta.kind === "signal";
      const poked = !evidence && store.classes.before !== null;
      setText(title, titleOf(frame, context.size.kind, signal));
      setText(unit, evidence && !signal ? frame.unit : poked ? "was" : "");
      mark(element, "poked", poked);
      setText(last, COLUMNS[store.classes.probability] ?? "Probability");
      mark(element, "at-cell", evidence !== null);
      mark(element, "comparing", frame.contrast !== null);
      const all = order(frame);
      const ranked = reranked(frame.ranking);
      if (ranked) begin(list, frame, state);
      const { full, rows: room } = context.size;
      const wanted = Math.ceil(state.top / ROW) + room + AHEAD;
      const head = order.head(frame);
      const deep = state.top > 0 || full;
      const listed = all.slice(0, ui.query ? all.length : Math.max(head, deep ? wanted : 0));
      rows.update(frame, listed, ui.query ? state.active : -1, ranked && !context.still());
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
 * What the list shows of each class.
 * @param {Frame} frame
 * @param {Context["size"]["kind"]} room
 * @param {boolean} signal
 */
function titleOf(frame, room, signal) {
  const { store, evidence, contrast } = frame;
  if (evidence) return headingOf(frame, evidence, signal);
  if (contrast) return COMPARING[room === "medium" ? "short" : "long"];
  return store.classes.before ? pokedHeading(store.edited.edits) : "Class";
}

/**
 * Beside a signal the list is narrow, and the unit stands here too.
 * @param {Frame} frame
 * @param {import("./frame.js").Evidence} evidence
 * @param {boolean} short
 */
function headingOf({ store, unit, ui }, { cell, region }, short) {
  if (cell) return short ? `At ${cellName(store, cell)}, ${unit}` : `Evidence at ${cellName(store, cell)}`;
  return `${ui.draft || ui.query ? "Evidence" : "Ranked by evidence"} in the ${region && regionNoun(region)}`;
}

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
  const order = ({ ui, view, ranking }) => {
    const { classes, listed } = store;
    // while a stroke is under way the bars move, and their order stays
    if (all.length && ui.brush.painting) return all;
    const chosen = [view.target, store.rival].filter((target) => target !== null && !listed.includes(target));
    if (!differs(classes, ui.query, listed.join(), chosen.join(), ranking)) return all;
    if (ui.query) {
      all = search(classes.names, ui.query, classes.scores, MOST_RESULTS);
      head = all.length;
      return all;
    }
    const first = [...listed, ...chosen.map(Number)];
    if (replaced(classes)) {
      ranked = classes.names.map((_, i) => i).sort((a, b) => classes.scores[b] - classes.scores[a]);
    }
    head = first.length;
    all = ranking ? byEvidence(ranked, ranking) : [...first, ...ranked.filter((i) => !first.includes(i))];
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
 * Strongest first; below them the classes whose maps are not here.
 * @param {readonly number[]} ranked  by score
 * @param {Float32Array} evidence
 */
function byEvidence(ranked, evidence) {
  const here = ranked.filter((i) => !Number.isNaN(evidence[i]));
  return [...here.sort((a, b) => evidence[b] - evidence[a]), ...ranked.filter((i) => Number.isNaN(evidence[i]))];
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
  /** @type {number[]} */
  let before = [];
  /** @type {unknown[]} */
  let named = [];
  return {
    /** @param {import("../protocol.js").Classes} classes */
    reset({ names, truth }) {
      if (equal(named, [names, truth])) return;
      named = [names, truth];
      rows.clear();
      drawn = "";
    },
    /** @param {Frame} frame @param {number[]} targets @param {number} active @param {boolean} slide */
    update(frame, targets, active, slide) {
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
      if (slide) targets.forEach((target, i) => slideTo(elements[i], before.indexOf(target) - i));
      before = targets;
    },
  };
}

/**
 * A row comes from where it stood, so many rows below; one that was not there is just there.
 * @param {Element} row
 * @param {number} rows
 */
function slideTo(row, rows) {
  const from = rows < -LONGEST_SLIDE || rows > LONGEST_SLIDE ? { opacity: 0 } : { transform: `translateY(${rows * ROW}px)` };
  if (rows) row.animate([from, {}], { duration: SLIDE, easing: "ease-out" });
}

/**
 * Ranked anew: the strongest first; only without a ranking must the chosen class be in sight.
 * @param {HTMLElement} list
 * @param {Frame} frame
 * @param {State} state
 */
function begin(list, { ranking, selected }, state) {
  list.scrollTop = state.top = 0;
  state.chosen = ranking ? selected.target : -1;
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
  if (evidence?.region) return regionNote(store, evidence);
  if (evidence) return evidenceNote(store, evidence, all.slice(first, first + visible));
  if (ui.query) return all.length ? `${all.length} of ${count}: Enter takes the marked one` : "No class has this name";
  if (store.classes.before && first === 0) return "The tick is the probability before";
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
 * @param {import("./frame.js").Store} store
 * @param {import("./frame.js").Evidence} evidence
 */
function regionNote(store, { column, among }) {
  const count = store.classes.names.length;
  const whom = among === count ? `All ${count} classes` : `${among} classes seen so far`;
  const [most, least] = [column.reduce((a, v) => (v > a ? v : a), -Infinity), column.reduce((a, v) => (v < a ? v : a), Infinity)];
  return `${whom}, ${signed(most, Math.max(most, -least))} to ${signed(least, Math.max(most, -least))}. Click one to see its map`;
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
    if (target !== null) choose(context, target, /** @type {MouseEvent} */ (event).shiftKey);
  });
}

/**
 * @param {Context} context
 * @param {number} target
 * @param {boolean} other  it shall be the other class of a contrast
 */
function choose(context, target, other) {
  const { rival, view } = context.store;
  // A and B are never the same: what is chosen as one and is the other changes places with it.
  if (rival !== null && (other || target === rival)) chooseRival(context, other ? target : view.target);
  else context.choose({ target });
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
      choose(context, results()[state.active], key.shiftKey);
      context.root.focus({ preventScroll: true });
    } else if (move && input.value) {
      state.active = Math.min(results().length - 1, Math.max(0, state.active + move));
      list.scrollTop = (state.active + 1 - context.size.rows) * ROW;
      context.patch({ preview: { target: results()[state.active] } });
    } else return;
    key.preventDefault();
  });
}
