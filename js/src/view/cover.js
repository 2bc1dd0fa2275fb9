/** What is painted and not yet answered, at once: covered parts in the picture's mean colour, uncovered ones bare. */

import { createWatch, equal } from "../lib/changes.js";
import { h, hide } from "./dom.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("../protocol.js").Edit} Edit
 * @typedef {import("./thumbs.js").Photo} Photo
 */

/** The mean colour is taken from a picture of so many pixels a side. */
const SAMPLE = 32;

export function createCover() {
  const canvas = h("canvas.cover", { hidden: true, "aria-hidden": "true" });
  const scratch = document.createElement("canvas");
  const differs = createWatch();
  const colourOf = createMean();
  return {
    canvas,
    /** @param {Context} context @param {number} width @param {number} height */
    draw({ store, photo, dpr }, width, height) {
      const pending = photo !== null && !equal(store.edits, photo.edits ?? []);
      hide(canvas, !pending);
      if (!pending || !differs(store.edits, photo, width, height, dpr)) return;
      for (const one of [canvas, scratch]) {
        one.width = Math.round(width * dpr);
        one.height = Math.round(height * dpr);
      }
      const drawing = canvas.getContext("2d");
      const masking = scratch.getContext("2d");
      if (!drawing || !masking) return;
      drawMask(masking, store.edits, store.meta.input, colourOf(photo));
      const all = /** @type {const} */ ([0, 0, canvas.width, canvas.height]);
      if (photo.above) {
        // what the network saw, where it is still covered; and the picture, where it is no more
        masking.globalCompositeOperation = "source-atop";
        masking.drawImage(photo.above, ...all);
        drawing.drawImage(photo.above, ...all);
        drawing.globalCompositeOperation = "source-in";
        if (photo.below) drawing.drawImage(photo.below, ...all);
        drawing.globalCompositeOperation = "source-over";
      }
      drawing.drawImage(scratch, 0, 0);
    },
  };
}

/**
 * What is kept comes first, all of it together, as the kernel has it.
 * @param {CanvasRenderingContext2D} drawing
 * @param {readonly Edit[]} edits
 * @param {readonly number[]} input  rows, columns
 * @param {string} colour
 */
function drawMask(drawing, edits, [rows, columns], colour) {
  const { width, height } = drawing.canvas;
  drawing.setTransform(width / columns, 0, 0, height / rows, 0, 0);
  drawing.fillStyle = drawing.strokeStyle = colour;
  drawing.lineCap = drawing.lineJoin = "round";
  const kept = edits.filter(({ mode }) => mode === "keep");
  if (kept.length) drawing.fillRect(0, 0, columns, rows);
  for (const edit of [...kept, ...edits.filter(({ mode }) => mode !== "keep")]) {
    drawing.globalCompositeOperation = edit.mode === "cover" ? "source-over" : "destination-out";
    trace(drawing, edit);
  }
  drawing.resetTransform();
}

/** @param {CanvasRenderingContext2D} drawing @param {Edit} edit */
function trace(drawing, edit) {
  if (edit.tool === "box") {
    const [x0, y0, x1, y1] = edit.points;
    drawing.fillRect(x0, y0, x1 - x0, y1 - y0);
    return;
  }
  drawing.lineWidth = 2 * edit.radius;
  drawing.beginPath();
  // a dot is a line to where it begins
  for (const [x, y] of [edit.points[0], ...edit.points]) drawing.lineTo(x, y);
  drawing.stroke();
}

/** The mean colour of a picture, remembered. */
function createMean() {
  const differs = createWatch();
  let colour = "#808080";
  /** @param {Photo} photo */
  return ({ below, bitmap }) => {
    if (!differs(below)) return colour;
    const small = document.createElement("canvas");
    small.width = small.height = SAMPLE;
    const drawing = small.getContext("2d");
    if (!drawing) return colour;
    drawing.imageSmoothingQuality = "high";
    drawing.drawImage(below ?? bitmap, 0, 0, SAMPLE, SAMPLE);
    const { data } = drawing.getImageData(0, 0, SAMPLE, SAMPLE);
    const sums = [0, 0, 0];
    for (let i = 0; i < data.length; i++) if (i % 4 < 3) sums[i % 4] += data[i];
    colour = `rgb(${sums.map((sum) => Math.round((4 * sum) / data.length)).join(", ")})`;
    return colour;
  };
}
