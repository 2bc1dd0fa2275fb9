/** The read-out: what is under the pointer, in numbers. Slots have a floor: numbers change, nothing moves. */

import { cellRank } from "../lib/cells.js";
import { plain, signed } from "../lib/format.js";
import { centreOf } from "../lib/places.js";
import { h, setText } from "./dom.js";
import { className } from "./frame.js";
import { cellNoun, cellOfIndex, cellPlace, indexOf, timeText } from "./kinds.js";
import { quantity } from "./row.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {string | {strong: string} | {quiet: string}} Piece
 * @typedef {{kind: string, pieces: Piece[]}} Slot
 */

const HINT = "Hover the $ to read a %, a class to preview it. Click keeps it.";
/** Slots that go to a line of their own where there is one column. */
const SECOND_LINE = Object.freeze(["sees", "here", "peak", "way"]);

const TOUCH_HINT = "Touch the $ to read a %";

/** @param {Context} context */
export function createReadout(context) {
  // Announced on commit only: a live region that followed the pointer would never be silent.
  const element = h("div.readout", { role: "status", "aria-live": "off" });
  const spoken = h("div.spoken", { "aria-live": "polite" });
  /** @type {Array<{key: string, kind: string, element: HTMLElement}>} */
  let drawn = [];
  return {
    element,
    spoken,
    announce() {
      const frame = context.frame();
      if (frame) setText(spoken, slotsOf(frame, context).map(wordsOf).join(", "));
    },
    /** @param {Frame} frame */
    update(frame) {
      const slots = slotsOf(frame, context);
      const before = drawn;
      drawn = slots.map((one, i) => {
        const key = JSON.stringify(one);
        return before[i]?.key === key ? before[i] : { key, kind: one.kind, element: draw(one) };
      });
      if (drawn.length === before.length && drawn.every(({ kind }, i) => kind === before[i].kind)) {
        drawn.forEach(({ element: now }, i) => now !== before[i].element && before[i].element.replaceWith(now));
        return;
      }
      const lines = [false, true].map((second) => drawn.filter(({ kind }) => SECOND_LINE.includes(kind) === second));
      element.replaceChildren(...lines.map((line) => h("span.line", {}, line.map(({ element: part }) => part))));
    },
  };
}

/** @param {Slot} slot */
const wordsOf = ({ pieces }) =>
  pieces.map((piece) => (typeof piece === "string" ? piece : Object.values(piece)[0])).join("");

/** @param {Slot} slot */
function draw({ kind, pieces }) {
  const children = pieces.map((piece) => {
    if (typeof piece === "string") return piece;
    return "strong" in piece ? h("b", { text: piece.strong }) : h("span.quiet", { text: piece.quiet });
  });
  return h("span", { class: `slot slot-${kind}` }, children);
}

/**
 * @param {string} kind
 * @param {Piece[]} pieces
 * @returns {Slot}
 */
const slot = (kind, ...pieces) => ({ kind, pieces });

/**
 * @param {Frame} frame
 * @param {Context} context
 * @returns {Slot[]}
 */
function slotsOf(frame, context) {
  if (frame.cell) return cellSlots(frame);
  if (frame.beside) return besideSlots(frame);
  const target = frame.ui.preview?.target;
  if (target !== undefined && target !== frame.store.shown.target) return previewSlots(frame, target);
  if (!frame.ui.touched) {
    const hint = context.size.kind === "one" ? TOUCH_HINT : HINT;
    const { kind, axis } = frame.store.meta;
    const quiet = hint.replace("$", kind === "volume" ? axis : kind).replace("%", cellNoun(frame.store));
    return [slot("hint", { quiet })];
  }
  return summarySlots(frame);
}

/**
 * @param {Frame} frame
 * @returns {Slot[]}
 */
function cellSlots(frame) {
  const { store, ui, map, cell, drawn, evidence, limits } = frame;
  const spot = ui.hover ?? ui.pinned;
  if (!map || !cell || !spot) return [];
  const value = map.values[cell.index];
  const scale = Math.max(limits.hi, -limits.lo);
  const best = evidence?.best ?? [];
  const here = best.map(({ target, value: v }) => `${className(store, target)} ${signed(v, scale || v)}`);
  const rank = cellRank(map.values, cell.index).text;
  return [
    placeSlot(frame, spot),
    slot("cell", { quiet: `${cellNoun(store)} ` }, cellPlace(store, cell)),
    slot("value", { strong: signed(value, scale || value) }, { quiet: ` ${className(store, drawn.target)}` }),
    slot("rank", value > 0 ? rank : { quiet: rank }),
    ...seesSlots(frame),
    ...(here.length ? [slot("here", { quiet: "here " }, here.join(", "))] : []),
  ];
}

/**
 * Where on the input, in pixels, voxels or samples.
 * @param {Frame} frame
 * @param {import("./frame.js").Spot} spot
 */
function placeSlot({ store }, { fx, fy, slice }) {
  const { kind, axis, input, rate, span } = store.meta;
  if (kind === "signal") {
    const at = timeText(store, fx * span);
    return rate === null ? slot("place", { quiet: "sample " }, at) : slot("place", { quiet: "t " }, `${at} s`);
  }
  const [rows, columns] = input.slice(-2);
  const [x, y] = [fx * columns, fy * rows].map((at) => String(Math.floor(at)));
  const deep = slice === undefined ? [] : [{ quiet: ` ${axis} ` }, String(slice)];
  return slot("place", { quiet: "x " }, x, { quiet: " y " }, y, ...deep);
}

/**
 * Where the network's convolutions are unpadded, the outermost cells are centred well within the picture.
 * @param {Frame} frame
 * @returns {Slot[]}
 */
function besideSlots(frame) {
  const spot = frame.ui.hover ?? frame.ui.pinned;
  const quiet = `no ${cellNoun(frame.store)} is centred here`;
  return spot ? [placeSlot(frame, spot), slot("beside", { quiet })] : [];
}

/**
 * How much of the input the cell sees, and around which point, where that is not where plain stretching has it.
 * @param {Frame} frame
 * @returns {Slot[]}
 */
function seesSlots({ store, map, cell, place, sees }) {
  if (!sees || !map || !cell) return [];
  const { input, kind, rate } = store.meta;
  if (kind === "signal") {
    const [first, last] = sees[0].map((share) => share * input[0]);
    const [from, to] = [first, last].map((at) => timeText(store, at, last - first));
    return [slot("sees", { quiet: "sees " }, `${from} to ${to}${rate === null ? "" : " s"}`)];
  }
  const size = sees.map(([from, to], axis) => Math.round((to - from) * input[axis]));
  const all = size.every((pixels, axis) => pixels === input[axis]);
  const index = indexOf(cell, map);
  const [y, x, deep] = [-2, -1, -3].map((from) => {
    const axis = map.grid.length + from;
    return axis < 0 ? NaN : Math.floor(centreOf(index[axis], map.grid[axis], place?.[axis]) * input[axis]);
  });
  const also = Number.isNaN(deep) ? "" : ` ${store.meta.axis} ${deep}`;
  const around = place ? [{ quiet: ` around x ${x} y ${y}${also}` }] : [];
  return [slot("sees", { quiet: "sees " }, all ? "all" : `${size.join("×")} ${also ? "voxels" : "px"}`, ...around)];
}

/**
 * @param {Frame} frame
 * @param {number} target
 * @returns {Slot[]}
 */
function previewSlots({ store, preview, limits }, target) {
  const { classes, shown } = store;
  const way = preview ? `click keeps it, leaving the row goes back to ${className(store, shown.target)}` :
    "click asks for its map";
  return [
    slot("name", { quiet: "preview " }, { strong: className(store, target) }, ` ${quantity(classes, target).text}`),
    slot("score", { quiet: "score " }, plain(classes.scores[target])),
    ...(preview ? [slot("peak", { quiet: `strongest ${cellNoun(store)} ` }, signed(limits.max))] : []),
    slot("way", { quiet: way }),
  ];
}

/**
 * @param {Frame} frame
 * @returns {Slot[]}
 */
function summarySlots({ store, drawn, map, limits }) {
  const { classes } = store;
  const { target } = drawn;
  const peak = map ? map.values.indexOf(limits.max) : -1;
  const at = !map || peak < 0 ? "" : ` at ${cellPlace(store, cellOfIndex(map.grid, peak))}`;
  return [
    slot("name", { strong: className(store, target) }, ` ${quantity(classes, target).text}`),
    slot("score", { quiet: "score " }, plain(classes.scores[target])),
    ...(map ? [slot("peak", { quiet: `strongest ${cellNoun(store)} ` }, signed(limits.max), { quiet: at })] : []),
  ];
}
