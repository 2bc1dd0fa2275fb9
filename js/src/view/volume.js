/**
 * A volume, one slice at a time: the picture's own view on the slice and on the map at its depth, and below it a slider
 * over the evidence of all slices. All slices came on one sheet, so that moving it asks nobody.
 */

import { createWatch } from "../lib/changes.js";
import { cut, depthOf, sliceOf } from "../lib/depth.js";
import { signed } from "../lib/format.js";
import { fold, folded } from "../lib/heat.js";
import { actionFor } from "../lib/keys.js";
import { perSlice } from "../lib/rows.js";
import { along } from "../lib/steps.js";
import { coloursOf, drawEvidence } from "./area.js";
import { h, setAttr, setStyle, setText, swallow } from "./dom.js";
import { stepsAlong } from "./kinds.js";
import { createPicture } from "./picture.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./frame.js").Spot} Spot
 * @typedef {import("./thumbs.js").Photo} Photo
 * @typedef {import("../protocol.js").HeatMap} HeatMap
 */

/** Height of the slider's row below the picture. */
const ROW = 44;
const CURVE = 18;

/** Of the curve, on a light ground and on a dark one. */
const LINE = "#808080";

/** What stands at both sides of the slider. */
const SLIDER_SIDES = 148;

/** @param {Context} context */
export function createVolume(context) {
  const sheet = createSheet(context);
  const section = createSection();
  const other = createSection();
  /** @type {Frame | null} */
  let drawn = null;
  let moved = false;
  /** The picture's view of the world: this slice only. @type {Context} */
  const flat = Object.create(context, {
    photo: { get: () => sheet.photo },
    size: { get: () => ({ ...context.size, height: context.size.height - ROW }) },
    frame: { value: () => context.frame() && drawn },
    still: { value: () => moved || context.still() },
    patch: { value: (/** @type {Partial<import("./frame.js").Ui>} */ patch) => context.patch(onSlice(patch, context)) },
  });
  const picture = createPicture(flat);
  const slider = createSlider(context);
  const element = h("div.volume", {}, [picture.element, slider.element]);
  context.listen(picture.element, "keydown", (event) => {
    const key = /** @type {KeyboardEvent} */ (event);
    const action = actionFor(key, "volume");
    if (action && onVolumeKey(context, action)) swallow(key);
  });
  return {
    element,
    /** @param {Frame} frame */
    update(frame) {
      const { ui, store, map } = frame;
      if (ui.slice === null && map) ui.slice = strongestSlice(frame, map);
      const slice = ui.slice ?? 0;
      moved = section.differs(slice);
      sheet.update(slice);
      const { place, sees, right } = frame;
      drawn = {
        ...frame, map: section.of(frame, slice), right: right && other.of({ ...frame, map: right }, slice),
        paint: folded(frame.paint), pinned: pinnedHere(frame, slice), place: place && place.slice(1),
        sees: sees && sees.slice(1),
      };
      picture.update(drawn);
      slider.update(frame, slice);
      const word = named(store);
      setAttr(picture.element, "aria-label", `${picture.element.getAttribute("aria-label")}, ${word} ${slice}`);
    },
  };
}

/**
 * @param {Context} context
 * @param {import("../lib/keys.js").Action} action
 * @returns {boolean} whether it is one for volumes
 */
export function onVolumeKey(context, action) {
  if (action !== "slice-previous" && action !== "slice-next") return false;
  moveTo(context, (context.ui.slice ?? 0) + (action === "slice-next" ? 1 : -1));
  return true;
}

/** @param {import("./frame.js").Store} store */
const named = ({ meta }) => meta.axis || "slice";

/**
 * A spot on the picture lies on the slice that is shown.
 * @param {Partial<import("./frame.js").Ui>} patch
 * @param {Context} context
 */
function onSlice(patch, { ui }) {
  const slice = ui.slice ?? 0;
  const kept = { ...patch };
  if (patch.hover) kept.hover = { ...patch.hover, slice };
  if (patch.pinned) kept.pinned = { ...patch.pinned, slice };
  return kept;
}

/** @param {Context} context @param {number} slice */
function moveTo(context, slice) {
  const last = context.store.meta.input[0] - 1;
  const to = Math.min(last, Math.max(0, slice));
  const { hover } = context.ui;
  context.patch({ slice: to, hover: hover && { ...hover, slice: to } });
}

/**
 * The slice at whose depth the map is strongest.
 * @param {Frame} frame
 * @param {HeatMap} map
 */
function strongestSlice({ store, view, place }, map) {
  const [depth] = map.grid;
  const strength = perSlice(fold(map.values, view.sign), depth);
  return sliceOf(strength.indexOf(Math.max(...strength)), depth, store.meta.input[0], place?.[0]);
}

/**
 * A pinned cell is outlined on the slices at its depth.
 * @param {Frame} frame
 * @param {number} slice
 */
function pinnedHere({ store, map, pinned, place }, slice) {
  if (!map || !pinned) return null;
  return depthOf(slice, store.meta.input[0], map.grid[0], place?.[0]) === pinned.depth ? pinned : null;
}

/** The map at the slice's depth, the same object until something of it changes. */
function createSection() {
  const differs = createWatch();
  const moved = createWatch();
  /** @type {HeatMap | null} */
  let last = null;
  return {
    /** @param {number} slice */
    differs: (slice) => moved(slice),
    /** @param {Frame} frame @param {number} slice @returns {HeatMap | null} */
    of({ store, map, view, place }, slice) {
      const flat = view.shading === "cells";
      if (!differs(map, String(place), slice, view.sign, flat)) return last;
      // The sign is dealt with before any smoothing, as `w.heatmap` does.
      const folded = map && { ...map, values: fold(map.values, view.sign) };
      last = folded && cut(folded, slice, store.meta.input[0], place?.[0], flat);
      return last;
    },
  };
}

/**
 * The slice that is shown, cut from the sheet; and the one that thumbnails lie over, which stays.
 * @param {Context} context
 */
function createSheet(context) {
  const canvas = document.createElement("canvas");
  const differs = createWatch();
  /** @type {Photo | null} */
  let whole = null;
  /** @type {Photo | null} */
  let photo = null;
  return {
    /** @type {Photo | null} another object for each slice */
    get photo() {
      return photo;
    },
    /** @param {number} slice */
    update(slice) {
      const sheet = context.photo;
      if (!sheet || !differs(sheet, slice)) return;
      photo = cutOut(canvas, sheet, context.store.meta, slice);
      if (whole === sheet || context.ui.slice === null) return;
      whole = sheet;
      context.poster = cutOut(document.createElement("canvas"), sheet, context.store.meta, slice);
    },
  };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Photo} sheet
 * @param {import("../protocol.js").Meta} meta
 * @param {number} slice
 * @returns {Photo}
 */
function cutOut(canvas, sheet, { picture: [height, width], tile, columns }, slice) {
  canvas.width = width;
  canvas.height = height;
  const [x, y] = [(slice % columns) * tile[1], Math.floor(slice / columns) * tile[0]];
  canvas.getContext("2d")?.drawImage(sheet.bitmap, x, y, width, height, 0, 0, width, height);
  return { bitmap: canvas, width, height };
}

/** @param {Context} context */
function createSlider(context) {
  const { store } = context;
  const name = named(store);
  const title = `${name[0].toUpperCase()}${name.slice(1)}`;
  const last = store.meta.input[0] - 1;
  const input = h("input", { type: "range", min: 0, max: last, step: 1, "aria-label": title, hidden: last === 0 });
  const curve = h("canvas.slices");
  const number = h("b");
  const element = h("div.slicer", {}, [
    h("span.field-name", { text: title }), h("div.slices-over", {}, [curve, input]),
    h("span.slice-number", {}, [number, h("span.quiet", { text: last === 0 ? "" : ` of 0–${last}` })]),
  ]);
  const drawCurve = createCurve(curve, last);
  context.listen(input, "input", () => moveTo(context, Number(input.value)));
  return {
    element,
    /** @param {Frame} frame @param {number} slice */
    update(frame, slice) {
      const at = String(slice);
      if (input.value !== at) input.value = at;
      setStyle(input, "--fill", `${(100 * slice) / Math.max(1, last)}%`);
      setText(number, at);
      const peak = drawCurve(context, frame, slice);
      const told = peak === null ? "" : `; strongest ${signed(peak, frame.limits.hi)} ${frame.unit}`;
      setAttr(input, "aria-valuetext", `${title} ${slice}, of 0 to ${last}${told}`);
    },
  };
}

/** Half of the slider's thumb: that far from its ends the first and the last slice stand. */
const INSET = 6;

/**
 * The evidence of each slice over the slider.
 * @param {HTMLCanvasElement} canvas
 * @param {number} last  slice
 */
function createCurve(canvas, last) {
  const differs = createWatch();
  /** @type {Float32Array | null} */
  let strength = null;
  /** @param {Context} context @param {Frame} frame @param {number} slice @returns {number | null} its evidence */
  return ({ store, dpr, size }, { map, lut, paint, view, place }, slice) => {
    const steps = map && stepsAlong(store, map, place);
    if (differs(map?.values, String(place), lut, paint.hi, paint.lo, paint.threshold, view.sign, dpr, size.width)) {
      strength = map && perSlice(fold(map.values, view.sign), map.grid[0]);
      const wide = size.width - SLIDER_SIDES;
      canvas.width = Math.round(wide * dpr);
      canvas.height = Math.round(CURVE * dpr);
      const context = canvas.getContext("2d");
      if (context && strength && steps && paint.hi > 0) {
        const scale = (wide - 2 * INSET) / Math.max(1, last);
        const places = { centre: INSET + (steps.centre - 0.5) * scale, step: steps.step * scale };
        const values = along(strength, places, wide, canvas.width, false);
        const shown = /** @type {const} */ ({ ...paint, lo: 0, sign: "positive", opacity: 1 });
        context.strokeStyle = LINE;
        const row = { top: 1, height: canvas.height - 1 };
        context.stroke(drawEvidence(context, values, coloursOf(values, lut, shown), shown, row));
      }
    }
    return strength && map ? strength[depthOf(slice, store.meta.input[0], map.grid[0], place?.[0])] ?? null : null;
  };
}
