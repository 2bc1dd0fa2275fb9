/**
 * Wire values to checked values. What the kernel sends is not trusted to be whole: a saved notebook may be older than
 * this code. Each function returns null for "nothing yet" and throws `Malformed`, with the reason, for what it
 * cannot read.
 */

import { bytes, floats, ITEM_SIZE } from "./lib/buffers.js";
import { BANDS, BRUSHES, FILLS, KINDS, MODES, STATES } from "./protocol.js";

/**
 * @typedef {import("./protocol.js").Grid} Grid
 * @typedef {import("./protocol.js").Dtype} Dtype
 * @typedef {import("./protocol.js").HeatMap} HeatMap
 * @typedef {[string, number]} Reply
 * @typedef {{image: number, layer: string, variant: string, maps: Array<[number, HeatMap]>, whole: HeatMap | null,
 *   done: boolean, ms: number, note: string | null}} Stack  whole: the maps of all classes, one after another
 * @typedef {{image: number, target: number, variant: string, maps: Array<[string, HeatMap]>}} Strip
 * @typedef {{image: number, maps: Array<[import("./protocol.js").Selection, HeatMap]>}} LooseMaps
 * @typedef {Record<string, unknown>} Bag
 */

/** A layer of raw sound has a step for each of its samples; no grid has more cells than this. */
const LARGEST_GRID = 2 ** 24;

export class Malformed extends Error {}

/**
 * @param {boolean} holds
 * @param {string} what
 * @returns {asserts holds}
 */
export function check(holds, what) {
  if (!holds) throw new Malformed(what);
}

/**
 * @param {unknown} value
 * @returns {Bag | null}  null where it is empty or no dict
 */
export function bag(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return Object.keys(value).length ? /** @type {Bag} */ (value) : null;
}

/**
 * @param {unknown} value
 * @param {number} sides
 * @returns {Grid}
 */
function gridOf(value, sides) {
  check(Array.isArray(value) && value.length === sides, `a grid needs ${sides} sides`);
  const fits = value.every((n) => Number.isInteger(n) && n >= 1) && cellsOf(value) <= LARGEST_GRID;
  check(fits, `a grid of ${value.map(String).join(" × ")}`);
  return Object.freeze([...value]);
}

/** How many cells a grid has. @param {Grid} grid */
export const cellsOf = (grid) => grid.reduce((all, side) => all * side, 1);

/**
 * @param {unknown} data
 * @param {Bag} from  with grid, dtype and scale
 * @param {number} sides  of its grid
 * @param {number} [count]  of maps that lie behind one another
 * @returns {HeatMap}
 */
export function mapOf(data, from, sides, count = 1) {
  const grid = gridOf(from.grid, sides);
  const dtype = /** @type {Dtype} */ (from.dtype ?? "int8");
  const scale = from.scale ?? 1;
  check(Object.hasOwn(ITEM_SIZE, dtype), `numbers of type ${String(dtype)}`);
  check(typeof scale === "number" && Number.isFinite(scale), `a scale of ${String(scale)}`);
  const given = bytes(data).byteLength;
  const due = count * cellsOf(grid) * ITEM_SIZE[dtype];
  check(given === due, `${given} bytes instead of ${due}`);
  return { values: floats(data, dtype, scale), grid };
}

/**
 * @param {unknown} value
 * @param {number} classes  how many a stack of all classes holds
 * @param {number} sides  of a grid
 * @returns {Stack | null}
 */
export function decodeStack(value, classes, sides) {
  const from = bag(value);
  if (!from) return null;
  const { image, layer, variant, targets } = from;
  const named = typeof layer === "string" && typeof variant === "string";
  check(Number.isInteger(image) && named, "no image, layer or variant");
  const list = targets === null ? [] : targets;
  check(Array.isArray(list) && list.every((t) => Number.isInteger(t) && t >= 0), "no list of classes");
  const all = mapOf(from.data, from, sides, targets === null ? classes : list.length);
  const cells = cellsOf(all.grid);
  return {
    image: /** @type {number} */ (image),
    layer,
    variant,
    // Each with its own memory: a cache that drops one shall free it.
    maps: list.map((target, i) => [target, { ...all, values: all.values.slice(i * cells, (i + 1) * cells) }]),
    whole: targets === null ? all : null,
    done: from.done !== false,
    ms: typeof from.ms === "number" ? from.ms : NaN,
    note: typeof from.note === "string" ? from.note : null,
  };
}

/**
 * @param {unknown} value
 * @param {number} sides  of a grid
 * @returns {Strip | null}
 */
export function decodeStrip(value, sides) {
  const from = bag(value);
  if (!from) return null;
  const { image, target, variant, maps } = from;
  const numbered = Number.isInteger(image) && Number.isInteger(target);
  check(numbered && typeof variant === "string", "no image, class or variant");
  check(Array.isArray(maps), "no list of thumbnails");
  return {
    image: /** @type {number} */ (image),
    target: /** @type {number} */ (target),
    variant,
    maps: maps.map((item) => {
      check(typeof item?.layer === "string", "a thumbnail without its layer");
      return [item.layer, mapOf(item.data, item, sides)];
    }),
  };
}

/**
 * @param {unknown} value
 * @param {number} sides  of a grid
 * @param {readonly unknown[]} [buffers]  of a message, one a map; a trait has the data in each map
 * @returns {LooseMaps | null}
 */
export function decodeMaps(value, sides, buffers) {
  const from = bag(value);
  if (!from) return null;
  const { image, maps } = from;
  check(Array.isArray(maps), "no list of maps");
  return {
    image: /** @type {number} */ (image),
    maps: maps.map((item, i) => {
      const { target, layer, variant } = item ?? {};
      const named = typeof layer === "string" && typeof variant === "string";
      check(Number.isInteger(target) && named, "a map without its class, layer or variant");
      return [{ target, layer, variant }, mapOf(buffers ? buffers[i] : item.data, item, sides)];
    }),
  };
}

/**
 * @param {unknown} value  a message
 * @param {number} sides  of a grid
 * @param {readonly unknown[]} buffers
 * @returns {{image: number, selection: import("./protocol.js").Selection, rival: number, gamma: number,
 *   maps: [HeatMap, HeatMap]} | null}
 */
export function decodeContrast(value, sides, buffers) {
  const from = bag(value);
  if (!from) return null;
  const { image, target, layer, variant, rival, gamma } = from;
  const named = typeof layer === "string" && typeof variant === "string" && typeof gamma === "number";
  check(named && [image, target, rival].every(Number.isInteger), "a contrast without its classes, layer, variant or gamma");
  const both = mapOf(buffers[0], from, sides, 2);
  const cells = cellsOf(both.grid);
  const of = (/** @type {number} */ i) => ({ ...both, values: both.values.slice(i * cells, (i + 1) * cells) });
  const selection = { target: Number(target), layer, variant };
  return { image: Number(image), selection, rival: Number(rival), gamma, maps: [of(0), of(1)] };
}

/**
 * @param {unknown} value
 * @returns {import("./protocol.js").Classes | null}
 */
export function decodeClasses(value) {
  const from = bag(value);
  if (!from) return null;
  check(Array.isArray(from.names), "classes without names");
  const names = from.names.map(String);
  const columns = [from.scores, from.probabilities];
  check(columns.every((c) => bytes(c).byteLength === 4 * names.length), `scores that are not ${names.length} numbers`);
  const [scores, probabilities] = columns.map((c) => floats(c, "float32"));
  const before = bytes(from.before).byteLength === 4 * names.length ? floats(from.before, "float32") : null;
  return Object.freeze({
    names,
    scores,
    probabilities,
    before,
    unit: String(from.unit ?? "logits"),
    probability: String(from.probability ?? "softmax"),
    truth: Number.isInteger(from.truth) ? /** @type {number} */ (from.truth) : null,
  });
}

/** @type {import("./protocol.js").Edited} */
export const NOTHING_EDITED = Object.freeze({ edits: Object.freeze([]), covered: 0, data: new Uint8Array(0) });

/**
 * @param {unknown} value
 * @returns {import("./protocol.js").Edited}
 */
export function decodeEdited(value) {
  const from = bag(value);
  if (!from) return NOTHING_EDITED;
  const { edits, covered } = from;
  check(Array.isArray(edits) && edits.every(isEdit), "strokes that are none");
  const share = typeof covered === "number" && covered >= 0 && covered <= 1 ? covered : NaN;
  return Object.freeze({ edits: Object.freeze([...edits]), covered: share, data: bytes(from.data) });
}

/** @param {any} edit */
function isEdit(edit) {
  const named = BRUSHES.includes(edit?.tool) && MODES.includes(edit.mode) && FILLS.includes(edit.fill);
  if (!named || !Array.isArray(edit.points)) return false;
  if (edit.tool === "box") return edit.points.length === 4 && edit.points.every(Number.isFinite);
  const places = edit.points.every((/** @type {any} */ p) => Array.isArray(p) && p.length === 2 && p.every(Number.isFinite));
  return places && edit.points.length > 0 && edit.radius > 0;
}

/** @type {import("./protocol.js").Meta} */
const NO_META = {
  image: -1, index: 0, model: "", device: "", preprocessing: "", kind: "picture", input: [0, 0], picture: [1, 1],
  tile: [1, 1], columns: 1, axis: "", rate: null, span: 1, call: [],
};

/** @param {unknown} value */
const positive = (value) => typeof value === "number" && value > 0 && Number.isFinite(value);

/** Sides of the input by kind. */
const SIDES = Object.freeze({ picture: 2, signal: 1, volume: 3 });

/**
 * What is missing, or makes no sense, is as nothing.
 * @param {unknown} value
 * @returns {import("./protocol.js").Meta}
 */
export function decodeMeta(value) {
  const from = { ...NO_META, ...bag(value) };
  const kind = KINDS.find((name) => name === from.kind) ?? "picture";
  const sizes = /** @type {const} */ ([["input", SIDES[kind]], ["picture", 2], ["tile", 2]]);
  const counts = /** @type {(list: any, sides: number) => boolean} */ ((list, sides) =>
    Array.isArray(list) && list.length === sides && list.every((n) => Number.isInteger(n) && n > 0));
  for (const [name, sides] of sizes) {
    if (!counts(from[name], sides)) Object.assign(from, { [name]: new Array(sides).fill(name === "input" ? 0 : 1) });
  }
  for (const name of /** @type {const} */ (["columns", "span"])) if (!positive(from[name])) from[name] = 1;
  if (!positive(from.rate)) from.rate = null;
  from.call = Array.isArray(from.call) ? from.call.map(String) : [];
  return Object.freeze({ ...from, kind });
}

/**
 * @param {unknown} value
 * @returns {readonly import("./protocol.js").Band[]}
 */
export function decodeBands(value) {
  if (!Array.isArray(value)) return [];
  return Object.freeze(value.map((item) => {
    const form = BANDS.find((name) => name === item?.form);
    check(form !== undefined, `a band of form ${String(item?.form)}`);
    const numbers = [item.low, item.high, item.start, item.step];
    check(numbers.every(Number.isFinite) && item.step > 0, "a band without its scale or place");
    const grid = gridOf(item.grid, 2);
    check(form === "image" || grid[0] <= 2, `a trace of ${grid[0]} rows`);
    const { byteLength } = bytes(item.data);
    check(byteLength === cellsOf(grid) * (form === "image" ? 1 : 4), `a band of ${byteLength} bytes`);
    const values = form === "image" ? Float32Array.from(bytes(item.data), (v) => v / 255) : floats(item.data, "float32");
    const [low, high, start, step] = numbers;
    return Object.freeze({ label: String(item.label), form, low, high, start, step, values,
      grid: /** @type {import("./protocol.js").Size} */ (grid) });
  }));
}

/**
 * Colour tables of the right length only; the others are left out.
 * @param {unknown} value
 * @returns {Readonly<Record<string, Uint8Array>>}
 */
export function decodeLuts(value) {
  const pairs = Object.entries(bag(value) ?? {}).map(([name, view]) => /** @type {const} */ ([name, bytes(view)]));
  return Object.freeze(Object.fromEntries(pairs.filter(([, lut]) => lut.byteLength === 1024)));
}

/**
 * @param {unknown} value
 * @returns {import("./protocol.js").Status}
 */
export function decodeStatus(value) {
  const { state, text, hint, about } = bag(value) ?? {};
  const { target, layer, variant } = bag(about) ?? {};
  const named = Number.isInteger(target) && typeof layer === "string" && typeof variant === "string";
  return Object.freeze({
    state: STATES.find((s) => s === state) ?? "ready",
    text: typeof text === "string" ? text : "",
    hint: typeof hint === "string" ? hint : "",
    about: named ? Object.freeze({ target: /** @type {number} */ (target), layer, variant }) : null,
  });
}

/**
 * @param {unknown} value  a stack or a status
 * @returns {Reply | null}
 */
export function decodeReply(value) {
  const reply = bag(value)?.reply;
  if (!Array.isArray(reply) || typeof reply[0] !== "string" || !Number.isInteger(reply[1])) return null;
  return [reply[0], reply[1]];
}
