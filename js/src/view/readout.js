/** The read-out: what is under the pointer, in numbers. Slots have a floor: numbers change, nothing moves. */

import { cellRank } from "../lib/cells.js";
import { filmed } from "../lib/film.js";
import { percent, plain, signed, wholePercent } from "../lib/format.js";
import { centreOf } from "../lib/places.js";
import { cornersText, positiveShare, shareOf } from "../lib/regions.js";
import { h, setText } from "./dom.js";
import { contrastSlots } from "./contrast_words.js";
import { className } from "./frame.js";
import { insideSlots } from "./inside_words.js";
import { cellNoun, cellOfIndex, cellPlace, indexOf, regionNoun, timeText } from "./kinds.js";
import { pokedSlots } from "./poked.js";
import { quantity } from "./row.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {string | {strong: string} | {quiet: string}} Piece
 * @typedef {{kind: string, pieces: Piece[], title?: string}} Slot
 */

const HINT = "Hover the $ to read a %, a class to preview it. Click keeps it.";
/** Slots that go to a line of their own where there is one column. */
const SECOND_LINE = Object.freeze(["sees", "here", "peak", "peak-b", "risen", "way", "share", "sum"]);

const FILM_WAY = "Shift+← → next picture, N next mistake";
const FILM_TOUCH_WAY = "Touch a picture to look at it";
const TOUCH_HINT = "Touch the $ to read a %";

/** What the sum of a region's cells is worth. @type {Readonly<Record<string, string>>} */
const SUMS = Object.freeze({
  exact: "All cells together are the score, less its bias",
  "first order": "A first-order estimate: behind this layer the network is not linear, so the cells do not add up to the score",
  relative: "This variant's values have no unit",
});

const BOX_HINT = "Drag a box, with Shift an outline. Enter makes one around the cell";
const TOUCH_BOX_HINT = "Drag a box over the picture";

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
function draw({ kind, pieces, title }) {
  const children = pieces.map((piece) => {
    if (typeof piece === "string") return piece;
    return "strong" in piece ? h("b", { text: piece.strong }) : h("span.quiet", { text: piece.quiet });
  });
  return h("span", { class: `slot slot-${kind}`, title }, children);
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
  if (frame.compared) return comparedSlots(frame, frame.compared);
  const told = insideSlots(frame);
  if (told) return told;
  const spot = frame.ui.hover ?? frame.ui.pinned;
  if (frame.contrast?.pair && !frame.beside) return contrastSlots(frame, spot && placeSlot(frame, spot));
  if (frame.cell) return cellSlots(frame);
  if (frame.beside) return besideSlots(frame);
  const target = frame.ui.preview?.target;
  if (frame.region && (target === undefined || frame.preview)) return regionSlots(frame, frame.region, context);
  if (frame.ui.tool === "box" && target === undefined) {
    return [slot("hint", { quiet: context.size.kind === "one" ? TOUCH_BOX_HINT : BOX_HINT })];
  }
  if (target !== undefined && target !== frame.store.shown.target) return previewSlots(frame, target);
  const poked = pokedSlots(frame, context.size.kind === "one");
  if (poked) return poked;
  if (frame.ui.still !== null) return filmSlots(frame, frame.ui.still);
  if (!frame.ui.touched) {
    const hint = context.size.kind === "one" ? TOUCH_HINT : HINT;
    const { kind, axis } = frame.store.meta;
    const quiet = hint.replace("$", kind === "volume" ? axis : kind).replace("%", cellNoun(frame.store));
    return [slot("hint", { quiet })];
  }
  if (!filmed(frame.store)) return summarySlots(frame);
  return filmSlots(frame, frame.store.index, context.size.kind === "one" ? FILM_TOUCH_WAY : FILM_WAY);
}

/**
 * A picture of the film, and what the network calls it.
 * @param {Frame} frame
 * @param {number} index
 * @param {string} [way]
 * @returns {Slot[]}
 */
function filmSlots({ store }, index, way) {
  const { called, truth, probability, faults } = store.reel;
  const [ours, label] = [called[index], truth[index]];
  return [
    slot("picture", { quiet: "picture " }, String(index + 1), { quiet: ` of ${called.length}` }),
    ...(label === null ? [] : [slot("label", { quiet: "label " }, className(store, label))]),
    ...(ours === null ? [] :
      [slot("called", { quiet: "called " }, { strong: className(store, ours) }, ` ${percent(probability[index] ?? NaN)}`)]),
    ...(faults[index] ? [slot("label", { quiet: "cannot be read" })] : []),
    ...(way ? [slot("way", { quiet: truth.some((one) => one !== null) ? way : way.split(",")[0] })] : []),
  ];
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
 * How large the region is, and how much of the shown class's evidence lies in it.
 * @param {Frame} frame
 * @param {import("../protocol.js").Region} region
 * @param {Context} context
 * @returns {Slot[]}
 */
function regionSlots({ store, map, cover, drawn, unit, ui }, region, { size }) {
  const share = map && cover ? positiveShare(map.values, cover) : NaN;
  const whose = `${className(store, drawn.target)}’s positive evidence`;
  const exact = unit === "logits" && store.exact.some(([layer, variant]) => layer === drawn.layer && variant === drawn.variant);
  const sum = unit === "relative" ? unit : exact ? "exact" : "first order";
  return [
    slot("box", { quiet: `${regionNoun(region)} ` }, cornersText(region)),
    slot("area", { strong: wholePercent(shareOf(region, store.meta.input)) }, { quiet: " of the picture" }),
    slot("share", ...(Number.isNaN(share) ? [{ quiet: `no ${whose}` }] : [{ strong: wholePercent(share) }, { quiet: ` of ${whose}` }])),
    { ...slot("sum", { quiet: sum }), title: SUMS[sum] },
    ...(ui.tool === "box" && size.kind === "wide" ? [slot("way", { quiet: "Esc clears, arrows move it" })] : []),
  ];
}

/**
 * Where on the input, in pixels, voxels or samples.
 * @param {Pick<Frame, "store">} frame
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
 * How far the variants differ, at a cell or at most, and which are at the two ends there.
 * @param {Frame} frame
 * @param {import("./compared.js").Compared} compared
 * @returns {Slot[]}
 */
function comparedSlots({ store, ui, map, cell, limits }, { used, at }) {
  const spot = ui.hover ?? ui.pinned;
  const index = cell?.index ?? map?.values.indexOf(limits.max) ?? -1;
  if (!map || index < 0) return [];
  const values = at(index).map((value) => (Number.isNaN(value) ? 0 : value));
  const end = (/** @type {number} */ value) => `${used[values.indexOf(value)].name} ${plain(value, 1)}`;
  const there = cellPlace(store, cell ?? cellOfIndex(map.grid, index));
  return [
    ...(cell && spot ? [placeSlot({ store }, spot)] : [slot("name", { quiet: "variants differ most at" })]),
    slot("cell", { quiet: `${cellNoun(store)} ` }, there),
    slot("value", { strong: plain(map.values[index], 1) }, { quiet: " spread" }),
    slot("here", { quiet: "from " }, end(Math.min(...values)), { quiet: " to " }, end(Math.max(...values))),
  ];
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
function summarySlots({ store, drawn, map, limits, view }) {
  const { classes } = store;
  const { target } = drawn;
  const strongest = view.sign === "negative" ? limits.min : limits.max;
  const peak = map ? map.values.indexOf(strongest) : -1;
  const at = !map || peak < 0 ? "" : ` at ${cellPlace(store, cellOfIndex(map.grid, peak))}`;
  return [
    slot("name", { strong: className(store, target) }, ` ${quantity(classes, target).text}`),
    slot("score", { quiet: "score " }, plain(classes.scores[target])),
    ...(map ? [slot("peak", { quiet: `strongest ${cellNoun(store)} ` }, signed(strongest), { quiet: at })] : []),
  ];
}
