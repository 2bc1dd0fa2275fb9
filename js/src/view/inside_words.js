/** What is said of the channels: in the read-out, and below them. */

import { signed } from "../lib/format.js";
import { carried, shareText } from "../lib/unfold.js";
import { cellNoun } from "./kinds.js";
import { offText } from "./unfolded.js";

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./readout.js").Slot} Slot
 */

const HINT = "Hover a channel to see where it looks. Click switches it off.";

/**
 * Of a channel alone, or of those that are off; null where nothing of the kind is shown.
 * @param {Frame} frame
 * @returns {Slot[] | null}
 */
export function insideSlots({ store, unfolded, cell, limits, ui }) {
  const { found = null, alone = null, off = [] } = unfolded ?? {};
  if (!found) return null;
  const { total } = found;
  if (alone) {
    const { number, weight, sum } = alone;
    return [
      { kind: "name", pieces: [{ quiet: "channel " }, { strong: String(number) }] },
      { kind: "score", pieces: [{ quiet: found.perCell ? "mean weight " : "α " }, signed(weight)] },
      { kind: "sum", pieces: [{ quiet: "adds " }, signed(sum, total || sum), { quiet: ` of ${signed(total)}, ` }, shareText(sum / total)] },
      { kind: "way", pieces: [{ quiet: off.includes(alone) ? "click switches it on again" : "click switches it off" }] },
    ];
  }
  if (cell) return null;
  if (!off.length) return ui.touched ? null : [{ kind: "hint", pieces: [{ quiet: HINT }] }];
  const left = total - off.reduce((all, { sum }) => all + sum, 0);
  return [
    { kind: "name", pieces: [{ strong: offText({ found, off }) }] },
    { kind: "sum", pieces: [{ quiet: "sums to " }, signed(left, total || left), { quiet: `, was ${signed(total)}` }] },
    { kind: "peak", pieces: [{ quiet: `strongest ${cellNoun(store)} ` }, signed(limits.max)] },
    { kind: "way", pieces: [{ quiet: "Esc takes it back" }] },
  ];
}

/**
 * How much of the sum the shown channels carry.
 * @param {import("../channels.js").Channels} found
 */
export function footText(found) {
  const { channels, count, total } = found;
  const sum = carried(found);
  const size = Math.max(Math.abs(sum), Math.abs(total));
  if (channels.length === count) return `All ${count} channels add up to the map’s ${signed(total)}`;
  const [shown, others] = [sum, total - sum].map((value) => signed(value, size));
  return `The strongest ${channels.length} of ${count} add ${shown}, all others ${others}: the map’s ${signed(total, size)}`;
}
