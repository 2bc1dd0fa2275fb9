/**
 * What a redraw costs in this browser: `tests/benchmarks/test_redraw.py` bundles this page and calls `bench`. It is the
 * widget as notebooks load it, with a stand-in for the kernel that holds the maps of a thousand classes.
 */

import { createModel, stackOf } from "../dev/model.js";
import { syntheticWorld } from "../dev/synthetic.js";
import widget from "../src/index.js";
import { fold, limits, paint } from "../src/lib/heat.js";
import { upsample } from "../src/lib/upsample.js";

const CLASSES = 1000;
const SIDE = 7;
const SHADINGS = ["smooth", "cells", "contours"];
const LAYER = "layer4";
const SELECTION = { target: 0, layer: LAYER, variant: "gradcam" };

/** The drawn scene, as if the network knew so many things. @param {number} [count] */
async function largeWorld(count = CLASSES) {
  const world = await syntheticWorld();
  const known = world.classes.names.length;
  const names = Array.from({ length: count }, (_, i) => world.classes.names[i] ?? `class ${i}`);
  const scores = Float32Array.from(names, (_, i) => 14 - (20 * i) / count);
  const base = Array.from({ length: known }, (_, i) => world.mapOf(i, LAYER, "gradcam"));
  return {
    ...world,
    classes: { ...world.classes, names, scores, probabilities: scores.map((s) => Math.exp(s - 14) / 50) },
    stacked: names.map((_, i) => i),
    mapOf: (target, layer, variant) => {
      if (layer !== LAYER) return target < known ? world.mapOf(target, layer, variant) : null;
      return base[target % known].map((v, i) => v + 0.003 * ((target * 31 + i * 17) % 11));
    },
  };
}

/** @param {number[]} times */
function summary(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { p10: at(0.1), median: at(0.5), p95: at(0.95), n: sorted.length };
}

/** How often something was put onto the picture's heat: a redraw that draws nothing proves nothing. */
let strokes = 0;
for (const name of ["putImageData", "drawImage", "stroke"]) {
  const plain = CanvasRenderingContext2D.prototype[name];
  CanvasRenderingContext2D.prototype[name] = function (...given) {
    strokes += this.canvas.className === "heat";
    return plain.apply(this, given);
  };
}

const plainFrame = window.requestAnimationFrame.bind(window);

/** Times what a frame does: the widget's own callback, then the pixels that the canvas may have put off. */
function frameClock(root) {
  const taken = { script: 0, pixels: 0, layout: 0, frames: 0 };
  window.requestAnimationFrame = (callback) => plainFrame((now) => {
    const start = performance.now();
    callback(now);
    const drawn = performance.now();
    root.querySelector(".heat").getContext("2d").getImageData(0, 0, 1, 1);
    const painted = performance.now();
    root.getBoundingClientRect();
    const end = performance.now();
    taken.script = drawn - start;
    taken.pixels = painted - drawn;
    taken.layout = end - painted;
    taken.frames += 1;
  });
  return { taken, frame: () => new Promise((resolve) => plainFrame(() => setTimeout(resolve))) };
}

/** A widget on the page, drawn and at rest. The kernel behind it never answers. */
async function mount(world, width) {
  const el = document.createElement("div");
  el.style.width = `${width}px`;
  document.body.replaceChildren(el);
  const model = createModel(world, { selection: SELECTION, latency: 1e9 });
  const close = await widget.render({ model, el });
  const root = el.shadowRoot.querySelector(".camwidget");
  const { taken, frame } = frameClock(root);
  for (let i = 0; i < 30 || !root.querySelector(".heat").width; i++) await frame();
  return { model, root, taken, frame, close };
}

/** What the reader or Python does, by name: each call changes the picture once more. */
function deeds(model, root) {
  const fit = root.querySelector(".fit");
  const rect = fit.getBoundingClientRect();
  const at = (share, parts) => (Math.floor(share) % parts + 0.5) / parts;
  const hover = (i) => fit.dispatchEvent(new PointerEvent("pointermove", {
    clientX: rect.left + rect.width * at(i, SIDE), clientY: rect.top + rect.height * at(i / SIDE, SIDE), bubbles: true,
    composed: true,
  }));
  const of = (values) => (i) => values[i % values.length];
  return {
    hover,
    opacity: (i) => model.push({ opacity: 0.3 + 0.005 * (i % 100) }),
    threshold: (i) => model.push({ threshold: 0.005 * (1 + i % 100) }),
    sign: (i) => model.push({ sign: of(["signed", "absolute", "positive"])(i) }),
    scale: (i) => model.push({ scale: of(["listed", "map"])(i) }),
    colormap: (i) => model.push({ colormap: of(["magma", "cividis", "inferno", "turbo", "viridis"])(i) }),
    class: (i) => model.push({ target: (i * 7 + 1) % CLASSES }),
  };
}

const PLAIN = { opacity: 0.62, threshold: 0, sign: "positive", scale: "map", colormap: "viridis", target: 3 };

/**
 * @param {number} draws  of each kind
 * @param {number} width  of the widget, CSS pixels
 * @param {string[]} [shadings]
 * @param {string[] | null} [kinds]  all without it
 */
async function bench(draws, width, shadings = SHADINGS, kinds = null) {
  const { model, root, taken, frame, close } = await mount(await largeWorld(), width);
  const rows = [];
  for (const shading of shadings) {
    for (const [kind, deed] of Object.entries(deeds(model, root))) {
      if (kinds && !kinds.includes(kind)) continue;
      model.push({ ...PLAIN, shading });
      await frame();
      await frame();
      const times = { script: [], pixels: [], layout: [], all: [] };
      let drawn = 0;
      for (let i = 1; times.all.length < draws; i++) {
        const before = taken.frames;
        const put = strokes;
        deed(i);
        await frame();
        if (taken.frames === before) continue;
        drawn += strokes > put;
        for (const part of ["script", "pixels", "layout"]) times[part].push(taken[part]);
        times.all.push(taken.script + taken.pixels);
      }
      rows.push({ shading, kind, drawn, ...Object.fromEntries(Object.entries(times).map(([k, v]) => [k, summary(v)])) });
      root.querySelector(".fit").dispatchEvent(new PointerEvent("pointerleave"));
      await frame();
    }
  }
  const heat = root.querySelector(".heat");
  close();
  return { heat: [heat.height, heat.width], isolated: window.crossOriginIsolated, rows };
}

/**
 * The maps of all classes arrive where those of nine were: reading them, and the frame that follows; then the first
 * cell that is read across all classes.
 * @param {number} times
 * @param {number} count  of classes
 */
async function arrival(times, count) {
  const world = await largeWorld(count);
  const all = world.stacked;
  const found = { read: [], frame: [], hover: [] };
  for (let i = 0; i < times; i++) {
    const { model, root, taken, frame, close } = await mount({ ...world, stacked: world.listed }, 1000);
    const whole = stackOf({ ...world, stacked: all }, SELECTION, null);
    const start = performance.now();
    model.push({ stack: whole });
    await Promise.resolve();
    await Promise.resolve();
    found.read.push(performance.now() - start);
    await frame();
    found.frame.push(taken.script + taken.pixels);
    deeds(model, root).hover(i + 1);
    await frame();
    found.hover.push(taken.script + taken.pixels);
    if (!root.querySelector(".note").textContent.includes(`all ${count} classes`)) throw new Error("not all are here");
    close();
  }
  return Object.fromEntries(Object.entries(found).map(([k, v]) => [k, { ...summary(v), first: v[0] }]));
}

/**
 * The steps of a smooth redraw, one by one.
 * @param {number} draws
 * @param {number} size
 */
async function steps(draws, size) {
  const world = await largeWorld();
  const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
  const context = canvas.getContext("2d");
  const times = { upsample: [], paint: [], put: [] };
  let image = context.createImageData(size, size);
  for (let i = 0; i < draws; i++) {
    const values = world.mapOf(i % CLASSES, LAYER, "gradcam");
    const start = performance.now();
    const field = upsample(fold(values, "positive"), [SIDE, SIDE], [size, size], "bicubic");
    const smoothed = performance.now();
    paint(field, world.luts.viridis, image.data, {
      ...limits(values, "positive"), sign: "positive", opacity: 0.62, threshold: 0 });
    const painted = performance.now();
    context.putImageData(image, 0, 0);
    context.getImageData(0, 0, 1, 1);
    const put = performance.now();
    times.upsample.push(smoothed - start);
    times.paint.push(painted - smoothed);
    times.put.push(put - painted);
    if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  return Object.fromEntries(Object.entries(times).map(([k, v]) => [k, summary(v)]));
}

Object.assign(window, { arrival, bench, steps });
