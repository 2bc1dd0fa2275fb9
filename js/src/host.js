/**
 * The host's model, watched. Traits that change together are looked at together, and listeners hear once a batch of what
 * changed in it.
 */

import { OPTIONAL } from "./selection.js";

/**
 * @typedef {import("./inbox.js").Change} Change
 * @typedef {(changed: Set<Change>) => void} Listener
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

export class Host {
  #model;
  #refresh;
  /** @type {Array<[string, (...args: any[]) => void]>} */
  #handlers = [];
  /** @type {Set<Listener>} */
  #listeners = new Set();
  /** @type {Set<string>} traits that changed since the last batch */
  #dirty = new Set();
  /** @type {Set<Change>} what the listeners have not heard of yet */
  #changed = new Set();
  #scheduled = false;

  /**
   * @param {Model} model
   * @param {readonly string[]} traits  to be watched
   * @param {(names: Set<string>) => void} refresh  is told which of them changed
   * @param {(content: unknown, buffers: readonly unknown[]) => void} receive  is given custom messages
   */
  constructor(model, traits, refresh, receive) {
    this.#model = model;
    this.#refresh = refresh;
    for (const name of traits) {
      this.#listen(`change:${name}`, () => {
        this.#dirty.add(name);
        this.#schedule();
      });
    }
    this.#listen("msg:custom", (content, buffers) => receive(content, buffers ?? []));
  }

  /** Whether there is a kernel to ask. */
  get canAsk() {
    return typeof this.#model.send === "function";
  }

  /**
   * Hosts differ in what they hand to a handler, (model, value) or (value): values are always read from the model.
   * @param {string} name
   */
  get(name) {
    return this.#model.get(name);
  }

  /**
   * The model's values of these traits, less those it lacks.
   * @param {readonly string[]} names
   * @returns {Record<string, any>}
   */
  traits(names) {
    const pairs = names.map((name) => [name, this.get(name)]);
    return Object.fromEntries(pairs.filter(([name, value]) =>
      value !== undefined && (value !== null || OPTIONAL.includes(name))));
  }

  /** @param {string} name @param {any} value */
  save(name, value) {
    this.#model.set?.(name, value);
    this.#model.save_changes?.();
  }

  /** @param {object} content */
  send(content) {
    this.#model.send?.(content);
  }

  /** @param {Change[]} changes */
  note(...changes) {
    for (const change of changes) this.#changed.add(change);
    this.#schedule();
  }

  /** What was noted so far is known to all. */
  forget() {
    this.#changed.clear();
  }

  /**
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
  }

  /**
   * @param {string} event
   * @param {(...args: any[]) => void} handler
   */
  #listen(event, handler) {
    this.#handlers.push([event, handler]);
    this.#model.on(event, handler);
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
}
