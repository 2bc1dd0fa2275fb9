/** The picture while the map of a network is looked at that has layers drawn at random. */

import { limits } from "../lib/heat.js";
import { placeOf } from "../lib/places.js";
import { layerOf } from "./frame.js";
import { locate } from "./kinds.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 *
 * @typedef {{step: number, halted: boolean}} Choice  step: 0 for the trained network
 */

/** @type {Choice} */
export const UNTESTED = Object.freeze({ step: 0, halted: false });

/** What was drawn at random at a step. @param {import("../trust.js").Trust} found @param {number} step */
export const drawnText = ({ modules }, step) =>
  `${step === modules.length ? "all layers" : modules[step - 1] + (step > 1 ? " and above" : "")} at random`;

/** The step that can be shown by now. @param {Frame} frame @param {import("../trust.js").Trust | null} found */
export const stepOf = ({ ui }, found) => Math.min(ui.trust.step, found?.similarity.length ?? 0);

/** @param {Frame} frame @returns {Frame} */
export function overTested(frame) {
  const { store, ui, drawn, preview } = frame;
  const found = ui.tab === "trust" && !preview ? store.trust(drawn) : null;
  const step = stepOf(frame, found);
  if (!found || !step) return frame;
  const map = found.maps[step];
  const range = limits(map.values, frame.view.sign);
  const place = placeOf(layerOf(store, drawn.layer), store.meta.input, map.grid);
  const spot = ui.hover ?? ui.pinned;
  return {
    ...frame, map, place, contrast: null, right: null, read: map, limits: range, evidence: null, sees: null, pinned: null, cover: null,
    cell: spot && locate(store, spot, map, place), tested: drawnText(found, step), unit: "relative",
    paint: { ...frame.paint, ...range }, blank: false,
  };
}

/** Back to the trained network; whether another was shown. @param {Context} context */
export function trained(context) {
  const { trust, tab } = context.ui;
  if (tab !== "trust" || !trust.step) return false;
  context.patch({ trust: { ...trust, step: 0 } });
  return true;
}
