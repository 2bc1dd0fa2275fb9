/**
 * The picture while the channels of a layer are shown: one channel alone under the pointer, or the map without those that
 * are switched off.
 */

import { createWatch } from "../lib/changes.js";
import { limits } from "../lib/heat.js";
import { without } from "../lib/unfold.js";
import { SIGNED_COLORMAP } from "../protocol.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("../protocol.js").HeatMap} HeatMap
 * @typedef {import("../channels.js").Channel} Channel
 * @typedef {import("../channels.js").Channels} Channels
 *
 * @typedef {{channel: number | null, off: readonly number[], of: Channels | null}} Choice  channel: under the pointer; off:
 *   of these channels only
 * @typedef {{found: Channels | null, whole: HeatMap | null, alone: Channel | null, off: readonly Channel[],
 *   frame: Frame}} Unfolded  found: null where it is not here; whole: the map that they add up to, less those that are off;
 *   frame: as it would be without this
 */

/** @type {Choice} */
export const NOTHING = Object.freeze({ channel: null, off: Object.freeze([]), of: null });

/** @param {Context["store"]} store */
export function createUnfolding(store) {
  const differs = createWatch();
  /** @type {HeatMap | null} */
  let left = null;
  /** @param {HeatMap} map @param {readonly Channel[]} off */
  const less = (map, off) => {
    if (differs(map.values, ...off)) left = without(map, off);
    return left;
  };
  return {
    /** The frame, or one that shows a part of the sum. @param {Frame} frame @returns {Frame} */
    over(frame) {
      const { ui, drawn } = frame;
      if (ui.tab !== "inside") return frame;
      // A contrast is no sum of A's channels.
      const map = frame.contrast?.pair ? store.map(drawn.target, drawn.layer, drawn.variant) : frame.map;
      const found = store.channels(drawn);
      const fits = found !== null && map !== null && found.channels.every(({ contribution }) =>
        contribution.values.length === map.values.length);
      if (!fits || frame.preview) return { ...frame, unfolded: { found: fits ? found : null, whole: map, alone: null, off: [], frame } };
      const off = ui.inside.of === found ? found.channels.filter(({ number }) => ui.inside.off.includes(number)) : [];
      const alone = found.channels.find(({ number }) => number === ui.inside.channel) ?? null;
      const whole = off.length ? less(map, off) : map;
      const unfolded = { found, whole, alone, off, frame };
      if (alone) return single(frame, alone, unfolded);
      return off.length && whole ? partial(frame, whole, unfolded) : { ...frame, unfolded };
    },
  };
}

/**
 * A channel may speak for the class or against it: both are shown, whatever the sign is set to.
 * @param {Frame} frame
 * @param {Channel} alone
 * @param {Unfolded} unfolded
 * @returns {Frame}
 */
function single(frame, { contribution: map }, unfolded) {
  const range = limits(map.values, "signed");
  return {
    ...frame, unfolded, map, contrast: null, right: null, read: map, limits: range, evidence: null,
    view: { ...frame.view, sign: "signed" },
    paint: { ...frame.paint, ...range, sign: "signed" },
    lut: frame.store.luts[SIGNED_COLORMAP] ?? frame.lut,
    blank: !(range.hi > 0),
  };
}

/**
 * On the scale of the whole map, unless more is left without what spoke against it: so that one sees what goes.
 * @param {Frame} frame
 * @param {HeatMap} map
 * @param {Unfolded} unfolded
 * @returns {Frame}
 */
function partial(frame, map, unfolded) {
  const own = limits(map.values, frame.view.sign);
  const { lo, hi } = frame.limits;
  const range = { ...own, lo: Math.min(lo, own.lo), hi: Math.max(hi, own.hi) };
  return { ...frame, unfolded, map, contrast: null, right: null, read: map, limits: range, evidence: null, paint: { ...frame.paint, ...range }, blank: !(range.hi > 0) };
}

/** What the picture shows of the sum, in two words. @param {Unfolded | null} unfolded */
export function chipOf(unfolded) {
  if (unfolded?.alone) return `channel ${unfolded.alone.number} alone`;
  return unfolded?.off.length ? offText(unfolded) : "";
}

/** @param {Pick<Unfolded, "off" | "found">} unfolded */
export const offText = ({ off, found }) =>
  off.length === 1 ? `without channel ${off[0].number}` : `without ${off.length} of ${found?.count} channels`;

/**
 * Switches a channel off, or on again.
 * @param {Context} context
 * @param {Channels} found
 * @param {number} channel
 */
export function toggle(context, found, channel) {
  const { inside } = context.ui;
  const before = inside.of === found ? inside.off : [];
  const off = before.includes(channel) ? before.filter((k) => k !== channel) : [...before, channel];
  context.patch({ inside: { channel: null, off, of: found }, touched: true });
}

/** Switches all channels on again; whether any was off. @param {Context} context */
export function allOn(context) {
  const { tab, inside } = context.ui;
  if (tab !== "inside" || !context.frame()?.unfolded?.off.length) return false;
  context.patch({ inside: { ...inside, off: [] } });
  return true;
}

/**
 * The channel under the pointer, or with the focus; null: none.
 * @param {Context} context
 * @param {number | null} channel
 */
export function look(context, channel) {
  if (context.ui.inside.channel !== channel) context.patch({ inside: { ...context.ui.inside, channel } });
}
