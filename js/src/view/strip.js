/** The layer strip: from the input to the scores, stages as thumbnails, all other layers as dots between them. */

import { createWatch } from "../lib/changes.js";
import { filmed } from "../lib/film.js";
import { grid } from "../lib/format.js";
import { h, mark, setAttr, setText, swallow } from "./dom.js";
import { createThumbPainter } from "./thumbs.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("../protocol.js").Layer} Layer
 * @typedef {{layer: Layer, element: HTMLElement, canvas: HTMLCanvasElement | null,
 *   differs: ReturnType<typeof createWatch>}} Item
 */

const THUMB = 48;

/** What a stage needs beside its name: thumbnail, gaps, a bit of the way to the next; and with its grid's size only. */
const BESIDE_NAME = 82;
const GRID_ROOM = 100;

/** Beside a film: what stands at both ends of the line, and what a stage needs beside its name. */
const BESIDE_LINE = 300;
const AROUND_WORD = 84;

/** What stands at both ends of the strip: words, gaps, the dots before the first stage. */
const ENDS = 190;

/** @param {Context} context */
export function createStrip(context) {
  const { store } = context;
  const input = h("span.end-size");
  const scores = h("span.end-size");
  const track = h("div.layers", { role: "radiogroup", "aria-label": "Layer" });
  const element = h("div.strip", {}, [
    h("span.strip-name.quiet", { "aria-hidden": "true", text: "Layer" }),
    h("div.end", {}, [h("span", { text: "input" }), input]),
    track,
    h("div.end.end-last", {}, [h("span", { text: "scores" }), scores]),
  ]);
  const paint = createThumbPainter();
  /** @type {Item[]} */
  let items = [];
  /** @type {unknown} */
  let offered = null;
  let measured = "";
  listen(context, track);
  return {
    element,
    /** @param {Frame} given */
    update(given) {
      const frame = given.unfolded?.frame ?? given;
      if (offered !== store.layers) {
        offered = store.layers;
        items = store.layers.map(createItem);
        track.replaceChildren(...arranged(items));
      }
      const look = `${context.size.kind} ${context.size.outer} ${store.layers.map(({ name }) => name).join()}`;
      if (look !== measured) {
        measured = look;
        element.dataset.room = roomFor(store.layers, context, element);
      }
      setText(input, store.meta.input.join("×"));
      setText(scores, String(store.classes.names.length));
      const previewed = previewMaps(frame, items);
      for (const item of items) updateItem(item, frame, context, paint, previewed);
    },
  };
}

/**
 * What a stage can say about itself: all names are shown or none, so that no name is cut.
 * @param {readonly Layer[]} layers
 * @param {Context} context
 * @param {HTMLElement} element
 * @returns {"names" | "grids" | "none"}
 */
function roomFor(layers, { size, store }, element) {
  const stages = layers.filter((layer) => layer.stage);
  const line = filmed(store);
  const room = (size.outer - (line ? BESIDE_LINE : ENDS)) / Math.max(1, stages.length);
  if (line && size.kind === "one") return "none";
  if (size.kind === "one") return size.outer / Math.max(1, stages.length) >= 48 ? "grids" : "none";
  const ruler = document.createElement("canvas").getContext("2d");
  if (ruler) ruler.font = `600 12px ${getComputedStyle(element).fontFamily}`;
  const longest = Math.max(0, ...stages.map(({ name }) => ruler?.measureText(name).width ?? 0));
  if (line && room >= longest + AROUND_WORD) return "names";
  if (!line && room >= longest + BESIDE_NAME) return "names";
  return room >= GRID_ROOM ? "grids" : "none";
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
  mark(element, "waiting", frame.busy?.layer === layer.name && !checked);
  if (!canvas || filmed(frame.store)) return; // beside a film the stages are a line of dots
  const photo = context.poster ?? context.photo;
  const map = previewed?.get(layer.name) ?? frame.store.thumb(layer.name);
  if (!item.differs(map?.values, frame.lut, frame.view.sign, photo, context.dpr)) return;
  paint(canvas, map, frame, photo, Math.round(THUMB * context.dpr), layer);
}

/**
 * @param {Layer} layer
 * @returns {Item}
 */
function createItem(layer) {
  const size = grid(layer.grid);
  const canvas = layer.stage ? h("canvas.thumb") : null;
  const words = h("span.caption", {}, [
    h("span.layer-name", { text: layer.name }), " ", h("span.layer-grid", { text: size }),
  ]);
  const element = h("div", {
    class: layer.stage ? "layer stage" : "layer dot", role: "radio", "data-layer": layer.name,
    title: `${layer.name} ${size}`,
  }, [canvas, words]);
  return { layer, element, canvas, differs: createWatch() };
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
    const rope = h("div.rope", { role: "presentation" }, dots);
    const last = i === all.length - 1 && !dots.length;
    const between = last ? null : h("div.between", { role: "presentation" }, [rope]);
    return h("div", { class: stage ? "leg" : "leg leg-first", role: "presentation" }, [stage, between]);
  });
}

/**
 * @param {Context} context
 * @param {HTMLElement} track
 */
function listen(context, track) {
  /** @param {Event} event */
  const layerOf = (event) => {
    const item = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-layer]"));
    return item?.dataset.layer;
  };
  context.listen(track, "pointermove", (event) => {
    const layer = layerOf(event);
    if (context.moved()) context.patch({ preview: layer === undefined ? null : { layer } });
  });
  context.listen(track, "pointerleave", () => context.patch({ preview: null }));
  context.listen(track, "click", (event) => {
    const layer = layerOf(event);
    if (layer !== undefined) context.choose({ layer });
  });
  context.listen(track, "keydown", (event) => {
    const key = /** @type {KeyboardEvent} */ (event);
    if (key.key !== " " && key.key !== "Enter") return;
    const layer = layerOf(event);
    if (layer !== undefined) context.choose({ layer });
    swallow(key);
  });
}
