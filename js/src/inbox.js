/**
 * What the kernel has sent, read from the model's traits and checked. It knows the current image and puts every map
 * into the cache; what the user does is the store's business.
 */

import { createCache } from "./cache.js";
import {
  bag, decodeClasses, decodeLuts, decodeMaps, decodeStack, decodeStatus, decodeStrip, Malformed,
} from "./decode.js";
import { bytes } from "./lib/buffers.js";

/**
 * @typedef {import("./protocol.js").Selection} Selection
 * @typedef {import("./protocol.js").Meta} Meta
 * @typedef {import("./protocol.js").Classes} Classes
 * @typedef {import("./protocol.js").Layer} Layer
 * @typedef {import("./protocol.js").Variant} Variant
 * @typedef {import("./protocol.js").Status} Status
 * @typedef {import("./decode.js").Stack} Stack
 * @typedef {"picture" | "classes" | "listed" | "layers" | "variants" | "luts" | "view" | "maps" | "thumbs" | "status"
 *   | "waiting"} Change
 * @typedef {Readonly<{ms: number, done: boolean, note: string | null}>} StackInfo
 */

/** @type {Meta} */
const NO_META = { image: -1, model: "", device: "", preprocessing: "", input: [0, 0], picture: [0, 0] };

/** @type {Classes} */
const NO_CLASSES = {
  names: [], scores: new Float32Array(0), probabilities: new Float32Array(0), unit: "logits", probability: "softmax",
  truth: null,
};

/** Traits that are changes of the same name. */
const PLAIN = /** @type {const} */ (["picture", "classes", "listed", "layers", "variants", "luts", "status"]);

/** Traits whose new value may mend a fault. */
const CHECKED = ["meta", "classes", "stack", "strip"];

/** @param {string[]} parts */
const key = (...parts) => parts.join("\u0000");

/** @param {Selection} s */
const mapKey = (s) => key("map", String(s.target), s.layer, s.variant);

/** @param {Selection} s */
const thumbKey = (s) => key("thumb", String(s.target), s.layer, s.variant);

export class Inbox {
  #get;
  #cache;
  #note;

  meta = NO_META;
  /** @type {Uint8Array} */
  picture = new Uint8Array(0);
  classes = NO_CLASSES;
  /** @type {readonly number[]} */
  listed = [];
  /** @type {readonly Layer[]} */
  layers = [];
  /** @type {readonly Variant[]} */
  variants = [];
  luts = decodeLuts(null);
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
    return this.#cache.has(mapKey(selection));
  }

  /** @param {Selection} selection */
  map(selection) {
    return this.#cache.get(mapKey(selection));
  }

  /** @param {Selection} selection */
  thumb(selection) {
    return this.#cache.get(thumbKey(selection)) ?? this.map(selection);
  }

  clear() {
    this.#cache.clear();
  }

  /**
   * Takes over the traits that changed.
   * @param {ReadonlySet<string>} names
   * @returns {{stack: Stack | null, newImage: boolean}} the stack, if one came for this image
   */
  read(names) {
    if (CHECKED.some((name) => names.has(name))) this.#forgive();
    const newImage = names.has("meta") && this.#readMeta();
    if (names.has("status")) this.status = decodeStatus(this.#get("status"));
    this.#readPlain(names);
    // The stack of a new image may have come before its meta, and was then put aside.
    const stack = newImage || names.has("stack") ? this.#guard(() => this.#readStack()) : null;
    if (newImage || names.has("strip")) this.#guard(() => this.#readStrip());
    return { stack, newImage };
  }

  /**
   * All variants' maps come as a message, not as a trait: a saved notebook need not hold them.
   * @param {unknown} content
   * @param {readonly unknown[]} buffers
   */
  receive(content, buffers) {
    const found = this.#guard(() => decodeMaps(content, buffers));
    if (!found || found.image !== this.meta.image) return;
    const { target, layer } = found;
    for (const [variant, map] of found.maps) {
      const key = mapKey({ target, layer, variant });
      // the stack's map stays: it may have been packed more coarsely, and the picture must not change by a preview
      if (!this.#cache.has(key)) this.#cache.put(key, map);
    }
    this.#note("maps", "thumbs");
  }

  /** @returns {boolean} whether the image is another one */
  #readMeta() {
    const before = this.meta.image;
    this.meta = Object.freeze({ ...NO_META, ...bag(this.#get("meta")) });
    this.#note("picture");
    if (this.meta.image === before) return false;
    this.#cache.clear();
    this.#note("maps", "thumbs");
    return true;
  }

  /** @param {ReadonlySet<string>} names */
  #readPlain(names) {
    /** @param {string} name */
    const list = (name) => Object.freeze([...(this.#get(name) ?? [])]);
    if (names.has("picture")) this.picture = bytes(this.#get("picture"));
    if (names.has("classes")) this.classes = this.#guard(() => decodeClasses(this.#get("classes"))) ?? this.classes;
    if (names.has("listed")) this.listed = list("listed");
    if (names.has("layers")) this.layers = list("layers");
    if (names.has("variants")) this.variants = list("variants");
    if (names.has("luts")) this.luts = decodeLuts(this.#get("luts"));
    for (const name of PLAIN) if (names.has(name)) this.#note(name);
  }

  /** @returns {Stack | null} */
  #readStack() {
    const stack = decodeStack(this.#get("stack"));
    if (!stack || stack.image !== this.meta.image) return null;
    const { layer, variant, ms, done, note } = stack;
    for (const [target, map] of stack.maps) this.#cache.put(mapKey({ target, layer, variant }), map);
    this.stackInfo = Object.freeze({ ms, done, note });
    this.#note("maps", "thumbs");
    return stack;
  }

  #readStrip() {
    const strip = decodeStrip(this.#get("strip"));
    if (!strip || strip.image !== this.meta.image) return;
    const { target, variant } = strip;
    for (const [layer, map] of strip.maps) this.#cache.put(thumbKey({ target, layer, variant }), map);
    this.#note("thumbs");
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
