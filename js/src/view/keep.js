/** What a reader takes along: the view as Python code, the picture as PNG. Both are made here, and no kernel is asked. */

import { tip } from "../lib/keys.js";
import { pythonOf } from "../lib/python.js";
import { h } from "./dom.js";
import { iconButton } from "./fields.js";
import { className } from "./frame.js";
import { icon } from "./icons.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 */

/** How long the status line says what was done, in milliseconds. */
const SAID = 3000;

/** @param {Context} context */
export function createKeep(context) {
  const code = iconButton(context, {
    kind: "code-button", title: tip("copy"), label: "Copy as Python", content: icon("code"), press: () => context.act("copy"),
  });
  const save = iconButton(context, {
    kind: "save-button", title: "Save the picture (PNG)", label: "Save the picture", content: icon("save"),
    press: () => void savePicture(context),
  });
  return [code, save];
}

/** @param {Context} context */
export async function copyCode(context) {
  const { store } = context;
  const against = store.trait("against");
  const text = pythonOf({
    call: store.meta.call, view: store.view, names: store.classes.names, edits: store.edits, index: store.meta.index,
    against: Number.isInteger(against) ? against : null, score: String(store.trait("score") ?? "logit"),
  });
  const copied = await copy(text, context.root);
  say(context, copied ? "Copied: Python code of this view" : "This page may not write to the clipboard");
}

/**
 * @param {string} text
 * @param {HTMLElement} root
 */
async function copy(text, root) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages without https, and frames of other sites, have the old way only: what is selected is copied.
  }
  const focused = /** @type {ShadowRoot} */ (root.getRootNode()).activeElement;
  const area = h("textarea.spoken", { readonly: true, text });
  root.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return done;
}

/** @param {Context} context */
async function savePicture(context) {
  const frame = context.frame();
  if (!frame) return;
  const canvas = compose(context.root);
  const blob = await new Promise((/** @type {(made: Blob | null) => void} */ done) => canvas.toBlob(done, "image/png"));
  if (!blob) return say(context, "The picture could not be made");
  const url = URL.createObjectURL(blob);
  const name = nameOf(frame);
  const link = h("a.spoken", { href: url, download: name });
  // in the page, for VS Code saves what it sees clicked on its way up
  context.root.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), SAID);
  say(context, `Saved ${name}`);
}

/** @param {Frame} frame */
function nameOf({ store, drawn }) {
  const words = [className(store, drawn.target), drawn.layer, drawn.variant].join(" ");
  return `${words.replace(/[^\p{L}\p{N}.+-]+/gu, " ").trim().slice(0, 100)}.png`;
}

/**
 * The canvases over one another as they lie on the page, and what is written on them, on the widget's ground.
 * @param {HTMLElement} root
 */
function compose(root) {
  const fit = /** @type {HTMLElement} */ (root.querySelector(".fit"));
  const layers = [...fit.querySelectorAll("canvas")].filter(({ width, hidden }) => width && !hidden);
  const at = fit.getBoundingClientRect();
  const scale = Math.max(1, ...layers.map(({ width }) => width / at.width));
  const canvas = h("canvas", { width: Math.round(at.width * scale), height: Math.round(at.height * scale) });
  const drawing = canvas.getContext("2d");
  if (!drawing) return canvas;
  drawing.fillStyle = getComputedStyle(root).backgroundColor;
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  for (const layer of layers) {
    const { filter, opacity } = getComputedStyle(layer);
    drawing.filter = filter;
    drawing.globalAlpha = Number(opacity);
    drawing.save();
    drawing.beginPath();
    const cut = fit.classList.contains("divided") ? canvas.width * parseFloat(fit.style.getPropertyValue("--divide")) / 100 : NaN;
    if (cut >= 0 && layer.matches(".heat, .ghost")) drawing.rect(0, 0, cut, canvas.height);
    else drawing.rect(cut >= 0 && layer.matches(".heat-right") ? cut : 0, 0, canvas.width, canvas.height);
    drawing.clip();
    drawing.drawImage(layer, 0, 0, canvas.width, canvas.height);
    drawing.restore();
  }
  drawing.filter = "none";
  drawing.globalAlpha = 1;
  for (const label of fit.querySelectorAll(".time span, .band-label")) write(drawing, label, at, scale);
  return canvas;
}

/**
 * @param {CanvasRenderingContext2D} drawing
 * @param {Element} label
 * @param {DOMRect} at  of the picture
 * @param {number} scale
 */
function write(drawing, label, at, scale) {
  const { fontSize, fontFamily, color } = getComputedStyle(label);
  const box = label.getBoundingClientRect();
  drawing.font = `${scale * parseFloat(fontSize)}px ${fontFamily}`;
  drawing.fillStyle = color;
  drawing.textBaseline = "middle";
  drawing.fillText(label.textContent ?? "", scale * (box.x - at.x + 3), scale * (box.y + box.height / 2 - at.y));
}

/** @param {Context} context @param {string} said */
export function say(context, said) {
  context.patch({ said });
  setTimeout(() => {
    if (context.ui.said === said) context.patch({ said: null });
  }, SAID);
}
