/** The picture, its heat, the cell under the pointer. It never moves; everything else stands beside it. */

import { cellRect } from "../lib/cells.js";
import { createWatch } from "../lib/changes.js";
import { actionFor } from "../lib/keys.js";
import { centreOf } from "../lib/places.js";
import { h, hide, mark, setAttr, setStyle, setText, swallow } from "./dom.js";
import { className, variantName } from "./frame.js";
import { createSurface } from "./surface.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./frame.js").Spot} Spot
 */

/** Longest side of the heat in device pixels: twice the picture's largest size on the page. */
const FINEST = 752;
const FADE = 90;

const STEPS = Object.freeze({ "cell-up": [-1, 0], "cell-down": [1, 0], "cell-left": [0, -1], "cell-right": [0, 1] });

/** @param {Context} context */
export function createPicture(context) {
  const photo = h("canvas.photo");
  const heat = h("canvas.heat");
  const ghost = h("canvas.ghost");
  const pinned = h("div.cell.cell-pinned", { hidden: true });
  const hover = h("div.cell", { hidden: true });
  const field = h("div.seen", { hidden: true });
  const chip = h("div.chip", { hidden: true });
  const fit = h("div.fit", {}, [photo, ghost, heat, field, pinned, hover, chip]);
  const element = h("div.picture", { role: "img", tabindex: 0, "aria-label": "picture" }, [fit]);
  listen(context, element, fit);
  const drawPhoto = createPhoto(photo);
  const drawHeat = createHeat(heat, ghost);
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
      hide(chip, frame.preview === null);
      if (frame.preview) setText(chip, `preview: ${previewName(frame)}`);
      const { target, layer, variant } = frame.drawn;
      const names = [variantName(frame.store, variant), className(frame.store, target)];
      setAttr(element, "aria-label", `${names.join(" of ")} at ${layer}`);
    },
  };
}

/** @param {Frame} frame */
export function previewName({ store, preview }) {
  if (preview?.target !== undefined) return className(store, preview.target);
  if (preview?.variant !== undefined) return variantName(store, preview.variant);
  return preview?.layer ?? "";
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
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLCanvasElement} ghost  the map before, fading out after a commit: the two take turns, nothing is copied
 */
function createHeat(canvas, ghost) {
  const surface = createSurface();
  const differs = createWatch();
  /** @type {Float32Array | undefined} */
  let last;
  let wasPreview = false;
  /** @param {Context} context @param {Frame} frame @param {number} width @param {number} height */
  return ({ dpr, still }, frame, width, height) => {
    const { map, lut, paint, view, place } = frame;
    const fine = Math.min(dpr, FINEST / Math.max(width, height));
    const w = Math.round(width * fine);
    const tall = Math.round(height * fine);
    // Lines have no opacity, but for none at all.
    const strength = view.shading === "contours" ? paint.opacity > 0 : paint.opacity;
    const { shading, interpolation } = view;
    if (!differs(map?.values, lut, paint.lo, paint.hi, strength, paint.threshold, view.sign, shading, interpolation, w,
      tall, String(place))) return;
    const commit = last && map && last !== map.values && !frame.preview && !wasPreview;
    if (commit && !still()) {
      [canvas, ghost] = [ghost, canvas];
      fade(canvas, "heat", [0, 1]);
      fade(ghost, "ghost", [1, 0]);
    }
    if (canvas.width !== w) canvas.width = w;
    if (canvas.height !== tall) canvas.height = tall;
    surface.draw(canvas, map, lut, paint, { shading, interpolation, place }, fine);
    last = map?.values;
    wasPreview = frame.preview !== null;
  };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {string} role
 * @param {number[]} opacity  from, to
 */
function fade(canvas, role, opacity) {
  canvas.className = role;
  canvas.animate({ opacity }, { duration: FADE, easing: "ease-out" });
}

/**
 * @param {Context} context
 * @param {HTMLElement} element
 * @param {HTMLElement} fit
 */
function listen(context, element, fit) {
  /** @param {PointerEvent | MouseEvent} event @returns {Spot} */
  const spotAt = (event) => {
    const rect = fit.getBoundingClientRect();
    const share = (/** @type {number} */ at, /** @type {number} */ size) => Math.min(1 - 1e-9, Math.max(0, at / size));
    return { fx: share(event.clientX - rect.left, rect.width), fy: share(event.clientY - rect.top, rect.height) };
  };
  context.listen(fit, "pointermove", (event) => context.patch({ hover: spotAt(/** @type {PointerEvent} */ (event)) }));
  context.listen(fit, "pointerleave", () => context.patch({ hover: null }));
  context.listen(fit, "click", (event) => pin(context, spotAt(/** @type {MouseEvent} */ (event))));
  context.listen(element, "blur", () => context.patch({ hover: null }));
  context.listen(element, "keydown", (event) => {
    const key = /** @type {KeyboardEvent} */ (event);
    const action = actionFor(key, "picture");
    if (action === "pin") pin(context, context.ui.hover);
    else if (action && action in STEPS) step(context, STEPS[/** @type {keyof typeof STEPS} */ (action)]);
    else return;
    swallow(key);
  });
}

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
