/**
 * All that the view shows, one store a model: reads the traits, sends the requests, keeps the maps it has seen. No DOM.
 *
 * `view` is what the user has chosen and may run ahead of the kernel; `shown` is the last selection whose map is here,
 * and the picture shows that one until the asked map arrives. The kernel's traits win when nothing is under way.
 */

import { decodeReply } from "./decode.js";
import { createGate } from "./gate.js";
import { Inbox } from "./inbox.js";
import { TRAITS_TO_BROWSER, TRAITS_TWO_WAY } from "./protocol.js";
import { DEFAULTS, DISPLAY, same, SELECTION, selectionOf } from "./selection.js";

/**
 * @typedef {import("./protocol.js").Selection} Selection
 * @typedef {import("./protocol.js").View} View
 * @typedef {import("./protocol.js").Status} Status
 * @typedef {import("./selection.js").Display} Display
 * @typedef {import("./inbox.js").Change} Change
 * @typedef {(changed: Set<Change>) => void} Listener
 * @typedef {Selection & {since: number}} Waiting
 *
 * The part of a host's model that is used. A page without a kernel has only the first three.
 * @typedef {object} Model
 * @property {(name: string) => any} get
 * @property {(event: string, callback: (...args: any[]) => void) => void} on
 * @property {(event: string, callback: (...args: any[]) => void) => void} off
 * @property {(name: string, value: any) => void} [set]
 * @property {() => void} [save_changes]
 * @property {(content: any) => void} [send]
 */

export const CACHE_BYTES = 64 * 1024 * 1024;

/** The traits that carry a reply. */
const ANSWERS = /** @type {const} */ (["stack", "status"]);

/** @type {Status} */
const ABSENT = Object.freeze({
  state: "warning", text: "This map is not in this page.", hint: "Run the notebook to compute it.",
});

/** @type {Status} */
const GONE = Object.freeze({
  state: "error", text: "The kernel does not answer: it was restarted or shut down.", hint: "Run the cell again.",
});

/** A name no other page has; `randomUUID` needs https. */
const makeNonce = () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;

export class Store {
  #model;
  #now;
  #inbox;
  #gate;
  #nonce = makeNonce();
  /** @type {Array<[string, (...args: any[]) => void]>} */
  #handlers = [];
  /** @type {Set<Listener>} */
  #listeners = new Set();
  /** @type {Set<string>} traits that changed since the last batch */
  #dirty = new Set();
  /** @type {Set<Change>} what the listeners have not heard of yet */
  #changed = new Set();
  #scheduled = false;

  /** @type {Status | null} what only the browser knows; stands before the kernel's word */
  #notice = null;
  /** @type {View} */
  #view;
  /** @type {Selection} */
  #shown;
  /** @type {Waiting | null} */
  #waiting = null;
  /** @type {Set<Display>} set here and not yet saved: the kernel's older value must not jump in */
  #dragged = new Set();
  /** The kernel's selection changed while a request was on its way. */
  #touched = false;
  #wantsVariants = false;
  /** @type {Pick<Selection, "target" | "layer"> | null} for what all variants are asked, while the answer is out */
  #asked = null;

  /**
   * @param {Model} model
   * @param {{now?: () => number, cacheBytes?: number}} [options]  for tests
   */
  constructor(model, { now = Date.now, cacheBytes = CACHE_BYTES } = {}) {
    this.#model = model;
    this.#now = now;
    this.#inbox = new Inbox((name) => model.get(name), cacheBytes, (...changes) => this.#note(...changes));
    this.#gate = createGate((seq) => this.#send(seq), now);
    this.#view = Object.freeze(/** @type {View} */ ({ ...DEFAULTS, ...this.#traits(TRAITS_TWO_WAY) }));
    this.#shown = selectionOf(this.#view);
    for (const name of [...TRAITS_TO_BROWSER, ...TRAITS_TWO_WAY]) {
      this.#listen(`change:${name}`, () => {
        this.#dirty.add(name);
        this.#schedule();
      });
    }
    this.#listen("msg:custom", (content, buffers) => {
      this.#inbox.receive(content, buffers ?? []);
      this.#settle();
    });
    this.#refresh(new Set(TRAITS_TO_BROWSER));
    this.#changed.clear();
  }

  get picture() { return this.#inbox.picture; }
  get bands() { return this.#inbox.bands; }
  get meta() { return this.#inbox.meta; }
  get classes() { return this.#inbox.classes; }
  get listed() { return this.#inbox.listed; }
  get layers() { return this.#inbox.layers; }
  get variants() { return this.#inbox.variants; }
  get luts() { return this.#inbox.luts; }
  get status() { return this.#notice ?? this.#inbox.fault ?? this.#inbox.status; }
  get stackInfo() { return this.#inbox.stackInfo; }
  get view() { return this.#view; }
  get shown() { return this.#shown; }
  get waiting() { return this.#waiting; }

  /** The map of a selection, from all that was seen for this image. The same object for the same map. */
  map(target = this.#view.target, layer = this.#view.layer, variant = this.#view.variant) {
    return this.#inbox.map({ target, layer, variant });
  }

  /**
   * The maps seen at a layer by a variant, to be read across the classes.
   * @param {string} layer
   * @param {string} variant
   */
  seen(layer, variant) {
    return this.#inbox.seen({ layer, variant });
  }

  /**
   * A small map of a layer for the shown class and variant.
   * @param {string} layer
   */
  thumb(layer) {
    return this.#inbox.thumb({ ...this.#shown, layer });
  }

  /**
   * Chooses; what is left out stays. A page without a kernel stays where it is when it has no such map.
   * @param {Partial<Selection>} part
   */
  select(part) {
    const next = selectionOf({ ...this.#view, ...part });
    const here = this.#inbox.has(next);
    if (same(next, this.#view) && (here || this.#gate.busy)) return;
    const missing = !here && !this.#canAsk;
    this.#say(missing ? ABSENT : null);
    if (missing) return;
    this.#move(next);
    if (this.#canAsk) this.#gate.push();
    this.#settle();
  }

  /**
   * A display trait: here at once, in the kernel when `commit` is set, so that a drag is one message.
   * @template {Display} N
   * @param {N} name
   * @param {View[N]} value
   * @param {{commit: boolean}} [how]
   */
  set(name, value, { commit } = { commit: true }) {
    if (!DISPLAY.includes(name)) throw new TypeError(`"${name}" is none of the settings ${DISPLAY.join(", ")}`);
    if (this.#view[name] !== value) {
      this.#view = Object.freeze({ ...this.#view, [name]: value });
      this.#note("view");
    }
    if (!commit) {
      this.#dragged.add(name);
      return;
    }
    this.#dragged.delete(name);
    if (this.#canAsk && this.#model.get(name) !== value) {
      this.#model.set?.(name, value);
      this.#model.save_changes?.();
    }
  }

  /** Asks for every variant's map of the current layer and class, where one is missing. */
  wantVariants() {
    const { target, layer } = this.#view;
    if (!this.#canAsk || (this.#asked?.target === target && this.#asked.layer === layer)) return;
    if (this.variants.every(({ id }) => this.#inbox.has({ target, layer, variant: id }))) return;
    this.#asked = { target, layer };
    this.#wantsVariants = true;
    this.#gate.push();
  }

  /** Called now and then while an answer is out: a request that was lost is sent again. */
  remind() {
    this.#gate.remind();
  }

  /** Gives up waiting: back to what is shown, in the kernel too as soon as it listens. */
  cancel() {
    if (this.#waiting) this.select(this.#shown);
  }

  /**
   * Called once a batch, with what changed in it.
   * @param {Listener} listener
   * @returns {() => void} unsubscribes
   */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  destroy() {
    for (const [event, handler] of this.#handlers) this.#model.off(event, handler);
    this.#handlers = [];
    this.#listeners.clear();
    this.#inbox.clear();
  }

  get #canAsk() {
    return typeof this.#model.send === "function";
  }

  /**
   * Hosts differ in what they hand to a handler, (model, value) or (value): values are always read from the model.
   * @param {string} event
   * @param {(...args: any[]) => void} handler
   */
  #listen(event, handler) {
    this.#handlers.push([event, handler]);
    this.#model.on(event, handler);
  }

  /** @param {Change[]} changes */
  #note(...changes) {
    for (const change of changes) this.#changed.add(change);
    this.#schedule();
  }

  /** A message may change many traits, one event each: they are looked at together, after the last. */
  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      const dirty = this.#dirty;
      this.#dirty = new Set();
      if (!this.#handlers.length) return;
      if (dirty.size) this.#refresh(dirty);
      const changed = this.#changed;
      this.#changed = new Set();
      if (changed.size) for (const listener of [...this.#listeners]) listener(changed);
    });
  }

  /**
   * The model's values of these traits, less those it lacks.
   * @param {readonly string[]} names
   * @returns {Record<string, any>}
   */
  #traits(names) {
    const pairs = names.map((name) => [name, this.#model.get(name)]);
    return Object.fromEntries(pairs.filter(([, value]) => value !== undefined && value !== null));
  }

  /** @param {number} seq */
  #send(seq) {
    const { target, layer, variant } = this.#view;
    const want = this.#wantsVariants ? "variants" : null;
    this.#wantsVariants = false;
    this.#touched = false;
    const whole = this.#inbox.hasAll(this.#view);
    const request = { nonce: this.#nonce, seq, target, layer, variant, want, whole };
    try {
      this.#model.send?.({ type: "request", request });
    } catch { // the kernel was restarted, and hosts refuse to send
      this.#gate.giveUp();
      this.#say(GONE);
      if (!this.#inbox.has(this.#view)) this.#move(this.#shown);
    }
  }

  /**
   * Takes over what changed in the model.
   * @param {Set<string>} names
   */
  #refresh(names) {
    if (names.has("status") || names.has("stack")) this.#say(null);
    const { stack, newImage } = this.#inbox.read(names);
    if (newImage) this.#asked = null;
    this.#readDisplay(names);
    this.#reconcile(names, stack);
    this.#settle();
  }

  /** @param {Set<string>} names */
  #readDisplay(names) {
    const open = DISPLAY.filter((name) => names.has(name) && !this.#dragged.has(name));
    const next = Object.freeze({ ...this.#view, ...this.#traits(open) });
    if (open.every((name) => this.#view[name] === next[name])) return;
    this.#view = next;
    this.#note("view");
  }

  /**
   * Whose selection holds: the user's while a request is out, then the kernel's.
   * @param {Set<string>} names
   * @param {import("./decode.js").Stack | null} stack
   */
  #reconcile(names, stack) {
    if (SELECTION.some((name) => names.has(name))) this.#touched = true;
    const answers = ANSWERS.filter((name) => names.has(name) && this.#answeredBy(name));
    if (this.#gate.busy) return;
    if (answers.length) this.#asked = null;
    const { fault, status } = this.#inbox;
    const failed = answers.includes("status") ? status.state === "error" : answers.length > 0 && fault !== null;
    if (failed) this.#goBack();
    else if (this.#touched || (answers.length && !this.#accepted(stack))) this.#adopt();
    this.#touched = false;
  }

  /** @param {"stack" | "status"} name */
  #answeredBy(name) {
    const reply = decodeReply(this.#model.get(name));
    return reply !== null && reply[0] === this.#nonce && this.#gate.answer(reply[1]);
  }

  /**
   * Whether a stack answers what is chosen, be it that the class itself comes in a later part.
   * @param {import("./decode.js").Stack | null} stack
   */
  #accepted(stack) {
    const { target, layer, variant } = this.#view;
    if (!stack || stack.layer !== layer || stack.variant !== variant) return false;
    return !stack.done || stack.whole !== null || stack.maps.some(([t]) => t === target);
  }

  /** What was refused may have been here, and shown: the kernel has the selection before it. */
  #goBack() {
    this.#adopt();
    if (!this.#inbox.has(this.#view)) this.#move(this.#shown);
  }

  #adopt() {
    this.#move(selectionOf({ ...this.#view, ...this.#traits(SELECTION) }));
  }

  /** @param {Selection} selection */
  #move(selection) {
    if (same(selection, this.#view)) return;
    this.#view = Object.freeze({ ...this.#view, ...selectionOf(selection) });
    this.#note("view");
  }

  /** What can be shown by now, and what is still waited for. */
  #settle() {
    const chosen = selectionOf(this.#view);
    const here = this.#inbox.has(chosen);
    if (here && !same(chosen, this.#shown)) {
      this.#shown = chosen;
      this.#note("maps", "thumbs");
    }
    const hopeless = this.status.state === "error" && !this.#gate.busy;
    const waits = !here && this.#canAsk && !hopeless;
    const before = this.#waiting;
    if (!waits && !before) return;
    if (waits && before && same(before, chosen)) return;
    this.#waiting = waits ? Object.freeze({ ...chosen, since: before?.since ?? this.#now() }) : null;
    this.#note("waiting");
  }

  /**
   * The browser's own word in the status line; null takes it back.
   * @param {Status | null} notice
   */
  #say(notice) {
    if (notice === this.#notice) return;
    this.#notice = notice;
    this.#note("status");
  }
}

/**
 * @param {Model} model
 * @param {{now?: () => number, cacheBytes?: number}} [options]
 */
export function createStore(model, options) {
  return new Store(model, options);
}
