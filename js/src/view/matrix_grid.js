/** The grid of thumbnails: hover previews on the picture, a click chooses. One stop for the keyboard, arrows inside. */

import { createWatch } from "../lib/changes.js";
import { grid as gridText } from "../lib/format.js";
import { limits } from "../lib/heat.js";
import { actionFor } from "../lib/keys.js";
import { columnsIn, stepIn, together } from "../lib/matrix.js";
import { h, mark, setAttr, setStyle, setText, swallow } from "./dom.js";
import { className } from "./frame.js";
import { quantity } from "./row.js";
import { createThumbPainter } from "./thumbs.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("../protocol.js").Layer} Layer
 * @typedef {import("../protocol.js").HeatMap} HeatMap
 * @typedef {import("../lib/heat.js").Limits} Limits
 * @typedef {{target: number} | {variant: string}} Subject  of a row
 * @typedef {{subject: Subject, name: string, note: string, relative: boolean}} Row
 * @typedef {{row: Row, layer: Layer, element: HTMLElement, canvas: HTMLCanvasElement,
 *   differs: ReturnType<typeof createWatch>}} Cell
 */

const THUMB = 58;

/** @type {readonly import("../lib/keys.js").Action[]} */
const MOVES = ["map-step", "map-end", "map-leap"];

/** @param {Context} context */
export function createGrid(context) {
  const corner = h("div.matrix-corner", { role: "columnheader" });
  const head = h("div.matrix-head", { role: "row" }, [corner]);
  const body = h("div.matrix-body", { role: "rowgroup" });
  const element = h("div.matrix-grid", { role: "grid" }, [head, body]);
  const paint = createThumbPainter();
  const arranged = createWatch();
  /** @type {Cell[][]} */
  let cells = [];
  let shown = "";
  /** Where the keyboard stands, once it was here. @type {{row: number, col: number} | null} */
  let at = null;
  listen(context, element, () => cells, (next) => {
    at = next;
  });
  return {
    element,
    /** @param {Frame} frame @param {number} room @param {boolean} same @param {string} words */
    update(frame, room, same, words) {
      const { store, ui } = frame;
      const rows = ui.matrix === "variants" ? variantRows(frame) : classRows(frame);
      const stages = shownStages(frame, room);
      if (arranged(store.layers, store.classes, ui.matrix, JSON.stringify(rows), stages.map(({ name }) => name).join("\u0000"))) {
        const held = element.contains(/** @type {ShadowRoot} */ (context.root.getRootNode()).activeElement);
        cells = build(head, corner, body, rows, stages);
        setStyle(element, "--columns", String(stages.length));
        setAttr(element, "aria-label", ui.matrix === "variants" ? "Maps by variant and layer" : "Maps by class and layer");
        if (shown !== ui.matrix) at = null;
        at = at && { row: Math.min(at.row, rows.length - 1), col: Math.min(at.col, stages.length - 1) };
        if (held && at) cells[at.row]?.[at.col]?.element.focus({ preventScroll: true });
      }
      if (shown !== ui.matrix) {
        shown = ui.matrix;
        body.scrollTop = 0;
        const chosen = position(cells, frame.selected);
        if (chosen) reveal(cells[chosen.row][chosen.col].element);
      }
      setText(corner, words);
      setAttr(corner, "aria-label", words ? null : "Layer");
      draw(frame, context, cells, paint, same, at);
    },
  };
}

/**
 * The stages that there is room for.
 * @param {Frame} frame
 * @param {number} room
 */
export function shownStages({ store, selected }, room) {
  const stages = store.layers.filter(({ stage }) => stage);
  return columnsIn(stages.length, room, stages.findIndex(({ name }) => name === selected.layer)).map((i) => stages[i]);
}

/** @param {Frame} frame @returns {Row[]} */
const classRows = ({ store }) => store.listed.map((target) =>
  ({ subject: { target }, name: className(store, target), note: quantity(store.classes, target).text, relative: false }));

/**
 * Those that are slow only where one of their maps is here.
 * @param {Frame} frame
 * @returns {Row[]}
 */
function variantRows({ store, selected }) {
  const { target } = selected;
  const here = (/** @type {string} */ id) => store.layers.some(({ stage, name }) => stage && store.thumb(name, target, id));
  return store.variants.filter(({ id, slow }) => !slow || here(id)).map(({ id, name, cost, unit }) => {
    const relative = unit !== "score";
    return { subject: { variant: id }, name, note: relative ? `${cost}, relative` : cost, relative };
  });
}

/**
 * @param {HTMLElement} head
 * @param {HTMLElement} corner
 * @param {HTMLElement} body
 * @param {Row[]} rows
 * @param {Layer[]} stages
 * @returns {Cell[][]}
 */
function build(head, corner, body, rows, stages) {
  head.replaceChildren(corner, ...stages.map(({ name, grid }) => h("div.matrix-column", { role: "columnheader", title: name }, [
    h("span.matrix-name", { text: name }), h("span.quiet", { text: gridText(grid) }),
  ])));
  const cells = rows.map((row) => stages.map((layer) => {
    const canvas = h("canvas.thumb");
    const element = h("div.matrix-cell", { role: "gridcell", "aria-label": `${row.name} at ${layer.name}` }, [canvas]);
    return { row, layer, element, canvas, differs: createWatch() };
  }));
  body.replaceChildren(...rows.map(({ name, note }, i) => h("div.matrix-row", { role: "row" }, [
    h("div.matrix-label", { role: "rowheader", title: name }, [
      h("span.matrix-name", { text: name }), h("span.quiet", { text: note }),
    ]),
    ...cells[i].map(({ element }) => element),
  ])));
  return cells;
}

/**
 * @param {Frame} frame
 * @param {Context} context
 * @param {Cell[][]} cells
 * @param {ReturnType<typeof createThumbPainter>} paint
 * @param {boolean} same
 * @param {{row: number, col: number} | null} at
 */
function draw(frame, context, cells, paint, same, at) {
  const { selected, busy, lut, view } = frame;
  const photo = context.poster ?? context.photo;
  const maps = cells.map((row) => row.map((cell) => mapOf(frame, cell)));
  const ranges = same ? scales(maps, cells, view.sign) : [];
  const chosen = position(cells, selected);
  // The keyboard enters where it was, else at what is chosen.
  const stop = at ?? chosen ?? { row: 0, col: 0 };
  cells.forEach((row, i) => row.forEach((cell, j) => {
    const { element, canvas, layer } = cell;
    setAttr(element, "aria-selected", String(i === chosen?.row && j === chosen.col));
    setAttr(element, "tabindex", i === stop.row && j === stop.col ? 0 : -1);
    mark(element, "waiting", busy !== null && isThere(cell, busy) && !isThere(cell, selected));
    const map = maps[i][j];
    const range = cell.row.relative ? null : ranges[j] ?? null;
    if (!cell.differs(map?.values, lut, view.sign, photo, context.dpr, range?.lo, range?.hi)) return;
    paint(canvas, map, frame, photo, Math.round(THUMB * context.dpr), layer, range);
  }));
}

/** @param {Frame} frame @param {Cell} cell */
function mapOf({ store, selected }, { row, layer }) {
  const { target, variant } = { ...selected, ...row.subject };
  return store.thumb(layer.name, target, variant);
}

/**
 * One scale a layer, of the maps that have the score's unit.
 * @param {Array<Array<HeatMap | null>>} maps
 * @param {Cell[][]} cells
 * @param {import("../protocol.js").Sign} sign
 * @returns {Array<Limits | null>}
 */
const scales = (maps, cells, sign) => (cells[0] ?? []).map((_, j) => together(maps.flatMap((row, i) => {
  const map = row[j];
  return map && !cells[i][j].row.relative ? [limits(map.values, sign)] : [];
})));

/** @param {Cell} cell @param {import("../protocol.js").Selection} selection */
const isThere = ({ row, layer }, selection) => layer.name === selection.layer &&
  ("target" in row.subject ? row.subject.target === selection.target : row.subject.variant === selection.variant);

/** @param {Cell[][]} cells @param {import("../protocol.js").Selection} selection */
function position(cells, selection) {
  const row = cells.findIndex((line) => line.some((cell) => isThere(cell, selection)));
  return row < 0 ? null : { row, col: cells[row].findIndex((cell) => isThere(cell, selection)) };
}

/**
 * @param {Context} context
 * @param {HTMLElement} element
 * @param {() => Cell[][]} cells
 * @param {(at: {row: number, col: number}) => void} stand
 */
function listen(context, element, cells, stand) {
  /** @param {Event} event */
  const placeOf = ({ target }) => {
    const row = cells().findIndex((line) => line.some((cell) => cell.element.contains(/** @type {Node} */ (target))));
    if (row < 0) return null;
    return { row, col: cells()[row].findIndex((cell) => cell.element.contains(/** @type {Node} */ (target))) };
  };
  /** @param {{row: number, col: number} | null} place */
  const selectionAt = (place) => {
    if (!place) return null;
    const { row, layer } = cells()[place.row][place.col];
    return { ...row.subject, layer: layer.name };
  };
  /** @param {{row: number, col: number} | null} place */
  const choose = (place) => {
    const selection = selectionAt(place);
    if (!place || !selection) return;
    stand(place);
    context.choose(selection);
  };
  context.listen(element, "pointermove", (event) => {
    if (context.moved()) context.patch({ preview: selectionAt(placeOf(event)) });
  });
  context.listen(element, "pointerleave", () => context.patch({ preview: null }));
  context.listen(element, "focusout", () => context.patch({ preview: null }));
  context.listen(element, "click", (event) => choose(placeOf(event)));
  context.listen(element, "keydown", (event) => {
    const key = /** @type {KeyboardEvent} */ (event);
    const place = placeOf(key);
    const action = actionFor(key, "matrix");
    if (!place || !action) return;
    const next = stepIn(key.key, place, cells().length, cells()[0].length);
    if (action === "map-choose") choose(place);
    else if (MOVES.includes(action) && next) {
      stand(next);
      const { element: cell } = cells()[next.row][next.col];
      cell.focus({ preventScroll: true });
      reveal(cell);
      context.patch({ preview: selectionAt(next) });
    } else return;
    swallow(key);
  });
}

/** Scrolls inside the grid only: the notebook must not move. @param {HTMLElement} cell */
function reveal(cell) {
  const [line, box] = [cell.parentElement, cell.parentElement?.parentElement];
  if (!line || !box) return;
  const above = line.offsetTop - box.offsetTop;
  if (above < box.scrollTop) box.scrollTop = above;
  const below = above + line.offsetHeight - box.clientHeight;
  if (below > box.scrollTop) box.scrollTop = below;
}
