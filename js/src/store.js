/**
 * All that the view shows, one store a model: reads the traits, sends the requests, keeps the maps it has seen. No DOM.
 *
 * `view` is what the user has chosen and may run ahead of the kernel; `shown` is the last selection whose map is here,
 * and the picture shows that one until the asked map arrives. The kernel's traits win when nothing is under way.
 */

import { Contrasts } from "./contrasts.js";
import { decodeReply } from "./decode.js";
import { Filming } from "./filming.js";
import { createGate, makeNonce } from "./gate.js";
import { Host } from "./host.js";
import { Inbox } from "./inbox.js";
import { lacks, subjectOf } from "./lacking.js";
import { equal } from "./lib/changes.js";
import { ABSENT, ELSEWHERE, GONE } from "./notices.js";
import { Painting } from "./painting.js";
import { TRAITS_OF_SCENE, TRAITS_TO_BROWSER, TRAITS_TWO_WAY } from "./protocol.js";
import { Received } from "./received.js";
import { DISPLAY, meets, same, SELECTION, selectionOf } from "./selection.js";
import { SETTINGS, Visits } from "./visits.js";
import { Viewing } from "./viewing.js";
import { createWishes } from "./wishes.js";

/**
 * @typedef {import("./protocol.js").Selection} Selection
 * @typedef {import("./protocol.js").View} View
 * @typedef {import("./protocol.js").Status} Status
 * @typedef {import("./selection.js").Display} Display
 * @typedef {import("./host.js").Model} Model
 * @typedef {import("./host.js").Listener} Listener
 * @typedef {import("./protocol.js").Edit} Edit
 * @typedef {Selection & {since: number, edits?: true}} Waiting  edits: for what the network says of them
 */

const CACHE_BYTES = 64 * 1024 * 1024;

/** The traits that carry a reply. */
const ANSWERS = /** @type {const} */ (["stack", "status"]);

export class Store extends Received {
  #host;
  #now;
  #inbox;
  #contrasts;
  #gate;
  #nonce = makeNonce();
  /** @type {Status | null} what only the browser knows; stands before the kernel's word */
  #notice = null;
  #viewing;
  /** @type {Selection} */
  #shown;
  /** @type {Waiting | null} */
  #waiting = null;
  #painting;
  /** The kernel's selection changed while a request was on its way. */
  #touched = false;
  /** @type {"new" | "sent" | null} the user has chosen something that the kernel has not answered yet */
  #chosen = null;
  #seq = 0;
  #wishes;
  #visits;
  #film;

  /**
   * @param {Model} model
   * @param {{now?: () => number, cacheBytes?: number}} [options]  for tests
   */
  constructor(model, { now = Date.now, cacheBytes = CACHE_BYTES } = {}) {
    const host = new Host(model, [...TRAITS_TO_BROWSER, ...TRAITS_TWO_WAY, ...TRAITS_OF_SCENE], (names) => this.#refresh(names),
      (content, buffers) => {
        this.#inbox.receive(content, buffers);
        this.#settle();
      });
    const inbox = new Inbox((name) => host.get(name), cacheBytes, (...changes) => host.note(...changes));
    super(host, inbox);
    this.#now = now;
    this.#host = host;
    this.#inbox = inbox;
    this.#contrasts = new Contrasts(inbox);
    this.#gate = createGate((seq) => this.#send(seq), () => this.#post({ type: "probe" }), now);
    this.#wishes = createWishes((wish) => subjectOf(wish, inbox, this.view), (wish) => lacks(wish, inbox, this.view));
    this.#viewing = new Viewing(host);
    this.#film = new Filming(host);
    this.#shown = selectionOf(this.view);
    this.#painting = new Painting(() => inbox.edited.edits, () => host.note("edits"));
    this.#visits = new Visits(this.#state);
    this.#refresh(new Set(TRAITS_TO_BROWSER));
    this.#host.forget();
  }

  get edits() { return this.#painting.edits; }
  get status() { return this.#notice ?? this.#inbox.fault ?? this.#inbox.status; }
  get view() { return this.#viewing.view; }
  get shown() { return this.#shown; }
  get waiting() { return this.#waiting; }
  /** Since when a contrast is waited for, or null. */
  get owed() { return this.status.state === "error" ? null : this.#contrasts.owed?.since ?? null; }
  get goal() { return this.#film.goal; }

  /** The picture of a film that is chosen; `meta.index` is the one on screen. */
  get index() { return this.#film.index; }

  /** The map of a selection, from all that was seen for this image. The same object for the same map. */
  map(target = this.view.target, layer = this.view.layer, variant = this.view.variant) {
    return this.#inbox.map({ target, layer, variant });
  }

  /**
   * A small map of a layer, for the shown class and variant.
   * @param {string} layer
   */
  thumb(layer, target = this.#shown.target, variant = this.#shown.variant) {
    return this.#inbox.thumb({ target, layer, variant });
  }

  /** Class B, while a contrast is drawn. */
  get rival() { return this.#contrasts.rival(this.view); }

  /**
   * The contrast of a selection's class with the rival, as far as it can be drawn. The same maps for the same contrast.
   * @param {Selection} selection
   */
  contrast(selection) {
    return this.#contrasts.drawn({ ...this.view, ...selectionOf(selection) });
  }

  /**
   * Chooses; what is left out stays. A page without a kernel stays where it is when it has no such map.
   * @param {Partial<Selection>} part
   */
  select(part) {
    const next = selectionOf({ ...this.view, ...part });
    const here = this.#inbox.has(next);
    if (same(next, this.view) && (here || this.#gate.busy)) return;
    const missing = !here && !this.#host.canAsk;
    this.#say(missing ? ABSENT : null);
    if (missing) return;
    this.#move(next);
    this.#chosen = "new";
    this.#visits.changed(this.#state, this.#gate.busy);
    if (this.#host.canAsk) this.#gate.push();
    this.#settle();
  }

  /**
   * Whether there is a state so many steps back (negative) or forward.
   * @param {number} by
   */
  canTravel(by) { return this.#visits.peek(by) !== null; }

  /**
   * Goes back or forward to a state that was visited; a page without a kernel to those whose map it has.
   * @param {number} by
   */
  travel(by) {
    const state = this.#visits.peek(by);
    if (!state) return;
    const { edits, ...chosen } = state;
    const missing = !this.#host.canAsk && !(this.#inbox.has(state) && equal(edits, this.edits));
    this.#say(missing ? ABSENT : null);
    if (missing) return;
    for (const name of SETTINGS) this.#viewing.drop(name);
    this.#viewing.put(chosen);
    if (!equal(edits, this.edits)) this.#painting.have(edits ?? []);
    this.#visits.go(by, this.#state);
    this.#chosen = "new";
    if (this.#host.canAsk) this.#gate.push();
    this.#settle();
  }

  /**
   * Paints over the picture: all that is painted from now on. The kernel answers for the newest.
   * @param {readonly Edit[]} edits
   * @returns {boolean} whether it can be
   */
  paint(edits) {
    const problem = this.#painting.problem(edits, this.#host.canAsk);
    this.#say(problem);
    if (problem) return false;
    this.#painting.have(edits);
    this.#gate.push();
    this.#settle();
    return true;
  }

  /** What was painted last is a state of its own: a stroke counts once, not with each of its points. */
  painted() {
    if (this.#visits.committed(this.#state) && this.#host.canAsk) this.#gate.push();
  }

  /**
   * Goes to another picture of the film. Its class is the kernel's to choose, since it may follow.
   * @param {number} index
   */
  look(index) {
    if (index === this.index || this.reel.called[index] === undefined) return;
    this.#say(this.#host.canAsk ? null : ELSEWHERE);
    if (!this.#host.canAsk) return;
    this.#film.look(index, this.view.target);
    this.#gate.push();
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
    if (this.#viewing.set(name, value)) this.#settle();
    if (!commit) return this.#viewing.drag(name);
    this.#viewing.drop(name);
    if (SETTINGS.includes(name) && this.#visits.changed(this.#state, this.#gate.busy) && this.#host.canAsk) this.#gate.push();
    if (this.#host.canAsk && !equal(this.#host.get(name), value)) this.#host.save(name, value);
  }

  /** Asks for every variant's map of the current layer and class, where one is missing. */
  wantVariants() {
    if (this.#host.canAsk && this.#wishes.want("variants")) this.#gate.push();
  }

  /**
   * Asks for what is shown and missing, with every request until it is here or no longer shown.
   * @param {import("./wishes.js").Wish} wish
   * @param {boolean} shown
   */
  wish(wish, shown) {
    if (!this.#host.canAsk) return;
    if (shown ? this.#wishes.hold(wish) : this.#wishes.drop(wish)) this.#gate.push();
  }

  /** Called now and then while something is waited for: a request that was lost is sent again. */
  remind() { this.#gate.remind(this.#waiting?.since ?? this.owed ?? this.#now()); }

  /** Gives up waiting: back to what is shown, in the kernel too as soon as it listens. */
  cancel() {
    if (this.goal !== null) return this.look(this.meta.index);
    if (this.#waiting?.edits && this.paint(this.#inbox.edited.edits)) this.painted();
    if (this.#waiting) return this.select(this.#shown);
    const drawn = this.#contrasts.drawn(this.view);
    if (!this.#contrasts.owed) return;
    if (drawn) this.set("gamma", drawn.gamma);
    else this.set("contrast", "off");
  }

  /** @param {number} seq */
  #send(seq) {
    const followed = this.#film.target(this.view.target, this.#touched);
    if (followed !== null) this.#move({ ...this.view, target: followed });
    this.#seq = seq;
    if (this.#chosen) this.#touched = false;
    const whole = this.#inbox.hasAll(this.view);
    const contrast = this.#contrasts.missing(this.view);
    this.#owe(contrast);
    const request = {
      nonce: this.#nonce, seq, ...selectionOf(this.view), keep: !this.#chosen, ...this.#wishes.take(), whole,
      visit: this.#visits.tell(), edits: this.#painting.tell(), contrast, index: this.index,
    };
    if (this.#chosen) this.#chosen = "sent";
    this.#post({ type: "request", request });
  }

  /** Sends, or says why not: hosts refuse to when the kernel was restarted. @param {object} content */
  #post(content) {
    try {
      this.#host.send(content);
    } catch {
      this.#gate.giveUp();
      this.#film.settle();
      this.#say(GONE);
      this.#painting.have(this.#inbox.edited.edits);
      if (!this.#inbox.has(this.view)) this.#move(this.#shown);
      this.#settle();
    }
  }

  /**
   * Takes over what changed in the model.
   * @param {Set<string>} names
   */
  #refresh(names) {
    if (names.has("status") || names.has("stack")) this.#say(null);
    const { stack, newImage } = this.#inbox.read(names);
    // Of another image whatever was asked is asked anew.
    if (newImage) for (const asked of [this.#wishes, this.#contrasts]) asked.forget();
    this.#viewing.read(names);
    this.#reconcile(names, stack);
    if (names.has("visited")) this.#visits.renew();
    if (!this.#gate.busy && this.#visits.adopt(this.#host.get("visited"), this.#state)) this.#host.note("view");
    this.#settle();
  }

  /**
   * Whose selection holds: the user's while a request is out, then the kernel's.
   * @param {Set<string>} names
   * @param {import("./decode.js").Stack | null} stack
   */
  #reconcile(names, stack) {
    if (names.has("index")) this.#host.note("view");
    if (SELECTION.some((name) => names.has(name))) this.#touched = true;
    const answers = ANSWERS.filter((name) => names.has(name) && this.#answeredBy(name));
    if (this.#gate.busy) return;
    if (answers.length || !this.#gate.out) {
      this.#painting.settle();
      this.#film.settle();
    }
    if (answers.length) this.#wishes.answered();
    // Python asked for something else, which ended what was asked here.
    else if (this.#touched) this.#wishes.forget();
    const { fault, status } = this.#inbox;
    // What was answered with "busy" may fail later.
    const late = names.has("status") && this.#waiting !== null;
    const failed = answers.includes("status") || late ? status.state === "error" : answers.length > 0 && fault !== null;
    if (failed) this.#goBack();
    else if (this.#touched || (answers.length && !meets(stack, this.view))) this.#adopt();
    this.#touched = false;
  }

  /** @param {"stack" | "status"} name */
  #answeredBy(name) {
    const reply = decodeReply(this.#host.get(name));
    if (reply === null || reply[0] !== this.#nonce) return false;
    if (reply[1] >= this.#seq) {
      this.#visits.heard();
      if (this.#chosen === "sent") this.#chosen = null;
    }
    return this.#gate.answer(reply[1]);
  }

  /** What was refused may have been here, and shown: the kernel has the selection before it. */
  #goBack() {
    this.#visits.renew();
    this.#viewing.read(new Set(SETTINGS));
    this.#adopt();
    if (!this.#inbox.has(this.view)) this.#move(this.#shown);
  }

  #adopt() {
    this.#move(selectionOf({ ...this.view, ...this.#host.traits(SELECTION) }));
  }

  /** What one can go back to. @returns {import("./protocol.js").State} */
  get #state() { return { ...this.view, edits: this.edits }; }

  /** @param {Selection} selection */
  #move(selection) {
    if (same(selection, this.view)) return;
    this.#viewing.put(selectionOf(selection));
  }

  /** A contrast that cannot be drawn from what is here is asked for, once. */
  #settleContrast() {
    const missing = this.#contrasts.missing(this.view);
    if (!missing) this.#owe(null);
    else if (this.#host.canAsk && !this.#contrasts.owes(this.view, missing)) this.#gate.push();
  }

  /** @param {import("./contrasts.js").Wanted | null} wanted */
  #owe(wanted) {
    if (this.#contrasts.owe(this.view, wanted, this.#now())) this.#host.note("waiting");
  }

  /** What can be shown by now, and what is still waited for. */
  #settle() {
    // Later: A and B may change one after the other.
    queueMicrotask(() => this.#settleContrast());
    const chosen = selectionOf(this.view);
    const here = this.goal === null && this.#inbox.has(chosen);
    if (here && !same(chosen, this.#shown)) {
      this.#shown = chosen;
      this.#host.note("maps", "thumbs");
    }
    const hopeless = this.status.state === "error" && !this.#gate.busy;
    const poked = this.#painting.unseen;
    const waits = (poked || !here) && this.#host.canAsk && !hopeless;
    const before = this.#waiting;
    if (!waits && !before) return;
    if (waits && before && same(before, chosen) && poked === Boolean(before.edits)) return;
    const since = before?.since ?? this.#now();
    this.#waiting = waits ? Object.freeze({ ...chosen, since, ...(poked ? { edits: /** @type {const} */ (true) } : {}) }) : null;
    this.#host.note("waiting");
  }

  /** The browser's own word in the status line; null takes it back. @param {Status | null} notice */
  #say(notice) {
    if (notice === this.#notice) return;
    this.#notice = notice;
    this.#host.note("status");
  }
}

/** @param {Model} model @param {{now?: () => number, cacheBytes?: number}} [options] */
export function createStore(model, options) {
  return new Store(model, options);
}
