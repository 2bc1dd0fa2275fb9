/**
 * What the kernel has sent, read from the model's traits and checked. It knows the current image and puts every map
 * into the cache; what the user does is the store's business.
 */

import { createCache } from "./cache.js";
import { createKept, decodeChannels } from "./channels.js";
import {
  bag, cellsOf, decodeBands, decodeClasses, decodeContrast, decodeEdited, decodeLuts, decodeMaps, decodeMeta, decodeStack,
  decodeStatus, decodeStrip, Malformed, NOTHING_EDITED,
} from "./decode.js";
import { decodeFrames, decodeHeats, decodeReel } from "./film.js";
import { bytes } from "./lib/buffers.js";
import { weigh } from "./lib/cells.js";
import { equal } from "./lib/changes.js";
import { decodeTrust } from "./trust.js";

/**
 * @typedef {import("./protocol.js").Selection} Selection
 * @typedef {import("./protocol.js").HeatMap} HeatMap
 * @typedef {import("./protocol.js").Meta} Meta
 * @typedef {import("./protocol.js").Classes} Classes
 * @typedef {import("./protocol.js").Layer} Layer
 * @typedef {import("./protocol.js").Variant} Variant
 * @typedef {import("./protocol.js").Status} Status
 * @typedef {import("./decode.js").Stack} Stack
 * @typedef {"picture" | "bands" | "classes" | "listed" | "layers" | "variants" | "exact" | "luts" | "view" | "maps" | "thumbs" | "status"
 *   | "waiting" | "channels" | "trust" | "edited" | "edits" | "reel" | "frames" | "heats"} Change
 * @typedef {{count: number, at: (cell: number) => Float32Array, sum: (cover: Float64Array) => Float32Array}} Seen  at: a
 *   cell's value of every class, NaN where its map is not here; sum: so much of each cell's, added up
 * @typedef {Readonly<{ms: number, done: boolean, note: string | null}>} StackInfo
 */

/** @type {Classes} */
const NO_CLASSES = {
  names: [], scores: new Float32Array(0), probabilities: new Float32Array(0), before: null, unit: "logits",
  probability: "softmax", truth: null,
};

/** @param {any} value */
const list = (value) => Object.freeze([...(value ?? [])]);

/** Traits that are changes of the same name, and how each is read. */
const PLAIN = Object.freeze({
  picture: bytes, edited: decodeEdited, bands: decodeBands, classes: decodeClasses, listed: list, layers: list, variants: list,
  exact: list, luts: decodeLuts, status: decodeStatus, reel: decodeReel, frames: decodeFrames, heats: decodeHeats,
});

/** Traits whose new value may mend a fault. */
const CHECKED = ["meta", "edited", "bands", "classes", "stack", "strip", "nearby", "channels", "trust"];

/** @typedef {Pick<Selection, "layer" | "variant">} Place */

/** A picture and the thumbnails of its strip are drawn at a time. */
const MOST_DRAWN = 32;

/** What an entry of the cache is. */
const MAP = "map";
const THUMB = "thumb";
const ALL = "all";
const CONTRAST = "contrast";

/**
 * @param {string} kind
 * @param {Place} where
 * @param {number | string} [target]  without it, the beginning of the keys of all classes
 */
const key = (kind, { layer, variant }, target = "") => [kind, layer, variant, target].join("\u0000");

export class Inbox {
  #get;
  #cache;
  #note;
  /** @type {Map<string, HeatMap>} what was drawn last, under its key: stays until its like is here for a new image */
  #drawn = new Map();
  /** What is known of views beside their maps. */
  kept = {
    channels: /** @type {import("./channels.js").Kept<import("./channels.js").Channels>} */ (createKept()),
    trust: /** @type {import("./channels.js").Kept<import("./trust.js").Trust>} */ (createKept()),
  };

  meta = decodeMeta(null);
  /** @type {Uint8Array} */
  picture = new Uint8Array(0);
  edited = NOTHING_EDITED;
  /** @type {readonly import("./protocol.js").Band[]} */
  bands = [];
  classes = NO_CLASSES;
  /** @type {readonly number[]} */
  listed = [];
  /** @type {readonly Layer[]} */
  layers = [];
  /** @type {readonly Variant[]} */
  variants = [];
  /** @type {readonly any[]} pairs of a layer and a variant whose maps add up to the scores */
  exact = [];
  luts = decodeLuts(null);
  reel = decodeReel(null);
  frames = decodeFrames(null);
  heats = decodeHeats(null);
  /** @type {Status} */
  status = decodeStatus(null);
  /** @type {Status | null} why the last batch could not be read; a later one that can takes it back */
  fault = null;
  /** @type {StackInfo} */
  stackInfo = { ms: NaN, done: true, note: null };

  /**
   * @param {(name: string) => any} get  reads a trait
   * @param {number} cacheBytes
   * @param {(...changes: Change[]) => void} note  is told what changed
   */
  constructor(get, cacheBytes, note) {
    this.#get = get;
    this.#cache = createCache(cacheBytes);
    this.#note = note;
  }

  /** @param {Selection} selection */
  has(selection) {
    const { target } = selection;
    const all = this.#cache.peek(key(ALL, selection))?.views;
    return all ? target < all.length : this.#cache.peek(key(MAP, selection, target)) !== undefined;
  }

  /** Whether every class's map is here. @param {Place} where */
  hasAll(where) {
    return this.#cache.peek(key(ALL, where)) !== undefined;
  }

  /**
   * @param {Selection} selection
   * @returns {HeatMap | null}
   */
  map(selection) {
    const { target } = selection;
    const all = this.#cache.get(key(ALL, selection));
    if (!all?.views) return this.#cache.get(key(MAP, selection, target));
    const { values, grid, views } = all;
    if (target >= views.length) return null;
    const cells = cellsOf(grid);
    return (views[target] ??= { values: values.subarray(target * cells, (target + 1) * cells), grid });
  }

  /** As `map`; when the image has changed, the one of the image before until it is here. @param {Selection} selection */
  lasting(selection) {
    return this.#last(key(MAP, selection, selection.target), this.map(selection));
  }

  /** Whether there is anything to draw small. @param {Selection} selection */
  hasThumb(selection) {
    return this.#cache.peek(key(THUMB, selection, selection.target)) !== undefined || this.has(selection);
  }

  /**
   * The map of a class less gamma times another, as the kernel sent it.
   * @param {Selection} selection
   * @param {number} rival
   * @param {number} gamma
   */
  contrast(selection, rival, gamma) {
    return this.#cache.get(key(CONTRAST, selection, `${selection.target} ${rival} ${gamma}`));
  }

  /** @param {Selection} selection */
  thumb(selection) {
    const id = key(THUMB, selection, selection.target);
    return this.#last(id, this.#cache.get(id) ?? this.map(selection));
  }

  /** @param {string} id @param {HeatMap | null} found */
  #last(id, found) {
    if (!found) return this.#drawn.get(id) ?? null;
    this.#drawn.delete(id);
    this.#drawn.set(id, found);
    for (const oldest of this.#drawn.keys()) if (this.#drawn.size > MOST_DRAWN) this.#drawn.delete(oldest);
    return found;
  }

  /**
   * The maps seen at one place, ready to be read across the classes; good until others come.
   * @param {Place} where
   * @returns {Seen}
   */
  seen(where) {
    const { length } = this.classes.names;
    const all = this.#cache.get(key(ALL, where));
    const single = this.#cache.under(key(MAP, where));
    return {
      count: all ? length : single.length,
      at: (cell) => {
        const column = new Float32Array(length).fill(NaN);
        for (const [target, { values }] of single) column[Number(target)] = values[cell];
        const cells = all ? cellsOf(all.grid) : 0;
        if (all) for (let i = 0; i < length; i++) column[i] = all.values[i * cells + cell];
        return column;
      },
      sum: (cover) => {
        const column = new Float32Array(length).fill(NaN);
        for (const [target, { values }] of single) column[Number(target)] = weigh(values, 0, cover);
        if (all) for (let i = 0; i < length; i++) column[i] = weigh(all.values, i * cover.length, cover);
        return column;
      },
    };
  }

  clear() {
    this.#cache.clear();
    this.#drawn.clear();
    this.#clearKept();
  }

  #clearKept() {
    this.kept.channels.clear();
    this.kept.trust.clear();
  }

  /**
   * Takes over the traits that changed.
   * @param {ReadonlySet<string>} names
   * @returns {{stack: Stack | null, newImage: boolean}} the stack, if one came for this image
   */
  read(names) {
    if (CHECKED.some((name) => names.has(name))) this.#forgive();
    const newImage = names.has("meta") && this.#readMeta();
    for (const name of /** @type {Array<keyof typeof PLAIN>} */ (Object.keys(PLAIN))) {
      if (names.has(name)) this.#readPlain(name);
    }
    // The stack of a new image may have come before its meta, and was then put aside.
    const stack = newImage || names.has("stack") ? this.#guard(() => this.#readStack()) : null;
    if (newImage || names.has("strip")) this.#guard(() => this.#readStrip());
    if (newImage || names.has("nearby")) this.#take(this.#get("nearby"));
    if (newImage || names.has("channels")) this.#readKept("channels", decodeChannels);
    if (newImage || names.has("trust")) this.#readKept("trust", decodeTrust);
    return { stack, newImage };
  }

  /**
   * All variants' maps come as a message, not as a trait, and so do the matrix and contrasts: a saved notebook need not
   * hold them.
   * @param {unknown} content
   * @param {readonly unknown[]} buffers
   */
  receive(content, buffers) {
    const type = bag(content)?.type;
    if (type === "maps") this.#take(content, buffers);
    if (type === "thumbs") this.#takeThumbs(content, buffers);
    if (type === "contrast") this.#takeContrast(content, buffers);
  }

  /** @param {unknown} value @param {readonly unknown[]} buffers */
  #takeContrast(value, buffers) {
    const found = this.#guard(() => decodeContrast(value, this.meta.input.length, buffers));
    if (!found || found.image !== this.meta.image) return;
    const { selection, rival, gamma, maps: [left, right] } = found;
    const { target } = selection;
    this.#cache.put(key(CONTRAST, selection, `${target} ${rival} ${gamma}`), left);
    this.#cache.put(key(CONTRAST, selection, `${rival} ${target} ${gamma}`), right);
    this.#note("maps");
  }

  /**
   * Maps of any class, layer and variant.
   * @param {unknown} value
   * @param {readonly unknown[]} [buffers]
   */
  #take(value, buffers) {
    const found = this.#guard(() => decodeMaps(value, this.meta.input.length, buffers));
    if (!found || found.image !== this.meta.image) return;
    for (const [selection, map] of found.maps) this.#keep(selection, map);
    this.#note("maps", "thumbs");
  }

  /**
   * @param {unknown} value
   * @param {readonly unknown[]} buffers
   */
  #takeThumbs(value, buffers) {
    const found = this.#guard(() => decodeMaps(value, Math.min(2, this.meta.input.length), buffers));
    if (!found || found.image !== this.meta.image) return;
    for (const [selection, map] of found.maps) this.#keepThumb(selection, map);
    this.#note("thumbs");
  }

  /** @param {Selection} selection @param {HeatMap} map */
  #keepThumb(selection, map) {
    const id = key(THUMB, selection, selection.target);
    if (!this.#cache.peek(id)) this.#cache.put(id, map);
  }

  /** @returns {boolean} whether the image is another one */
  #readMeta() {
    const before = this.meta;
    const meta = decodeMeta(this.#get("meta"));
    if (equal(meta, before)) return false;
    this.meta = meta;
    this.#note("picture");
    if (meta.image === before.image) return false;
    if (meta.index !== before.index) this.#drawn.clear();
    this.#cache.clear();
    this.#clearKept();
    this.#note("maps", "thumbs");
    return true;
  }

  /**
   * A value that says the same as the last one changes nothing, so that nothing is drawn for it.
   * @param {keyof typeof PLAIN} name
   */
  #readPlain(name) {
    const value = this.#guard(() => PLAIN[name](this.#get(name)));
    if (value === null || equal(value, this[name])) return;
    Object.assign(this, { [name]: value });
    this.#note(name);
  }

  /** @returns {Stack | null} */
  #readStack() {
    const stack = decodeStack(this.#get("stack"), this.classes.names.length, this.meta.input.length);
    if (!stack || stack.image !== this.meta.image) return null;
    const { layer, variant, whole, ms, done, note } = stack;
    for (const [target, map] of stack.maps) this.#keep({ target, layer, variant }, map);
    if (whole) this.#keepAll({ layer, variant }, whole);
    this.stackInfo = Object.freeze({ ms, done, note });
    this.#note("maps", "thumbs");
    return stack;
  }

  /**
   * A map that is here stays: the other may be packed more coarsely, and the picture must not change by what follows.
   * @param {Selection} selection
   * @param {HeatMap} map
   */
  #keep(selection, map) {
    if (!this.has(selection)) this.#cache.put(key(MAP, selection, selection.target), map);
  }

  /**
   * All classes in one piece of memory, with the maps that are here in their places.
   * @param {Place} where
   * @param {HeatMap} whole
   */
  #keepAll(where, { values, grid }) {
    if (this.hasAll(where)) return;
    const cells = cellsOf(grid);
    /** @type {Array<HeatMap | undefined>} */
    const views = new Array(values.length / cells);
    const start = key(MAP, where);
    for (const [target, map] of this.#cache.under(start)) {
      this.#cache.remove(start + target);
      if (map.values.length !== cells) continue;
      values.set(map.values, Number(target) * cells);
      views[Number(target)] = map;
    }
    this.#cache.put(key(ALL, where), { values, grid, views });
  }

  #readStrip() {
    const strip = decodeStrip(this.#get("strip"), Math.min(2, this.meta.input.length));
    if (!strip || strip.image !== this.meta.image) return;
    const { target, variant } = strip;
    for (const [layer, map] of strip.maps) this.#keepThumb({ target, layer, variant }, map);
    this.#note("thumbs");
  }

  /**
   * @param {"channels" | "trust"} name
   * @param {(value: unknown, sides: number) => {image: number, views: any[]} | null} decode
   */
  #readKept(name, decode) {
    const found = this.#guard(() => decode(this.#get(name), this.meta.input.length));
    if (!found || found.image !== this.meta.image) return;
    this.kept[name].keep(found.views);
    this.#note(name);
  }

  #forgive() {
    if (!this.fault) return;
    this.fault = null;
    this.#note("status");
  }

  /**
   * @template T
   * @param {() => T} read
   * @returns {T | null} null where the kernel's value made no sense; `fault` then says why
   */
  #guard(read) {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      const text = `The kernel sent what this page cannot read: ${error.message}.`;
      this.fault = Object.freeze({ state: "error", text, hint: "Run the cell again." });
      this.#note("status");
      return null;
    }
  }
}
