/** The line below the grid: the item under the pointer, or under the keys, in numbers. */

import { percent } from "../../lib/format.js";
import { createWatch } from "../../lib/changes.js";
import { h } from "../../view/dom.js";
import { UNKNOWN } from "../protocol.js";
import { fileOf, lossOf, marginOf } from "../words.js";

/** @typedef {import("../store.js").GalleryStore} Store */
/** @typedef {string | {strong: string} | {quiet: string}} Piece */

const HINT = "Click opens an item. Ctrl-click or Space selects it, Shift a range.";
const BRIEF = "Tap opens an item.";
const ALONE = "Sort and filter; opening an item needs a kernel.";

/** @param {import("./context.js").Context} context */
export function createReadout(context) {
  const { store, ui } = context;
  const element = h("div.readout");
  const differs = createWatch();
  return {
    element,
    update() {
      const item = ui.hover ?? (ui.focused ? ui.active : null);
      const short = context.size.kind === "one";
      if (!differs(item, short, store.scores.scored, store.scores.failed.size, store.about)) return;
      const slots = item === null ? [[{ quiet: !store.canAsk ? ALONE : short ? BRIEF : HINT }]] : slotsOf(store, item, short);
      element.replaceChildren(...slots.map((pieces) => h("span.slot", {}, pieces.map((piece) =>
        (typeof piece === "string" ? piece : "strong" in piece ? h("b", { text: piece.strong }) : h("span.quiet", { text: piece.quiet }))))));
    },
  };
}

/**
 * @param {Store} store
 * @param {number} item
 * @param {boolean} short
 * @returns {Piece[][]}
 */
function slotsOf(store, item, short) {
  const { scores } = store;
  const file = short ? "" : fileOf(store, item);
  const name = /** @type {Piece[]} */ ([{ quiet: "item " }, String(item), ...(file ? [{ quiet: "  " }, file] : [])]);
  const failure = scores.failed.get(item);
  if (failure !== undefined) return [name, [failure]];
  if (!scores.has(item)) return [name, [{ quiet: "not scored yet" }]];
  const truth = scores.truth[item];
  const slots = [name, [{ quiet: short ? "" : "predicted " }, { strong: store.nameOf(scores.predicted[item]) }, ` ${percent(scores.confidence[item])}`]];
  if (truth !== UNKNOWN) slots.push([{ quiet: "true " }, scores.isMistake(item) ? { strong: store.nameOf(truth) } : store.nameOf(truth)]);
  if (!Number.isNaN(scores.loss[item])) slots.push([{ quiet: "loss " }, lossOf(store, item)]);
  if (!short) slots.push([{ quiet: "margin " }, marginOf(store, item)]);
  return slots;
}
