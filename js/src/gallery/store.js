/**
 * What a gallery's view knows: the scores of all items, the order in which they stand, what is chosen, and the
 * thumbnails seen so far. Sorting, filtering and choosing are done here; the kernel is asked for thumbnails only. No DOM.
 */

import { decodeLuts, decodeStatus, Malformed } from "../decode.js";
import { makeNonce } from "../gate.js";
import { Host } from "../host.js";
import { equal } from "../lib/changes.js";
import { COLORMAPS, SIGNED_COLORMAP, SIGNS } from "../protocol.js";
import { Asking } from "./asking.js";
import { costOf, decodeThumbs } from "./decode.js";
import { createKept } from "./kept.js";
import { arranged, held, sameOrder } from "./order.js";
import { ALL, isOpen, ORDERS, SHOWS, TRAITS_TO_BROWSER, TRAITS_TWO_WAY, UNKNOWN } from "./protocol.js";
import { Scores } from "./scores.js";

/**
 * @typedef {import("./protocol.js").Filter} Filter
 * @typedef {import("./protocol.js").Thumb} Thumb
 * @typedef {Readonly<{order: import("./protocol.js").Order, descending: boolean, filter: Filter, opened: number | null,
 *   layer: string, variant: string, shows: import("./protocol.js").Shows, opacity: number,
 *   sign: import("../protocol.js").Sign, colormap: string}>} View
 * @typedef {{names: readonly string[], known: boolean, files: readonly string[], model: string, device: string,
 *   layers: ReadonlyArray<{name: string, grid: readonly number[]}>, variants: ReadonlyArray<{id: string, name: string}>}} About
 */

/** Thumbnails and maps as they came, in bytes: some thousands of items. */
export const MOST_BYTES = 24 * 2 ** 20;

/** Milliseconds from one sorting to the next while scores arrive. */
const SORT_PAUSE = 1000;

/** @param {unknown} value @param {number} end @returns {number | null} */
const within = (value, end) => (Number.isInteger(value) && Number(value) >= 0 && Number(value) < end ? Number(value) : null);

/** @template T @param {readonly T[]} among @param {unknown} value @param {T} other @returns {T} */
const oneOf = (among, value, other) => among.find((known) => known === value) ?? other;

export class GalleryStore {
  #host;
  #asking;
  #nonce = makeNonce();
  /** @type {number | null} */
  #here;
  /** @type {ReturnType<typeof createKept<Thumb>>} */
  #thumbs = createKept(MOST_BYTES);
  /** @type {View} */
  #view;
  #timer = 0;
  /** Whether what stands must not be moved: the pointer or the keys are among it. */
  #hold = false;
  /** @type {Set<number>} */
  selection = new Set();

  /** @param {import("../host.js").Model} model */
  constructor(model) {
    const changed = /** @type {(names: Set<string>) => void} */ ((names) => this.#refresh(names));
    this.#host = new Host(model, [...TRAITS_TO_BROWSER, ...TRAITS_TWO_WAY], changed, (content, buffers) => this.#receive(content, buffers));
    this.#asking = new Asking((request) => this.#host.send({ ...request, nonce: this.#nonce }));
    this.scores = new Scores(this.#count());
    this.about = this.#readAbout();
    this.generation = this.#host.get("generation") ?? 0;
    /** Names the full widget's model, once an item was opened. */
    this.child = String(this.#host.get("child") ?? "");
    this.luts = decodeLuts(this.#host.get("luts"));
    this.status = decodeStatus(this.#host.get("status"));
    this.#view = this.#readView();
    this.selection = this.#readSelection();
    /** The item whose full widget is here, where no kernel could open another. */
    this.#here = this.#view.opened;
    /** Whether an item was wanted that only a kernel could open. */
    this.refused = false;
    this.#readKept();
    /** The items that are shown, in their order. */
    this.order = this.#arrange();
    /** Whether they would stand otherwise if they were sorted now. */
    this.stale = false;
    this.#host.send({ kind: "scores?" });
  }

  get view() { return this.#view; }
  get canAsk() { return this.#host.canAsk; }
  get count() { return this.scores.count; }

  /** Since when a request has not been answered, as `performance.now()`; null where none is out. */
  get since() { return this.#asking.since; }

  /** How many items have their picture here. */
  get pictures() { return this.#thumbs.size; }

  /** How many bytes of thumbnails are kept. */
  get bytes() { return this.#thumbs.bytes; }

  /** The colour table of the maps. */
  get lut() {
    const { sign, colormap } = this.#view;
    return this.luts[sign === "signed" ? SIGNED_COLORMAP : colormap] ?? this.luts.viridis ?? null;
  }

  /** @param {number} index  of a class */
  nameOf(index) {
    return index === UNKNOWN ? "unknown" : this.about.names[index] ?? String(index);
  }

  /** The same object each time. @param {number} index */
  thumb(index) {
    return this.#thumbs.get(index);
  }

  /** @param {(changed: Set<any>) => void} listener */
  subscribe(listener) {
    return this.#host.subscribe(listener);
  }

  /**
   * Asks for those of these items that are not here.
   * @param {readonly number[]} items  in sight
   */
  want(items) {
    if (!this.canAsk) return;
    this.#asking.want(items.filter((index) => !this.#thumbs.has(index) && !this.scores.failed.has(index)));
  }

  /**
   * @template {keyof View} K
   * @param {K} name
   * @param {View[K]} value
   * @param {boolean} [commit]  the kernel is told; not while a slider is dragged
   */
  set(name, value, commit = true) {
    const refused = name === "opened" && value !== null && !this.canAsk && value !== this.#here;
    if (refused !== this.refused) this.#note("about");
    this.refused = refused;
    if (refused) return;
    if (commit && !equal(this.#host.get(name), value)) this.#host.save(name, value);
    if (!equal(this.#view[name], value)) this.#adopt({ ...this.#view, [name]: value });
  }

  /** @param {Partial<Filter>} patch */
  narrow(patch) {
    this.set("filter", { ...this.#view.filter, ...patch });
  }

  /** @param {Iterable<number>} items */
  select(items) {
    const next = new Set([...items].sort((a, b) => a - b));
    if (equal([...next], [...this.selection])) return;
    this.selection = next;
    this.#host.save("selection", [...next]);
    this.#note("selection");
  }

  /** Whether the order may change under the reader. @param {boolean} on */
  hold(on) {
    this.#hold = on;
    if (!on && this.stale) this.sortAgain();
  }

  sortAgain() {
    this.order = this.#arrange();
    this.stale = false;
    this.#note("order");
  }

  destroy() {
    clearTimeout(this.#timer);
    this.#asking.stop();
    this.#host.destroy();
  }

  /** @param {...string} names */
  #note(...names) {
    this.#host.note(.../** @type {any[]} */ (names));
  }

  #arrange() {
    return arranged(this.scores, this.#view.filter, this.#view.order, this.#view.descending);
  }

  /** What the view is now; and what follows. @param {View} next */
  #adopt(next) {
    const before = this.#view;
    this.#view = next;
    if (before.layer !== next.layer || before.variant !== next.variant) {
      this.#thumbs.clear();
      this.#asking.renew();
      this.#note("thumbs");
    }
    if (before.order !== next.order || before.descending !== next.descending || before.filter !== next.filter) {
      this.sortAgain();
      this.#note("sorted");
    }
    if (before.opened !== next.opened) this.#note("opened");
    this.#note("view");
  }

  /** @param {Set<string>} names  of traits that changed */
  #refresh(names) {
    const generation = this.#host.get("generation") ?? 0;
    if (this.#count() !== this.count || generation !== this.generation) this.#restart(generation);
    if (names.has("child")) {
      this.child = String(this.#host.get("child") ?? "");
      this.#note("opened");
    }
    if (["names", "known", "names_of_items", "meta", "layers", "variants"].some((name) => names.has(name))) {
      this.about = this.#readAbout();
    }
    if (names.has("luts")) this.luts = decodeLuts(this.#host.get("luts"));
    if (names.has("status")) this.status = decodeStatus(this.#host.get("status"));
    if (names.has("selection")) {
      this.selection = this.#readSelection();
      this.#note("selection");
    }
    this.#note("about");
    if (!TRAITS_TWO_WAY.some((name) => names.has(name))) return;
    const { filter, opacity } = this.#view;
    const view = this.#readView();
    // what says the same stays the same object, and a slider that is dragged stays under the pointer
    this.#adopt({ ...view, filter: equal(view.filter, filter) ? filter : view.filter,
      opacity: names.has("opacity") ? view.opacity : opacity });
  }

  /** Other items, or a model that was trained on: all that is known is void. @param {number} generation */
  #restart(generation) {
    this.generation = generation;
    this.scores = new Scores(this.#count());
    this.#thumbs.clear();
    this.#asking.renew();
    this.sortAgain();
    this.#note("scores", "thumbs");
  }

  /** @param {any} content @param {readonly unknown[]} buffers */
  #receive(content, buffers) {
    // a model that was trained on tells so before it sends anything: the trait may be read a moment later
    const due = this.#host.get("generation") ?? 0;
    if ((content?.generation ?? due) !== due) return;
    if (due !== this.generation) this.#restart(due);
    if (content?.kind === "scores") {
      if (this.scores.take(content.from, content.to, buffers[0])) this.#scored();
    } else if (content?.kind === "failed") {
      this.scores.fail(content.items);
      this.#scored();
    } else if (content?.kind === "thumbs") this.#takeThumbs(content, buffers);
    else if (content?.kind === "more" && this.scores.lacking < this.count) this.#host.send({ kind: "scores?", from: this.scores.lacking });
  }

  /** What a page without a kernel was given, as if it came. */
  #readKept() {
    const messages = Object(this.#host.get("kept")).messages;
    for (const { content, buffers } of Array.isArray(messages) ? messages.map(Object) : []) {
      this.#receive(content, Array.isArray(buffers) ? buffers : []);
    }
  }

  /** @param {unknown} content @param {readonly unknown[]} buffers */
  #takeThumbs(content, buffers) {
    try {
      const answer = decodeThumbs(content, buffers, this.count);
      const { layer, variant } = this.#view;
      const mine = answer.nonce === this.#nonce;
      // another view's are as good
      const fits = (!mine || answer.seq >= this.#asking.valid) && answer.layer === layer && answer.variant === variant;
      for (const [index, thumb] of fits ? answer.thumbs : []) this.#thumbs.put(index, thumb, costOf(thumb));
      this.scores.fail(Object.fromEntries(answer.failed));
      const brought = [...answer.thumbs, ...answer.failed].map(([index]) => index);
      if (mine) this.#asking.answered(answer.seq, fits ? brought : [], answer.more);
      this.#note("thumbs");
    } catch (error) {
      if (!(error instanceof Malformed || error instanceof RangeError)) throw error;
      this.#asking.answered(Number(/** @type {any} */ (content).seq), [], false);
      this.#note("thumbs");
    }
  }

  /** Scores come in many small parts: items are sorted now and then, and at the end. */
  #scored() {
    this.#note("scores");
    const done = this.scores.scored === this.count;
    if (this.#timer && !done) return;
    clearTimeout(this.#timer);
    this.#timer = /** @type {any} */ (setTimeout(() => {
      this.#timer = 0;
      const now = this.#arrange();
      const next = this.#hold ? held(this.order, now) : now;
      this.stale = this.#hold && !sameOrder(next, now);
      if (!sameOrder(next, this.order)) this.order = next;
      this.#note("order", "scores");
    }, done ? 0 : SORT_PAUSE));
  }

  #count() {
    const count = this.#host.get("count");
    return Number.isInteger(count) && count > 0 ? count : 0;
  }

  /** @returns {About} */
  #readAbout() {
    const get = (/** @type {string} */ name) => this.#host.get(name);
    const list = (/** @type {unknown} */ value) => (Array.isArray(value) ? value : []);
    const { model, device } = Object(get("meta"));
    return {
      names: list(get("names")).map(String), known: get("known") === true, files: list(get("names_of_items")).map(String),
      model: String(model ?? ""), device: String(device ?? ""),
      layers: list(get("layers")).map((layer) => ({ name: String(layer?.name), grid: list(layer?.grid).map(Number) })),
      variants: list(get("variants")).map((variant) => ({ id: String(variant?.id), name: String(variant?.name ?? variant?.id) })),
    };
  }

  /** @returns {View} */
  #readView() {
    const get = (/** @type {string} */ name) => this.#host.get(name);
    const { truth, predicted, mistakes } = Object(get("filter"));
    const filter = { truth: within(truth, UNKNOWN), predicted: within(predicted, UNKNOWN), mistakes: mistakes === true };
    const opacity = Number(get("opacity"));
    return Object.freeze({
      order: oneOf(ORDERS, get("order"), "index"), descending: get("descending") === true,
      filter: isOpen(filter) ? ALL : filter, opened: within(get("opened"), this.count),
      layer: String(get("layer") ?? ""), variant: String(get("variant") ?? ""),
      shows: oneOf(SHOWS, get("shows"), "predicted"), opacity: opacity >= 0 && opacity <= 1 ? opacity : 1,
      sign: oneOf(SIGNS, get("sign"), "positive"), colormap: String(get("colormap") ?? COLORMAPS[0]),
    });
  }

  #readSelection() {
    const value = this.#host.get("selection");
    const known = Array.isArray(value) ? value.filter((index) => within(index, this.count) !== null) : [];
    return new Set(/** @type {number[]} */ (known));
  }
}
