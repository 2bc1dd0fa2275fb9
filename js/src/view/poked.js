/** The words of the poke test: what was painted, and what came of it. */

import { extremes } from "../lib/edits.js";
import { percent } from "../lib/format.js";
import { className } from "./frame.js";
import { quantity, quantityBefore } from "./row.js";

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./readout.js").Slot} Slot
 */

const HINT = "Paint over the picture: the network answers again. Shift draws a box, [ and ] size the brush.";
const TOUCH_HINT = "Paint over the picture: the network answers again.";

/**
 * The read-out's slots; null where nothing is painted, nor about to be.
 * @param {Frame} frame
 * @param {boolean} short
 * @returns {Slot[] | null}
 */
export function pokedSlots({ store, ui }, short) {
  const { classes, edited, edits } = store;
  const poking = ui.tool === "poke";
  if (!edits.length && !edited.edits.length) {
    return poking ? [{ kind: "hint", pieces: [{ quiet: short ? TOUCH_HINT : HINT }] }] : null;
  }
  const { before, probabilities } = classes;
  const { fallen, risen } = before ? extremes(before, probabilities) : { fallen: null, risen: null };
  /** @param {number} target */
  const change = (target) => ` ${quantityBefore(classes, target)?.text} → ${quantity(classes, target).text}`;
  return [
    { kind: "covered", pieces: [{ quiet: "covered " }, percent(edited.covered), { quiet: " of the picture" }] },
    ...(fallen === null ? [] : [{ kind: "fallen", pieces: [{ strong: className(store, fallen) }, change(fallen)] }]),
    ...(risen === null ? [] : [{ kind: "risen", pieces: [className(store, risen) + change(risen)] }]),
    ...(poking ? [{ kind: "way", pieces: [{ quiet: short ? "Clear takes all off" : "Alt paints back, Esc clears" }] }] : []),
  ];
}
