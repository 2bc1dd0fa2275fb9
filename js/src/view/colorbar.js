/** The colour bar: the overlay's own ramp with the real limits, the pointer's value, and the threshold. */

import { empty, fold, rampStops, ticks } from "../lib/heat.js";
import { plain, signed } from "../lib/format.js";
import { h, hide, setAttr, setStyle, setText, swallow } from "./dom.js";
import { iconButton } from "./fields.js";
import { icon } from "./icons.js";
import { cellNoun } from "./kinds.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 */

const STEP = 0.01;
const LEAP = 0.1;

/** Ticks nearer to the pointer's mark than this are left out. */
const CLEAR = 15;

/** What the lock takes of a lying bar. */
const LOCK_ROOM = 34;

/** Ticks this far apart, or more, in pixels: a scale is read, not measured. */
const PITCH = 70;

/** On a lying bar the maximum and the unit stand at the right end of the ticks' line. */
const END_WORDS = 150;

/** Numbers side by side need more room than numbers one above the other. */
const GAP_ACROSS = 52;

/** @param {Context} context */
export function createColorbar(context) {
  const over = h("div.bar-over");
  const limit = h("span.limit-text");
  const words = h("span");
  const under = h("div.bar-under", {}, [limit, words]);
  const ramp = h("div.ramp");
  const scale = h("div.ticks");
  const mark = h("div.mark", { hidden: true }, [h("span.mark-value")]);
  const threshold = createThreshold(context, ramp);
  const rail = h("div.rail", {}, [ramp, scale, threshold.element, mark]);
  const lock = createLock(context);
  const element = h("div.colorbar", {}, [over, rail, under, lock.element]);
  let drawn = "";
  let ramped = "";
  return {
    element,
    /** @param {Frame} frame */
    update(frame) {
      const across = context.size.kind === "one";
      setText(over, frame.unit);
      const perCell = frame.unit === "relative" || frame.compared ? "" : `per ${cellNoun(frame.store)}`;
      setText(words, across ? ` ${frame.unit} ${perCell}` : perCell);
      setText(limit, across ? limitText(frame) : "");
      const { blank, map, view } = frame;
      const look = [blank, map === null, across, view.sign, view.colormap, view.limit, ...rampKey(frame)].join(" ");
      lock.update(frame);
      if (look !== ramped) {
        ramped = look;
        setStyle(ramp, "background", frame.map && !frame.blank ? gradient(frame, across) : "none");
      }
      const length = across ? context.size.width - LOCK_ROOM : context.size.bar;
      const at = place(frame, mark);
      const key = [look, length, at?.toFixed(3)].join(" ");
      if (key !== drawn) {
        drawn = key;
        scale.replaceChildren(...labels(frame, length, across ? length - END_WORDS : Infinity, at));
      }
      threshold.update(frame);
    },
  };
}

/** @param {Frame} frame */
const rampKey = ({ limits, view }) => [limits.lo, limits.hi, limits.max, limits.min, view.threshold];

/**
 * One fixed scale for all that is drawn from now on, so that colours can be compared.
 * @param {Context} context
 */
function createLock(context) {
  const { store } = context;
  const word = h("span.lock-word");
  const [open, shut] = [icon("unlock"), icon("lock")];
  const element = iconButton(context, {
    kind: "lock", title: "", label: "Lock the scale", content: h("span.lock-parts", {}, [open, shut, word]),
    press: () => {
      const hi = context.frame()?.limits.hi ?? 0;
      if (store.view.limit !== null || hi > 0) store.set("limit", store.view.limit === null ? hi : null);
    },
  });
  return {
    element,
    /** @param {Frame} frame */
    update({ view, map, limits }) {
      const locked = view.limit !== null;
      const idle = !locked && !(map && limits.hi > 0);
      setAttr(element, "aria-pressed", String(locked));
      setAttr(element, "disabled", idle);
      setAttr(element, "title", locked ? "The scale is locked for all classes and layers: press to free it" :
        idle ? "Nothing to lock" : `Lock the scale at ${plain(limits.hi)} for all classes and layers`);
      hide(/** @type {any} */ (open), locked);
      hide(/** @type {any} */ (shut), !locked);
      setText(word, locked ? "Locked" : "Lock");
    },
  };
}

/**
 * @param {Frame} frame
 * @param {boolean} across
 */
function gradient({ lut, paint }, across) {
  // The overlay's ramp at full strength: over the plain surface a colour must be told apart that lies on a photo there.
  const stops = rampStops(lut, { ...paint, opacity: 1 }).map((s) => `${s.color} ${(100 * s.at).toFixed(2)}%`);
  return `linear-gradient(to ${across ? "right" : "top"}, ${stops.join(", ")})`;
}

/**
 * Puts the mark at the pointer's value; at the end where the value lies beyond, while the chip tells the truth.
 * @param {Frame} frame
 * @param {HTMLElement} mark
 * @returns {number | null}  share of the bar
 */
function place({ read, cell, limits, view }, mark) {
  hide(mark, !read || !cell);
  if (!read || !cell) return null;
  const value = read.values[cell.index];
  const shown = view.sign === "positive" ? value : fold(Float32Array.of(value), view.sign)[0];
  const span = limits.hi - limits.lo;
  const at = span > 0 ? Math.min(1, Math.max(0, (shown - limits.lo) / span)) : 0;
  setStyle(mark, "--at", at.toFixed(4));
  setText(/** @type {Element} */ (mark.firstElementChild), signed(value, limits.hi || value));
  return at;
}

/** @param {number} v @param {number} scale */
const tickText = (v, scale) =>
  v && scale < 0.001 ? plain(v, scale) : String(Number(v.toPrecision(6))).replaceAll("-", "−");

/**
 * @param {Frame} frame
 * @param {number} length
 * @param {number} room  where ticks must end
 * @param {number | null} marked  share at which the pointer's mark stands
 * @returns {HTMLElement[]}
 */
function labels({ map, limits, view, blank }, length, room, marked) {
  if (!map) return [];
  if (blank) {
    return [tick(1, blankText(map, limits), "limit blank"), tick(0, "0", "first")];
  }
  const { lo, hi } = limits;
  const text = (/** @type {number} */ v) => endText(v, view.sign);
  const clear = (/** @type {number} */ at) => marked === null || Math.abs(at - marked) * length >= CLEAR;
  const round = ticks(lo, hi, length, { pitch: PITCH, gap: room < Infinity ? GAP_ACROSS : CLEAR }).map((v) => {
    const at = (v - lo) / (hi - lo);
    return { at, text: tickText(view.sign === "negative" ? 0 - v : v, hi), kind: at === 0 ? "first" : "" };
  }).filter(({ at }) => at * length <= room);
  const ends = [{ at: 1, text: beyond(limits, view.sign) + text(hi), kind: "limit" }];
  if (lo < 0) ends.push({ at: 0, text: text(lo), kind: "limit low first" });
  return [...round, ...ends].filter(({ at }) => clear(at)).map(({ at, text: shown, kind }) => tick(at, shown, kind));
}

/**
 * A limit with its sign, where there are two.
 * @param {number} v
 * @param {import("../protocol.js").Sign} sign
 */
const endText = (v, sign) => (sign === "signed" ? signed(v) : plain(sign === "negative" ? 0 - v : v));

/**
 * A locked scale may end before the values do.
 * @param {Frame["limits"]} limits
 * @param {import("../protocol.js").Sign} sign
 */
function beyond({ hi, max, min }, sign) {
  const most = { positive: max, negative: -min, signed: Math.max(max, -min), absolute: Math.max(max, -min) }[sign];
  return most > hi * (1 + 1e-6) ? (sign === "negative" ? "≤ " : "≥ ") : "";
}

/** @param {NonNullable<Frame["map"]>} map @param {Frame["limits"]} limits */
const blankText = (map, limits) => `max ${plain(empty(map.values) ? NaN : limits.max)}`;

/** @param {Frame} frame */
function limitText({ map, limits, view, blank }) {
  if (!map) return "";
  if (blank) return blankText(map, limits);
  return beyond(limits, view.sign) + endText(limits.hi, view.sign);
}

/**
 * @param {number} at
 * @param {string} text
 * @param {string} kind
 */
function tick(at, text, kind) {
  const element = h("span", { class: `tick ${kind}`.trim(), text });
  element.style.setProperty("--at", at.toFixed(4));
  return element;
}

/**
 * @param {Context} context
 * @param {HTMLElement} ramp
 */
function createThreshold(context, ramp) {
  const { store } = context;
  const element = h("div.threshold", {
    role: "slider", tabindex: 0, "aria-label": "Threshold", "aria-valuemin": 0, "aria-valuemax": 100,
    title: "Threshold: below it nothing is painted",
  });
  /** @param {number} value @param {boolean} commit */
  const set = (value, commit) => {
    store.set("threshold", Math.round(100 * Math.min(1, Math.max(0, value))) / 100, { commit });
  };
  /** @param {Event} event */
  const drag = (event) => {
    const { clientX, clientY } = /** @type {PointerEvent} */ (event);
    const rect = ramp.getBoundingClientRect();
    const across = context.size.kind === "one";
    const share = across ? (clientX - rect.left) / rect.width : (rect.bottom - clientY) / rect.height;
    set(context.frame()?.view.sign === "signed" ? 2 * share - 1 : share, false);
  };
  let dragging = false;
  context.listen(element, "pointerdown", (event) => {
    dragging = true;
    element.setPointerCapture(/** @type {PointerEvent} */ (event).pointerId);
  });
  context.listen(element, "pointermove", (event) => dragging && drag(event));
  context.listen(element, "lostpointercapture", () => {
    dragging = false;
    set(store.view.threshold, true);
  });
  context.listen(element, "keydown", (event) => {
    const key = /** @type {KeyboardEvent} */ (event);
    const next = stepped(key.key, store.view.threshold);
    if (next === null) return;
    swallow(key);
    set(next, true);
  });
  return {
    element,
    /** @param {Frame} frame */
    update(frame) {
      showThreshold(element, frame);
    },
  };
}

/**
 * @param {string} key
 * @param {number} value
 * @returns {number | null}
 */
function stepped(key, value) {
  if (key === "ArrowUp" || key === "ArrowRight") return value + STEP;
  if (key === "ArrowDown" || key === "ArrowLeft") return value - STEP;
  if (key === "PageUp") return value + LEAP;
  if (key === "PageDown") return value - LEAP;
  if (key === "Home") return 0;
  return key === "End" ? 1 : null;
}

/**
 * @param {HTMLElement} element
 * @param {Frame} frame
 */
function showThreshold(element, { view, limits, map, blank }) {
  const { threshold, sign } = view;
  // On a signed bar the handle would stand in the middle of nothing until it is in use.
  hide(element, map === null || blank || (sign === "signed" && threshold === 0));
  setStyle(element, "--at", (sign === "signed" ? (1 + threshold) / 2 : threshold).toFixed(4));
  setAttr(element, "aria-valuenow", Math.round(100 * threshold));
  setAttr(element, "aria-valuetext", thresholdText(threshold, limits.hi));
}

/**
 * @param {number} threshold
 * @param {number} hi
 */
export function thresholdText(threshold, hi) {
  return threshold > 0 ? `${Math.round(100 * threshold)} % = ${plain(threshold * hi, hi)}` : "off";
}
