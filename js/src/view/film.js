/** The film strip: every picture small, what the network calls it, and a cross where that is wrong. */

import { createWatch } from "../lib/changes.js";
import { filmed, inSight, isMistake, orderOf, tally } from "../lib/film.js";
import { percent } from "../lib/format.js";
import { h, hide, mark, setAttr, setStyle, setText, swallow } from "./dom.js";
import { createStills } from "./film_stills.js";
import { goTo, step } from "./film_steps.js";
import { className } from "./frame.js";
import { icon } from "./icons.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {ReturnType<typeof createCell>} Cell
 */

/** From one picture to the next, and before the first, in CSS pixels. */
const PITCH = 64;
const MARGIN = 7;

/** @param {Context} context */
export function createFilm(context) {
  const { store } = context;
  const box = h("input", { type: "checkbox" });
  const first = h("label.film-first", {}, [box, "Mistakes first"]);
  const count = h("span.film-count.quiet");
  const track = h("div.film-track", { role: "presentation" });
  const list = h("div.film-list", {
    role: "listbox", tabindex: 0, "aria-label": "Pictures", "aria-orientation": "horizontal",
  }, [track]);
  const element = h("div.film", { hidden: true }, [h("div.film-tools", {}, [first, count]), list]);
  const state = { left: 0, over: false, chosen: -1 };
  const order = createOrder(context, state);
  const cells = createCells(context, track);
  listen(context, list, state);
  context.listen(box, "change", () => context.patch({ mistakesFirst: box.checked }));
  return {
    element,
    /** @param {Frame} frame */
    update(frame) {
      hide(element, !filmed(store));
      mark(context.root, "filmed", filmed(store));
      if (!filmed(store)) return;
      const all = order(frame);
      context.order = all;
      const told = tally(store.reel);
      hide(first, told === null);
      setText(count, told === null ? `${all.length} pictures` : `${told.wrong} of ${told.among} wrong`);
      setStyle(track, "width", `${all.length * PITCH + 2 * MARGIN}px`);
      follow(list, all.indexOf(store.index), state, context.size.outer);
      const [from, to] = inSight(state.left - MARGIN, context.size.outer, PITCH, all.length);
      cells(frame, all, from, to);
      setAttr(list, "aria-activedescendant", `cw-picture-${store.index}`);
    },
  };
}

/**
 * Mistakes move to the front as they are found, but not under the pointer.
 * @param {Context} context
 * @param {{over: boolean}} state
 */
function createOrder({ store }, state) {
  const differs = createWatch();
  /** @type {number[]} */
  let last = [];
  let sorted = false;
  /** @param {Frame} frame */
  return ({ ui }) => {
    const stays = state.over && sorted === ui.mistakesFirst && last.length === store.reel.called.length;
    if (stays || !differs(store.reel, ui.mistakesFirst)) return last;
    sorted = ui.mistakesFirst;
    return (last = orderOf(store.reel, sorted));
  };
}

/**
 * Only the pictures in sight have elements: a film may have hundreds.
 * @param {Context} context
 * @param {HTMLElement} track
 */
function createCells(context, track) {
  const stills = createStills(context);
  /** @type {Map<number, Cell>} by picture */
  const cells = new Map();
  /** @param {Frame} frame @param {number[]} order @param {number} from @param {number} to */
  return (frame, order, from, to) => {
    const shown = new Set(order.slice(from, to));
    // screen readers are told of the chosen one wherever it is
    shown.add(frame.store.index);
    for (const [index, cell] of cells) {
      if (shown.has(index)) continue;
      cell.element.remove();
      cells.delete(index);
    }
    stills.keep(shown);
    for (const index of shown) {
      let cell = cells.get(index);
      if (!cell) {
        cells.set(index, (cell = createCell(index)));
        track.append(cell.element);
      }
      cell.update(frame, order.indexOf(index), order.length);
      stills.paint(cell.canvas, index, frame);
    }
  };
}

/** @param {number} index */
function createCell(index) {
  const canvas = h("canvas.still");
  const cross = h("span.cross", { "aria-hidden": "true", hidden: true }, [icon("cross")]);
  const called = h("span.film-called");
  const truth = h("span.film-truth.quiet");
  const element = h("div.film-cell", { role: "option", id: `cw-picture-${index}`, "data-picture": index }, [
    h("span.still-place", {}, [canvas, cross]), called, truth,
  ]);
  return {
    element,
    canvas,
    /** @param {Frame} frame @param {number} place @param {number} count */
    update({ store }, place, count) {
      const { reel } = store;
      const wrong = isMistake(reel, index);
      setStyle(element, "left", `${MARGIN + place * PITCH}px`);
      setAttr(element, "aria-selected", String(store.index === index));
      setAttr(element, "aria-setsize", count);
      setAttr(element, "aria-posinset", place + 1);
      const words = wordsOf(store, index);
      setAttr(element, "title", words);
      setAttr(element, "aria-label", words);
      mark(element, "wrong", wrong);
      mark(element, "faulty", reel.faults[index] === true);
      hide(cross, !wrong);
      const name = reel.called[index];
      setText(called, name === null ? (reel.faults[index] ? "unreadable" : "") : className(store, name));
      setText(truth, wrong ? `is ${className(store, reel.truth[index] ?? 0)}` : "");
    },
  };
}

/**
 * A picture in words: "picture 27, called airplane 41.7 %, is ship".
 * @param {import("../store.js").Store} store
 * @param {number} index
 */
function wordsOf(store, index) {
  const { called, truth, probability, faults } = store.reel;
  const name = called[index];
  const words = [`picture ${index + 1}`];
  if (name !== null) words.push(`called ${className(store, name)} ${percent(probability[index] ?? NaN)}`);
  else if (faults[index]) words.push("cannot be read");
  if (isMistake(store.reel, index)) words.push(`is ${className(store, truth[index] ?? 0)}`);
  return words.join(", ");
}

/**
 * A newly chosen picture is brought into sight, inside the strip only.
 * @param {HTMLElement} list
 * @param {number} place
 * @param {{left: number, chosen: number}} state
 * @param {number} width
 */
function follow(list, place, state, width) {
  if (place === state.chosen || place < 0) return;
  state.chosen = place;
  const at = place * PITCH;
  const most = at;
  const least = at + PITCH + 2 * MARGIN - width;
  const left = Math.max(0, Math.min(most, Math.max(least, state.left)));
  if (left !== state.left) list.scrollLeft = state.left = left;
}

/**
 * @param {Event} event
 * @returns {number | null}
 */
function pictureOf(event) {
  const cell = /** @type {Element} */ (event.target).closest?.("[data-picture]");
  return cell ? Number(/** @type {HTMLElement} */ (cell).dataset.picture) : null;
}

/**
 * @param {Context} context
 * @param {HTMLElement} list
 * @param {{left: number, over: boolean}} state
 */
function listen(context, list, state) {
  context.listen(list, "scroll", () => {
    state.left = list.scrollLeft;
    context.patch({});
  });
  context.listen(list, "pointermove", (event) => {
    state.over = true;
    if (context.moved()) context.patch({ still: pictureOf(event) });
  });
  context.listen(list, "pointerleave", () => {
    state.over = false;
    context.patch({ still: null });
  });
  context.listen(list, "click", (event) => {
    const index = pictureOf(event);
    if (index !== null) goTo(context, index);
  });
  context.listen(list, "keydown", (event) => {
    const { key, ctrlKey, altKey, metaKey, shiftKey } = /** @type {KeyboardEvent} */ (event);
    /** @type {Record<string, number>} */
    const moves = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
    if (!(key in moves) || ctrlKey || altKey || metaKey || shiftKey) return;
    step(context, moves[key]);
    swallow(event);
  });
}
