/** The region on the picture: what is outside is dimmed, an outline, and four corners to take it by. */

import { createWatch } from "../lib/changes.js";
import { boundsOf, isBox } from "../lib/regions.js";
import { h, hide, mark, setStyle } from "./dom.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("../protocol.js").Region} Region
 * @typedef {(x: number, y: number) => [number, number]} ToScreen
 */

const DIM = "rgba(0, 0, 0, 0.34)";
const LINE = 2;

/** How much wider the dark casing is, so that the line holds on any photo. */
const CASING = 2;

/** The corners, across and down. */
const CORNERS = Object.freeze(["00", "10", "01", "11"]);

/** @param {Context} context */
export function createOverlay(context) {
  const shade = h("canvas.region-shade", { hidden: true });
  const body = h("div.region-body", { hidden: true });
  const handles = CORNERS.map((corner) => h("div.region-handle", { "data-corner": corner, hidden: true }));
  const differs = createWatch();
  return {
    layers: [shade, body, ...handles],
    /** @param {Frame} frame @param {number} width @param {number} height */
    update(frame, width, height) {
      const { region, ui } = frame;
      mark(context.root, "boxing", ui.tool === "box");
      hide(shade, !region);
      hide(body, !region || ui.tool !== "box");
      for (const handle of handles) hide(handle, !region || ui.tool !== "box" || !isBox(region));
      if (!region || !differs(region, width, height, context.dpr)) return;
      const [rows, columns] = frame.store.meta.input;
      /** @type {ToScreen} */
      const to = (x, y) => [(x * width) / columns, (y * height) / rows];
      draw(shade, region, to, width, height, context.dpr);
      lay(body, handles, region, to);
    },
  };
}

/**
 * @param {Region} region
 * @returns {ReadonlyArray<readonly [number, number]>}
 */
function pointsOf(region) {
  if (!isBox(region)) return /** @type {any} */ (region);
  const [x0, y0, x1, y1] = region;
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Region} region
 * @param {ToScreen} to
 * @param {number} width
 * @param {number} height
 * @param {number} dpr
 */
function draw(canvas, region, to, width, height, dpr) {
  canvas.width = Math.round(width * dpr);
  canvas.height = Math.round(height * dpr);
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const path = new Path2D();
  for (const [x, y] of pointsOf(region)) path.lineTo(...to(x, y));
  path.closePath();
  pen.scale(dpr, dpr);
  pen.fillStyle = DIM;
  pen.fillRect(0, 0, width, height);
  pen.globalCompositeOperation = "destination-out";
  pen.fillStyle = "#000";
  pen.fill(path);
  pen.globalCompositeOperation = "source-over";
  pen.lineJoin = isBox(region) ? "miter" : "round";
  for (const [size, colour] of /** @type {const} */ ([[LINE + CASING, "rgba(0, 0, 0, 0.75)"], [LINE, "#fff"]])) {
    pen.lineWidth = size;
    pen.strokeStyle = colour;
    pen.stroke(path);
  }
}

/**
 * @param {HTMLElement} body
 * @param {HTMLElement[]} handles
 * @param {Region} region
 * @param {ToScreen} to
 */
function lay(body, handles, region, to) {
  const corners = pointsOf(region).map(([x, y]) => to(x, y).map((v) => `${v.toFixed(1)}px`).join(" "));
  setStyle(body, "clip-path", `polygon(nonzero, ${corners.join(", ")})`);
  const [x0, y0, x1, y1] = boundsOf(region);
  handles.forEach((handle, i) => {
    const [x, y] = to(i % 2 ? x1 : x0, i < 2 ? y0 : y1);
    setStyle(handle, "transform", `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`);
  });
}
