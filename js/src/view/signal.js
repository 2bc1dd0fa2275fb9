/**
 * A signal over time: its rows with the heat along them, below them the evidence of each step, all on one time axis. The
 * ink is black and turned over by the style sheet in the dark, so that a change of theme costs no drawing.
 */

import { createWatch } from "../lib/changes.js";
import { plain } from "../lib/format.js";
import { fold, ticks } from "../lib/heat.js";
import { actionFor } from "../lib/keys.js";
import { LABEL, rowsOf } from "../lib/rows.js";
import { centreOf } from "../lib/places.js";
import { along, covered } from "../lib/steps.js";
import { coloursOf, drawEvidence, fillRows, levelOf } from "./area.js";
import { h, hide, setAttr, setStyle, setText, swallow } from "./dom.js";
import { className, layerOf, variantName } from "./frame.js";
import { drawBand } from "./ink.js";
import { seenIn, stepsAlong } from "./kinds.js";
import { pin } from "./explore.js";
import { chipText } from "./picture.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./frame.js").Cell} Cell
 * @typedef {{width: number, height: number, rows: import("../lib/rows.js").Row[]}} Place
 */

const MOVES = Object.freeze({ "cell-left": -1, "cell-right": 1 });
const LEAP = 10;

/** Device pixels along the time axis: more would cost time and show nothing. */
const FINEST = 2048;
const CURVE = 1.4;

/** Room of one time on the axis, in pixels. */
const PITCH = 64;

/** @param {Context} context */
export function createSignal(context) {
  const ink = h("canvas.ink");
  const heat = h("canvas.heat");
  const curve = h("canvas.curve");
  const grid = h("div.time-grid");
  const labels = h("div.band-labels");
  const ends = [h("div.uncentred"), h("div.uncentred")];
  const pinned = createCursor("step-pinned");
  const hover = createCursor("step-hover");
  const chip = h("div.chip", { hidden: true });
  const legend = h("div.legend");
  const fit = h("div.fit.plot", {}, [
    grid, heat, ink, curve, ...ends, ...pinned.elements, ...hover.elements, labels, chip,
  ]);
  const element = h("div.picture.signal", { role: "img", tabindex: 0, "aria-label": "signal" }, [fit]);
  listen(context, element, fit);
  const drawFurniture = createFurniture(context, grid, labels);
  const drawInk = createInk(ink);
  const drawHeat = createHeat(heat, curve);
  return {
    element,
    /** Below the list. */
    legend,
    /** @param {Frame} frame */
    update(frame) {
      const { width, height } = context.size;
      const place = { width, height, rows: rowsOf(context.store.bands, height) };
      drawFurniture(place);
      drawInk(context, place);
      drawHeat(context, frame, place);
      showEnds(ends, frame, place);
      setText(legend, legendOf(frame));
      hover.update(frame, frame.ui.hover ? frame.cell : null, place);
      pinned.update(frame, frame.pinned, place);
      const told = chipText(frame);
      hide(chip, told === "");
      setText(chip, told);
      const { target, layer, variant } = frame.drawn;
      const names = [frame.compared ? "Disagreement" : variantName(frame.store, variant), className(frame.store, target)];
      setAttr(element, "aria-label", `${names.join(" of ")} at ${layer}`);
    },
  };
}

/**
 * What the shading and the hatching mean.
 * @param {Frame} frame
 */
function legendOf({ store, map, drawn, place }) {
  const { input, rate } = store.meta;
  const layer = layerOf(store, drawn.layer);
  const span = layer?.sees?.[0];
  if (!map || !span || map.grid[0] !== layer.grid[0]) return "";
  if (span[2] === null) return "Each step sees the whole signal.";
  const size = rate === null ? `${span[2]} samples` : `${Number((span[2] / rate).toPrecision(3))} s`;
  const [from, to] = covered(stepsAlong(store, map, place), map.grid[0], input[0]);
  const hatched = from > 0 || to < input[0] ? " Hatched ends: no step is centred there." : "";
  return `Each step sees ${size} (shaded at the pointer).${hatched}`;
}

/**
 * The time axis and the rows' names.
 * @param {Context} context
 * @param {HTMLElement} grid
 * @param {HTMLElement} labels
 */
function createFurniture({ store }, grid, labels) {
  const differs = createWatch();
  /** @param {Place} place */
  return ({ width, height, rows }) => {
    const { bands, meta } = store;
    if (!differs(bands, meta, width, height)) return;
    const end = meta.rate === null ? meta.span : meta.span / meta.rate;
    const times = ticks(0, end, width, { gap: -1, pitch: PITCH, least: meta.rate === null ? 1 : 0 });
    const unit = meta.rate === null ? "" : " s";
    grid.replaceChildren(...times.map((time, i) => {
      const last = i === times.length - 1;
      const text = `${Number(time.toPrecision(6))}${last ? unit : ""}`;
      const tick = h("div.time", {}, [h("span", { text })]);
      tick.style.setProperty("--at", `${((100 * time) / end).toFixed(3)}%`);
      if (i === 0) tick.classList.add("first");
      if ((1 - time / end) * width < 24) tick.classList.add("last");
      return tick;
    }));
    const names = [...bands.map(({ label, low, high }) => {
      const size = Math.max(Math.abs(low), Math.abs(high));
      return `${label}, ${plain(low, size)} to ${plain(high, size)}`;
    }), "evidence per step"];
    labels.replaceChildren(...names.map((text, i) => {
      const label = h("span.band-label", { text, title: text });
      label.style.setProperty("top", `${rows[i].top - LABEL}px`);
      return label;
    }));
  };
}

/** @param {HTMLCanvasElement} canvas */
function createInk(canvas) {
  const differs = createWatch();
  /** @param {Context} context @param {Place} place */
  return ({ store, dpr }, { width, height, rows }) => {
    if (!differs(store.bands, store.meta.span, dpr, width, height)) return;
    canvas.width = Math.round(width * dpr);
    canvas.height = Math.round(height * dpr);
    const drawing = canvas.getContext("2d");
    if (!drawing) return;
    store.bands.forEach((band, i) => {
      const row = { top: rows[i].top * dpr, height: rows[i].height * dpr };
      drawBand(drawing, band, store.meta.span, row, dpr);
    });
  };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLCanvasElement} line  of the curve
 */
function createHeat(canvas, line) {
  const differs = createWatch();
  const moved = createWatch();
  /** @type {Float32Array} */
  let values = new Float32Array(0);
  /** @param {Context} context @param {Frame} frame @param {Place} place */
  return ({ store, dpr }, frame, { width, height, rows }) => {
    const { map, lut, paint, view, place } = frame;
    const fine = Math.min(dpr, FINEST / width);
    const size = [Math.round(width * fine), Math.round(height * fine)];
    const flat = view.shading === "cells";
    const { lo, hi, opacity, threshold, sign } = paint;
    if (!differs(map?.values, String(place), lut, lo, hi, opacity, threshold, sign, flat, ...size)) return;
    for (const one of [canvas, line]) {
      if (one.width !== size[0]) one.width = size[0];
      if (one.height !== size[1]) one.height = size[1];
    }
    const [colours, pen] = [canvas.getContext("2d"), line.getContext("2d")];
    if (!colours || !pen) return;
    colours.clearRect(0, 0, size[0], size[1]);
    pen.clearRect(0, 0, size[0], size[1]);
    if (!map) return;
    if (moved(map.values, String(place), sign, flat, size[0])) {
      values = along(fold(map.values, sign), stepsAlong(store, map, place), store.meta.span, size[0], flat);
    }
    const places = rows.map((row) => ({ top: row.top * fine, height: row.height * fine }));
    const evidence = places[places.length - 1];
    fillRows(colours, coloursOf(values, lut, paint), places.slice(0, -1));
    // The colour bar's own ramp: here a colour stands alone, and is told by the bar.
    const path = drawEvidence(colours, values, coloursOf(values, lut, { ...paint, opacity: 1 }), paint, evidence);
    pen.lineWidth = CURVE * fine;
    pen.lineJoin = "round";
    pen.globalAlpha = 1;
    pen.stroke(path);
    pen.globalAlpha = 0.4;
    pen.lineWidth = fine;
    const zero = Math.round(levelOf(0, paint, evidence.top, evidence.height)) - 0.5;
    pen.strokeRect(-1, zero, size[0] + 2, size[1]);
  };
}

/**
 * Where no step is centred, nothing is known: said by hatching in the row of the evidence.
 * @param {HTMLElement[]} ends
 * @param {Frame} frame
 * @param {Place} place
 */
function showEnds(ends, { store, map, place }, { width, rows }) {
  const { input, span } = store.meta;
  const row = rows[rows.length - 1];
  const [from, to] = map ? covered(stepsAlong(store, map, place), map.grid[0], input[0]) : [0, span];
  [[0, from], [to, input[0]]].forEach(([start, end], i) => {
    const wide = ((end - start) / span) * width;
    hide(ends[i], wide < 1);
    setStyle(ends[i], "left", `${((start / span) * width).toFixed(1)}px`);
    setStyle(ends[i], "width", `${wide.toFixed(1)}px`);
    setStyle(ends[i], "top", `${row.top.toFixed(1)}px`);
    setStyle(ends[i], "height", `${row.height.toFixed(1)}px`);
  });
}

/**
 * A line through all rows at a step, with what it sees, and a dot on the curve.
 * @param {string} kind
 */
function createCursor(kind) {
  const seen = h(`div.step-seen.${kind}`, { hidden: true });
  const line = h(`div.step-line.${kind}`, { hidden: true });
  const dot = h(`div.step-dot.${kind}`, { hidden: true });
  return {
    elements: [seen, line, dot],
    /** @param {Frame} frame @param {Cell | null} cell @param {Place} place */
    update({ store, map, drawn, paint, view, place }, cell, { width, rows }) {
      for (const part of [seen, line, dot]) hide(part, !cell || !map);
      if (!cell || !map) return;
      const { input, span } = store.meta;
      const wide = (input[0] / span) * width;
      const on = (/** @type {number} */ index) => centreOf(index, map.grid[0], place?.[0]);
      const x = on(cell.index) * wide;
      // Where it is not known what a step sees, its own room is shaded.
      const [from, to] = seenIn(store, layerOf(store, drawn.layer), map, cell)?.[0] ??
        [on(cell.index - 0.5), on(cell.index + 0.5)];
      setStyle(seen, "width", `${((to - from) * wide).toFixed(1)}px`);
      setStyle(seen, "transform", `translateX(${(from * wide).toFixed(1)}px)`);
      setStyle(line, "transform", `translateX(${(x - 1).toFixed(1)}px)`);
      const value = fold(map.values.subarray(cell.index, cell.index + 1), view.sign)[0];
      const row = rows[rows.length - 1];
      const y = levelOf(Number.isNaN(value) ? 0 : value, paint, row.top, row.height);
      setStyle(dot, "transform", `translate(${(x - 5).toFixed(1)}px, ${(y - 5).toFixed(1)}px)`);
    },
  };
}

/**
 * @param {Context} context
 * @param {HTMLElement} element
 * @param {HTMLElement} fit
 */
function listen(context, element, fit) {
  /** @param {Event} event */
  const spotAt = (event) => {
    const rect = fit.getBoundingClientRect();
    const at = (/** @type {MouseEvent} */ (event).clientX - rect.left) / rect.width;
    return { fx: Math.min(1 - 1e-9, Math.max(0, at)), fy: 0.5 };
  };
  context.listen(fit, "pointermove", (event) => context.patch({ hover: spotAt(event) }));
  context.listen(fit, "pointerleave", () => context.patch({ hover: null }));
  context.listen(fit, "click", (event) => pin(context, spotAt(event)));
  context.listen(element, "blur", () => context.patch({ hover: null }));
  context.listen(element, "keydown", (event) => {
    const key = /** @type {KeyboardEvent} */ (event);
    const action = actionFor(key, "signal");
    if (action && onSignalKey(context, action, key.shiftKey)) swallow(key);
  });
}

/**
 * @param {Context} context
 * @param {import("../lib/keys.js").Action} action
 * @param {boolean} leap
 * @returns {boolean} whether it is one for signals
 */
export function onSignalKey(context, action, leap) {
  if (action === "pin") pin(context, context.ui.hover);
  else if (action === "cell-left" || action === "cell-right") step(context, MOVES[action] * (leap ? LEAP : 1));
  else return false;
  return true;
}

/**
 * From the step that is read, or else from the strongest one.
 * @param {Context} context
 * @param {number} by
 */
function step(context, by) {
  const frame = context.frame();
  if (!frame?.map) return;
  const { store, map, place, limits } = frame;
  const start = frame.cell ? frame.cell.index + by : Math.max(0, map.values.indexOf(limits.max));
  const cell = Math.min(map.values.length - 1, Math.max(0, start));
  const at = (centreOf(cell, map.grid[0], place?.[0]) * store.meta.input[0]) / store.meta.span;
  context.patch({ hover: { fx: Math.min(1 - 1e-9, Math.max(0, at)), fy: 0.5 } });
}

