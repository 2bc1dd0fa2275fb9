/** The layer strip: from the input to the scores, stages as thumbnails, all other layers as dots between them. */

import { grid } from "../lib/format.js";
import { h, setAttr, setText } from "./dom.js";
import { createThumbPainter } from "./thumbs.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("../protocol.js").Layer} Layer
 * @typedef {{layer: Layer, element: HTMLElement, canvas: HTMLCanvasElement | null, drawn: unknown[]}} Item
 */

const THUMB = 48;

/** @param {Context} context */
export function createStrip(context) {
  const { store } = context;
  const input = h("span", { class: "end-size" });
  const scores = h("span", { class: "end-size" });
  const track = h("div", { class: "layers", role: "radiogroup", "aria-label": "Layer" });
  const element = h("div", { class: "strip" }, [
    h("div", { class: "end" }, [h("span", { text: "input" }), input]),
    track,
    h("div", { class: "end end-last" }, [h("span", { text: "scores" }), scores]),
  ]);
  const paint = createThumbPainter();
  /** @type {Item[]} */
  let items = [];
  /** @type {unknown} */
  let offered = null;
  listen(context, track);
  return {
    element,
    /** @param {Frame} frame */
    update(frame) {
      if (offered !== store.layers) {
        offered = store.layers;
        items = store.layers.map(createItem);
        track.replaceChildren(...arranged(items));
      }
      setText(input, grid(store.meta.input));
      setText(scores, String(store.classes.names.length));
      const previewed = previewMaps(frame, items);
      for (const item of items) updateItem(item, frame, context, paint, previewed);
    },
  };
}

/**
 * A previewed class shows on every thumbnail or on none: a mixture would compare different things.
 * @param {Frame} frame
 * @param {Item[]} items
 */
function previewMaps({ store, preview, drawn }, items) {
  if (!preview || preview.layer !== undefined) return null;
  /** @type {Map<string, import("../protocol.js").HeatMap>} */
  const maps = new Map();
  for (const { layer, canvas } of items) {
    if (!canvas) continue;
    const map = store.map(drawn.target, layer.name, drawn.variant);
    if (!map) return null;
    maps.set(layer.name, map);
  }
  return maps;
}

/**
 * @param {Item} item
 * @param {Frame} frame
 * @param {Context} context
 * @param {ReturnType<typeof createThumbPainter>} paint
 * @param {Map<string, import("../protocol.js").HeatMap> | null} previewed
 */
function updateItem(item, frame, context, paint, previewed) {
  const { layer, element, canvas } = item;
  const checked = frame.selected.layer === layer.name;
  setAttr(element, "aria-checked", String(checked));
  setAttr(element, "tabindex", checked ? 0 : -1);
  element.classList.toggle("waiting", frame.busy !== null && frame.busy.layer === layer.name && !checked);
  if (!canvas) return;
  const map = previewed?.get(layer.name) ?? frame.store.thumb(layer.name);
  const now = [map?.values, frame.lut, frame.view.sign, context.photo, context.dpr];
  if (now.every((value, i) => value === item.drawn[i])) return;
  item.drawn = now;
  paint(canvas, map, frame, context.photo, Math.round(THUMB * context.dpr));
}

/**
 * @param {Layer} layer
 * @returns {Item}
 */
function createItem(layer) {
  const size = grid(layer.grid);
  const canvas = layer.stage ? h("canvas", { class: "thumb" }) : null;
  const words = h("span", { class: "caption" }, [
    h("span", { class: "layer-name", text: layer.name }), " ", h("span", { class: "layer-grid", text: size }),
  ]);
  const element = h("div", {
    class: layer.stage ? "layer stage" : "layer dot", role: "radio", "data-layer": layer.name, title: `${layer.name} ${size}`,
  }, [canvas, words]);
  return { layer, element, canvas, drawn: [] };
}

/**
 * One leg a stage: its thumbnail, then the dots on the way to the next.
 * @param {Item[]} items
 * @returns {HTMLElement[]}
 */
function arranged(items) {
  const lead = { stage: /** @type {HTMLElement | null} */ (null), dots: /** @type {HTMLElement[]} */ ([]) };
  const legs = [lead];
  for (const { layer, element } of items) {
    if (layer.stage) legs.push({ stage: element, dots: [] });
    else legs[legs.length - 1].dots.push(element);
  }
  return legs.filter((leg) => leg.stage || leg.dots.length).map(({ stage, dots }, i, all) => {
    const rope = h("div", { class: "rope", role: "presentation" }, dots);
    const last = i === all.length - 1 && !dots.length;
    const between = last ? null : h("div", { class: "between", role: "presentation" }, [rope]);
    return h("div", { class: stage ? "leg" : "leg lead", role: "presentation" }, [stage, between]);
  });
}

/**
 * @param {Context} context
 * @param {HTMLElement} track
 */
function listen(context, track) {
  const { store } = context;
  /** @param {Event} event */
  const layerOf = (event) => {
    const item = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-layer]"));
    return item?.dataset.layer;
  };
  context.listen(track, "pointerover", (event) => {
    const layer = layerOf(event);
    context.patch({ preview: layer === undefined ? null : { layer } });
  });
  context.listen(track, "pointerleave", () => context.patch({ preview: null }));
  context.listen(track, "click", (event) => {
    const layer = layerOf(event);
    if (layer === undefined) return;
    store.select({ layer });
    context.patch({ touched: true, preview: null });
  });
  context.listen(track, "keydown", (event) => {
    const key = /** @type {KeyboardEvent} */ (event);
    if (key.key !== " " && key.key !== "Enter") return;
    const layer = layerOf(event);
    if (layer !== undefined) store.select({ layer });
    key.preventDefault();
    key.stopPropagation();
  });
}
