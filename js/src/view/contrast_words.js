/** What the read-out and the status line say of a contrast. */

import { plain, signed } from "../lib/format.js";
import { lessWords } from "./contrast.js";
import { className, variantName } from "./frame.js";
import { cellNoun, cellOfIndex, cellPlace } from "./kinds.js";

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./readout.js").Slot} Slot
 * @typedef {import("./readout.js").Piece} Piece
 * @typedef {import("./status.js").Line} Line
 */

/**
 * @param {string} kind
 * @param {Piece[]} pieces
 * @returns {Slot}
 */
const slot = (kind, ...pieces) => ({ kind, pieces });

/** @param {Frame} frame @returns {[string, string]} */
const namesOf = ({ store, drawn, contrast }) =>
  [className(store, drawn.target), className(store, contrast?.rival ?? drawn.target)];

/**
 * @param {Frame} frame
 * @param {Slot | null} place  where the pointer is, while a cell is read
 * @returns {Slot[]}
 */
export function contrastSlots(frame, place) {
  const { contrast, cell } = frame;
  if (!contrast?.pair) return [];
  if (place && cell) return cellSlots(frame, place);
  const [a, b] = namesOf(frame);
  const { gamma } = contrast.pair;
  if (contrast.mode === "difference") return [slot("left", lessWords(a, b, gamma)), ...peaks(frame, a, b)];
  return [
    slot("left", { quiet: "left " }, lessWords(a, b, gamma)),
    slot("right", { quiet: "right " }, lessWords(b, a, gamma)),
    slot("way", { quiet: "one scale on both sides; drag the divider or use ← →" }),
  ];
}

/**
 * Both sides' values of the cell, and what they are made of.
 * @param {Frame} frame
 * @param {Slot} place
 * @returns {Slot[]}
 */
function cellSlots(frame, place) {
  const { store, contrast, cell, limits, drawn } = frame;
  if (!contrast?.pair || !cell) return [];
  const [a, b] = namesOf(frame);
  const { left, right, gamma } = contrast.pair;
  const scale = Math.max(limits.hi, -limits.lo);
  const value = (/** @type {number} */ v) => signed(v, scale || v);
  const own = [drawn.target, contrast.rival].map((target) => store.map(target, drawn.layer, drawn.variant)?.values[cell.index]);
  const each = [a, b].flatMap((name, i) => (own[i] === undefined ? [] : [`${name} ${value(own[i])}`]));
  const swipe = contrast.mode === "swipe";
  return [
    place,
    slot("cell", { quiet: `${cellNoun(store)} ` }, cellPlace(store, cell)),
    slot("value", { strong: value(left.values[cell.index]) }, { quiet: swipe ? " left" : ` ${lessWords("A", "B", gamma)}` }),
    ...(swipe ? [slot("value-right", { strong: value(right.values[cell.index]) }, { quiet: " right" })] : []),
    slot("here", { quiet: "here " }, each.join(", ")),
  ];
}

/**
 * @param {Frame} frame
 * @param {string} a
 * @param {string} b
 */
function peaks({ store, contrast, limits, map }, a, b) {
  if (!contrast?.pair || !map) return [];
  const { values, grid } = contrast.pair.left;
  return [[a, limits.max], [b, limits.min]].flatMap(([name, value], i) => {
    const v = Number(value);
    if (i ? v >= 0 : v <= 0) return [];
    const at = cellPlace(store, cellOfIndex(grid, values.indexOf(v)));
    return [slot(i ? "peak-b" : "peak", { quiet: `most for ${name} ` }, signed(v, limits.hi), { quiet: ` at ${at}` })];
  });
}

/**
 * What must be known of the contrast before anything else.
 * @param {Frame} frame
 * @param {boolean} short
 * @param {string} place
 * @returns {Line | null}
 */
export function contrastLine(frame, short, place) {
  const { store, contrast, view } = frame;
  if (!contrast || (contrast.pair?.exact && !frame.blank)) return null;
  const [a, b] = namesOf(frame);
  if (!contrast.pair?.exact) return contrast.late ? waiting(frame, short, b) : absent(frame, place);
  const nothing = view.sign === "positive" ? "positive" : view.sign === "negative" ? "negative" : "other than zero";
  const { gamma } = contrast.pair;
  const words = [short ? "Blank contrast." : `Blank: nothing of ${lessWords(a, b, gamma)} is ${nothing} on either side.`];
  const press = () => store.set("contrast", "difference", { commit: true });
  const button = frame.limits.max > frame.limits.min ? { button: { text: "Show difference", press } } : {};
  return { kind: "warning", words, side: place, ...button };
}

/**
 * @param {Frame} frame
 * @param {boolean} short
 * @param {string} rival
 * @returns {Line}
 */
function waiting({ store, contrast, view }, short, rival) {
  const seconds = Math.round((Date.now() - (store.owed ?? Date.now())) / 1000);
  const side = seconds > 0 ? `waiting ${seconds} s` : "waiting";
  const { status } = store;
  if (status.state === "busy") return { kind: "busy", words: [{ strong: status.text }], side };
  if (!contrast?.pair) return { kind: "busy", words: ["The map of ", { strong: rival }, " will come."], side };
  const wanted = { strong: `γ ${view.gamma.toFixed(2)}` };
  if (short) return { kind: "busy", words: [wanted, " will come."], side };
  const drawn = contrast.pair.gamma === 0 ? "both maps as they are" : `γ ${contrast.pair.gamma.toFixed(2)}`;
  return { kind: "busy", words: ["The kernel works on the contrast with ", wanted, `; drawn until then: ${drawn}.`], side };
}

/**
 * A page without a kernel has no contrasts of variants that are not linear.
 * @param {Frame} frame
 * @param {string} place
 * @returns {Line | null}
 */
function absent({ store, drawn, contrast }, place) {
  if (store.owed !== null || store.status.state === "error") return null;
  const variant = variantName(store, drawn.variant);
  const what = contrast?.pair ? `drawn are both maps with γ ${plain(contrast.pair.gamma, 1)}.` : "drawn is the selected class alone.";
  return { kind: "warning", words: [`This contrast by ${variant} is not in this page: ${what}`],
    hint: "Run the notebook to compute it.", side: place };
}
