/** The first tool: hover reads a cell, a click pins it. All others fall back on it. */

import { centreOf } from "../lib/places.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Spot} Spot
 * @typedef {import("./tools.js").Tool} Tool
 */

/** Rows and columns that an arrow goes. */
export const STEPS = Object.freeze({ "cell-up": [-1, 0], "cell-down": [1, 0], "cell-left": [0, -1], "cell-right": [0, 1] });

/**
 * @param {Context} context
 * @returns {Tool & Required<Pick<Tool, "move" | "click" | "key" | "leave">>}
 */
export const createExplore = (context) => ({
  layers: [],
  update() {},
  move(spot) {
    context.patch({ hover: spot });
    return true;
  },
  leave: () => context.patch({ hover: null }),
  click(spot) {
    pin(context, spot);
    return true;
  },
  key(action) {
    if (action === "pin") pin(context, context.ui.hover);
    else if (action in STEPS) step(context, STEPS[/** @type {keyof typeof STEPS} */ (action)]);
    else return false;
    return true;
  },
});

/**
 * A click on the pinned cell lets it go.
 * @param {Context} context
 * @param {Spot | null} spot
 */
export function pin(context, spot) {
  const frame = context.frame();
  if (!frame || !spot) return;
  const again = frame.pinned && frame.cell && frame.pinned.index === frame.cell.index;
  context.patch({ pinned: again ? null : spot, touched: true });
  context.announceCell();
}

/**
 * @param {Context} context
 * @param {readonly number[]} move  rows, columns
 */
function step(context, [down, right]) {
  const frame = context.frame();
  if (!frame?.map) return;
  const [rows, columns] = frame.map.grid;
  const from = frame.cell ?? { row: Math.floor(rows / 2) - down, col: Math.floor(columns / 2) - right };
  const row = Math.min(rows - 1, Math.max(0, from.row + down));
  const col = Math.min(columns - 1, Math.max(0, from.col + right));
  const { place } = frame;
  const on = (/** @type {number} */ at) => Math.min(1 - 1e-9, Math.max(0, at));
  context.patch({ hover: { fx: on(centreOf(col, columns, place?.[1])), fy: on(centreOf(row, rows, place?.[0])) } });
}
