/** The half of the store that is read: what the kernel has sent. */

/**
 * @typedef {import("./protocol.js").Selection} Selection
 * @typedef {import("./inbox.js").Inbox} Inbox
 * @typedef {import("./host.js").Host} Host
 */

export class Received {
  #host;
  #inbox;

  /** @param {Host} host @param {Inbox} inbox */
  constructor(host, inbox) {
    this.#host = host;
    this.#inbox = inbox;
  }

  get picture() { return this.#inbox.picture; }
  get edited() { return this.#inbox.edited; }
  get bands() { return this.#inbox.bands; }
  get meta() { return this.#inbox.meta; }
  get classes() { return this.#inbox.classes; }
  get listed() { return this.#inbox.listed; }
  get layers() { return this.#inbox.layers; }
  get variants() { return this.#inbox.variants; }
  get exact() { return this.#inbox.exact; }
  get reel() { return this.#inbox.reel; }
  get frames() { return this.#inbox.frames; }
  get heats() { return this.#inbox.heats; }
  get luts() { return this.#inbox.luts; }
  get stackInfo() { return this.#inbox.stackInfo; }

  /** Whether there is a kernel to ask. */
  get canAsk() { return this.#host.canAsk; }

  /** Whether any channels are here: a page without a kernel may have some. */
  get holdsChannels() { return this.#inbox.kept.channels.some; }

  /** Whether any map was put to the test. */
  get holdsTrust() { return this.#inbox.kept.trust.some; }

  /** A trait that the store makes nothing of itself. @param {string} name */
  trait(name) {
    return this.#host.get(name);
  }

  /** As `map`; when the image has changed, the one of the image before until it is here. @param {Selection} selection */
  lasting(selection) {
    return this.#inbox.lasting(selection);
  }

  /**
   * The maps seen at a layer by a variant, to be read across the classes.
   * @param {string} layer
   * @param {string} variant
   */
  seen(layer, variant) {
    return this.#inbox.seen({ layer, variant });
  }

  /** What each channel adds to a map, if it is here. @param {Selection} selection */
  channels(selection) {
    return this.#inbox.kept.channels.get(selection);
  }

  /** What the tests of a map found, if they are here. @param {Selection} selection */
  trust(selection) {
    return this.#inbox.kept.trust.get(selection);
  }

  /** They are to be asked for again. @param {Selection} selection */
  distrust(selection) {
    this.#inbox.kept.trust.drop(selection);
  }

  /**
   * Called once a batch, with what changed in it.
   * @param {import("./host.js").Listener} listener
   * @returns {() => void} unsubscribes
   */
  subscribe(listener) {
    return this.#host.subscribe(listener);
  }

  destroy() {
    this.#host.destroy();
    this.#inbox.clear();
  }
}
