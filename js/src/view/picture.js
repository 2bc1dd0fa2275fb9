/** The picture, its heat, the cell under the pointer. It never moves; everything else stands beside it. */

import { cellRect } from "../lib/cells.js";
import { createWatch } from "../lib/changes.js";
import { actionFor } from "../lib/keys.js";
import { h, hide, mark, setAttr, setStyle, setText, swallow } from "./dom.js";
import { className, variantName } from "./frame.js";
import { createExplore } from "./explore.js";
import { createOverlay } from "./overlay.js";
import { TOOLS, toolsFor } from "./tools.js";
import { chipOf } from "./unfolded.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./frame.js").Spot} Spot
 * @typedef {import("./tools.js").Tool} Tool
 * @typedef {import("./tools.js").ToolId} ToolId
 */

/** @param {Context} context */
export function createPicture(context) {
  const photo = h("canvas.photo");
  const heat = h("canvas.heat");
  const ghost = h("canvas.ghost");
  const pinned = h("div.cell.cell-pinned", { hidden: true });
  const hover = h("div.cell", { hidden: true });
  const field = h("div.seen", { hidden: true });
  const chip = h("div.chip", { hidden: true });
  /** @type {Partial<Record<ToolId, Tool>>} */
  const tools = Object.fromEntries(toolsFor(context.store).map((id) => [id, TOOLS[id].create(context)]));
  const layers = Object.values(tools).flatMap((tool) => tool.layers);
  const fit = h("div.fit", {}, [photo, ghost, heat, field, pinned, hover, ...layers, chip]);
  const element = h("div.picture", { role: "img", tabindex: 0, "aria-label": "picture" }, [fit]);
  listen(context, element, fit, tools);
  context.tools = tools;
  const drawPhoto = createPhoto(photo);
  const drawHeat = createOverlay(heat, ghost);
  return {
    element,
    /** @param {Frame} frame */
    update(frame) {
      const { width, height } = fitted(frame, context.size);
      setStyle(fit, "width", `${width}px`);
      setStyle(fit, "height", `${height}px`);
      drawPhoto(context, width, height);
      drawHeat(context, frame, width, height);
      mark(photo, "muted", frame.view.shading === "contours" && frame.paint.opacity > 0);
      outline(hover, frame, frame.ui.hover ? frame.cell : null, width, height);
      outline(pinned, frame, frame.pinned, width, height);
      outlineSeen(field, frame, width, height);
      for (const tool of Object.values(tools)) tool.update(frame, width, height);
      const told = chipText(frame);
      hide(chip, told === "");
      setText(chip, told);
      const { target, layer, variant } = frame.drawn;
      const which = [chipOf(frame.unfolded), frame.tested, frame.compared ? "Disagreement" : variantName(frame.store, variant)];
      const names = [which.filter(Boolean).join(", "), className(frame.store, target)];
      const rival = frame.contrast ? `, against ${className(frame.store, frame.contrast.rival)}` : "";
      setAttr(element, "aria-label", `${names.join(" of ")} at ${layer}${rival}`);
      // What is an image has no parts that can be reached.
      setAttr(element, "role", frame.contrast ? "group" : "img");
    },
  };
}

/**
 * What the picture shows where that is not the selection.
 * @param {Frame} frame
 */
export function chipText({ store, preview, compared, unfolded, tested }) {
  if (tested) return tested;
  if (compared) return `where ${compared.used.length} variants differ`;
  if (!preview) return chipOf(unfolded);
  const { target, layer, variant } = preview;
  const what = target !== undefined ? className(store, target) : variant !== undefined ? variantName(store, variant) : "";
  return `preview: ${[what, layer].filter(Boolean).join(" at ")}`;
}

/**
 * The picture's size inside its square, in whole CSS pixels.
 * @param {Frame} frame
 * @param {{width: number, height: number}} box
 */
function fitted({ store }, box) {
  const [rows, columns] = store.meta.picture;
  const scale = Math.min(box.width / columns, box.height / rows);
  return { width: Math.max(1, Math.round(columns * scale)), height: Math.max(1, Math.round(rows * scale)) };
}

/**
 * @param {HTMLElement} box
 * @param {Frame} frame
 * @param {{row: number, col: number} | null} cell
 * @param {number} width
 * @param {number} height
 */
function outline(box, { map, place }, cell, width, height) {
  hide(box, !cell || !map);
  if (cell && map) put(box, cellRect(cell.row, cell.col, map.grid, width, height, place));
}

/**
 * What the cell sees, as far as it lies on the picture.
 * @param {HTMLElement} box
 * @param {Frame} frame
 * @param {number} width
 * @param {number} height
 */
function outlineSeen(box, { ui, sees }, width, height) {
  const shown = ui.field && sees;
  hide(box, !shown);
  if (!shown) return;
  const [[top, bottom], [left, right]] = sees;
  put(box, { x: left * width, y: top * height, width: (right - left) * width, height: (bottom - top) * height });
}

/**
 * @param {HTMLElement} box
 * @param {import("../lib/places.js").Rect} rect
 */
function put(box, rect) {
  setStyle(box, "width", `${rect.width.toFixed(2)}px`);
  setStyle(box, "height", `${rect.height.toFixed(2)}px`);
  setStyle(box, "transform", `translate(${rect.x.toFixed(2)}px, ${rect.y.toFixed(2)}px)`);
}

/** @param {HTMLCanvasElement} canvas */
function createPhoto(canvas) {
  const differs = createWatch();
  /** @param {Context} context @param {number} width @param {number} height */
  return ({ photo, dpr }, width, height) => {
    if (!differs(photo, dpr, width, height)) return;
    canvas.width = Math.round(width * dpr);
    canvas.height = Math.round(height * dpr);
    const drawing = canvas.getContext("2d");
    if (!drawing || !photo) return;
    drawing.imageSmoothingQuality = "high";
    drawing.drawImage(photo.bitmap, 0, 0, canvas.width, canvas.height);
  };
}

/**
 * The pointer and the keys go to the active tool first, and what that does not want to reading cells.
 * @param {Context} context
 * @param {HTMLElement} element
 * @param {HTMLElement} fit
 * @param {Partial<Record<ToolId, Tool>>} tools
 */
function listen(context, element, fit, tools) {
  const explore = createExplore(context);
  const active = () => tools[context.ui.tool];
  /** The tool whose drag is under way, wherever the pointer is. @type {Tool | null} */
  let held = null;
  let dragged = false;
  /** @param {Event} event @returns {Spot} */
  const spotAt = (event) => {
    const { clientX, clientY } = /** @type {MouseEvent} */ (event);
    const rect = fit.getBoundingClientRect();
    const share = (/** @type {number} */ at, /** @type {number} */ size) => Math.min(1 - 1e-9, Math.max(0, at / size));
    return { fx: share(clientX - rect.left, rect.width), fy: share(clientY - rect.top, rect.height) };
  };
  /** @param {string} type @param {(spot: Spot, event: any) => void} listener */
  const on = (type, listener) => context.listen(fit, type, (event) => listener(spotAt(event), event));
  on("pointerdown", (spot, event) => {
    if (held) return;
    dragged = false;
    if (event.button !== 0 || !active()?.down?.(spot, event)) return;
    held = active() ?? null;
    dragged = true;
    fit.setPointerCapture(event.pointerId);
  });
  on("pointermove", (spot, event) => {
    const mine = (held ?? active())?.move?.(spot, event);
    if (!mine && !held) explore.move(spot, event);
  });
  const release = (/** @type {Spot} */ spot, /** @type {PointerEvent} */ event) => {
    held?.up?.(spot, event);
    held = null;
  };
  on("pointerup", release);
  on("pointercancel", release);
  context.listen(fit, "pointerleave", () => {
    active()?.leave?.();
    explore.leave();
  });
  on("click", (spot, event) => {
    if (!dragged && !active()?.click?.(spot, event)) explore.click(spot, event);
  });
  context.listen(element, "blur", explore.leave);
  context.listen(element, "keydown", (event) => {
    const key = /** @type {KeyboardEvent} */ (event);
    const action = actionFor(key, "picture");
    if (action && (active()?.key?.(action, key) || explore.key(action, key))) swallow(key);
  });
}
