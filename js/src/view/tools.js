/**
 * The tools: what the pointer and the keys do on the picture. One is active; what it does not want, reading cells gets.
 */

import { filmed } from "../lib/film.js";
import { createBox } from "./box.js";
import { createContrastTool } from "./contrast_tool.js";
import { createExplore } from "./explore.js";
import { createPoke } from "./poke.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./frame.js").Spot} Spot
 * @typedef {import("../lib/keys.js").Action} Action
 * @typedef {"explore" | "box" | "poke" | "contrast"} ToolId
 *
 * @typedef {object} Tool  what is left out is nothing to the tool
 * @property {Node[]} layers  lie over the picture, in order; never in the way of the pointer unless styled so
 * @property {(frame: Frame, width: number, height: number) => void} update  with every frame, whichever tool is active;
 *   the picture's size in CSS pixels
 * @property {(spot: Spot, event: PointerEvent) => boolean} [down]  true: it is mine, and so is all until the pointer is up,
 *   wherever it goes
 * @property {(spot: Spot, event: PointerEvent) => boolean} [move]  true: no cell is read
 * @property {(spot: Spot, event: PointerEvent) => void} [up]
 * @property {() => void} [leave]
 * @property {(spot: Spot, event: MouseEvent) => boolean} [click]  true: no cell is pinned
 * @property {(action: Action, event: KeyboardEvent) => boolean} [key]  true: done
 * @property {() => boolean} [back]  Escape: true where there was something to take back
 *
 * @typedef {object} Offer
 * @property {string} label
 * @property {Action} action  its key
 * @property {string} icon
 * @property {readonly import("../protocol.js").Meta["kind"][]} kinds  of inputs that it is for
 * @property {number} [classes]  so many it needs
 * @property {true} [single]  not for one picture of a film
 * @property {(context: Context) => Tool} create
 */

/** @type {Readonly<Record<ToolId, Offer>>} in the order of the buttons */
export const TOOLS = Object.freeze({
  explore: { label: "Explore", action: "explore", icon: "explore", kinds: ["picture", "signal", "volume"], create: createExplore },
  box: { label: "Box", action: "box", icon: "box", kinds: ["picture"], create: createBox },
  poke: { label: "Poke", action: "poke", icon: "poke", kinds: ["picture"], single: true, create: createPoke },
  contrast: {
    label: "Contrast", action: "contrast", icon: "contrast", kinds: ["picture", "signal", "volume"], classes: 2, create: createContrastTool,
  },
});

/**
 * Those that are for what is explained here.
 * @param {Context["store"]} store
 */
export const toolsFor = ({ meta, classes, reel }) => /** @type {ToolId[]} */ (Object.keys(TOOLS)).filter((id) =>
  TOOLS[id].kinds.includes(meta.kind) && classes.names.length >= (TOOLS[id].classes ?? 1) &&
  !(TOOLS[id].single && filmed({ reel })));

/**
 * @param {Context} context
 * @param {ToolId} tool
 */
export const takeTool = (context, tool) => {
  if (toolsFor(context.store).includes(tool)) context.patch({ tool, preview: null });
};
