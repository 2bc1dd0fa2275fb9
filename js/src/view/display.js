/** Rare settings, in one popover over the panel. */

import { rampStops } from "../lib/heat.js";
import { tip } from "../lib/keys.js";
import { equal } from "../lib/changes.js";
import { COLORMAPS } from "../protocol.js";
import { thresholdText } from "./colorbar.js";
import { h, hide, mark, setAttr, setStyle, setText } from "./dom.js";
import { segmented } from "./fields.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {"shading" | "interpolation"} Choice
 */

/** @type {ReadonlyArray<[Choice, string, Readonly<Record<string, string>>]>} setting, label, values and their names */
const CHOICES = [
  ["shading", "Style", { smooth: "Smooth", cells: "Cells", contours: "Contours" }],
  ["interpolation", "Smoothing", { bicubic: "Bicubic", bilinear: "Bilinear" }],
];

/**
 * A signal has no contours, and along one axis or three smoothing is linear.
 * @param {string} kind
 */
function choicesFor(kind) {
  if (kind === "picture") return CHOICES;
  const left = CHOICES.filter(([name]) => name !== "interpolation");
  if (kind === "volume") return left;
  return left.map(([name, label, { contours, ...options }]) => /** @type {typeof CHOICES[0]} */ ([name, label, options]));
}

const SCALES = Object.freeze({ map: "This map", listed: "All listed classes", locked: "Locked" });

/** Where contours are drawn, as shares of the limit and in percent. @type {Readonly<Record<string, readonly number[]>>} */
const LEVELS = Object.freeze({
  quarters: [0.25, 0.5, 0.75], half: [0.5], deciles: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
});
const LEVEL_NAMES = Object.freeze({ quarters: "25 50 75", half: "50", deciles: "Deciles" });

/** What a reader should know of a colour map before taking it. */
const NOTES = Object.freeze({ turbo: "uneven lightness" });

/** @param {Context} context */
export function createDisplay(context) {
  const { store } = context;
  const element = h("div.menu.display", { role: "dialog", "aria-label": "Display", hidden: true });
  const fields = choicesFor(store.meta.kind).map(([name, label, options]) => ({
    name,
    label,
    field: segmented(context, {
      label, name, options,
      choose: (value) => store.set(name, /** @type {any} */ (value), { commit: true }),
    }),
  }));
  const sees = segmented(context, {
    label: "Cell sees", name: "sees", options: { hidden: "Hidden", outlined: "Outlined" },
    choose: (value) => context.patch({ field: value === "outlined" }),
  });
  sees.element.title = tip("field");
  const scale = segmented(context, {
    label: "Scale", name: "scale", options: SCALES, short: { listed: "All listed" }, choose: (value) => setScale(context, value),
  });
  const levels = segmented(context, {
    label: "Levels in percent", name: "levels", options: LEVEL_NAMES,
    choose: (value) => store.set("levels", LEVELS[value], { commit: true }),
  });
  const threshold = h("span.threshold-text");
  const clear = h("button.text-button", { type: "button", text: "Clear" });
  context.listen(clear, "click", () => store.set("threshold", 0, { commit: true }));
  const colours = createColours(context);
  const [style, ...others] = fields.map(({ label, field }) => named(label, field.element));
  const contours = named("Levels %", levels.element);
  element.append(
    style, ...(store.meta.kind === "signal" ? [] : [contours]), named("Scale", scale.element), ...others,
    ...(store.meta.kind === "signal" ? [] : [named("Cell sees", sees.element)]),
    named("Threshold", h("div.threshold-row", {}, [threshold, clear])),
    named("Colours", colours.element),
  );
  return {
    element,
    /** @param {Frame} frame */
    update(frame) {
      const { view, ui, limits } = frame;
      hide(element, ui.menu !== "display");
      if (element.hidden) return;
      for (const { name, field } of fields) field.update(view[name]);
      mark(contours, "unused", view.shading !== "contours");
      levels.update(Object.keys(LEVELS).find((name) => equal(LEVELS[name], view.levels)) ?? "");
      scale.update(view.limit === null ? view.scale : "locked");
      sees.update(ui.field ? "outlined" : "hidden");
      const off = view.threshold === 0;
      setText(threshold, off ? "off: drag ▸ on the colour bar" : thresholdText(view.threshold, limits.hi));
      hide(clear, off);
      colours.update(frame);
    },
  };
}

/**
 * A scale that is chosen frees one that is locked; to lock is to keep the limit as it is.
 * @param {Context} context
 * @param {string} value
 */
function setScale(context, value) {
  const { store } = context;
  const limits = context.frame()?.limits;
  if (value === "locked") {
    if (limits && limits.hi > 0) store.set("limit", limits.hi);
    return;
  }
  store.set("limit", null);
  store.set("scale", /** @type {any} */ (value));
}

/**
 * @param {string} label
 * @param {HTMLElement} field
 */
const named = (label, field) => h("div.field", {}, [h("span.field-name", { text: label }), field]);

/** @param {Context} context */
function createColours(context) {
  const { store } = context;
  const element = h("div.colours", { role: "radiogroup", "aria-label": "Colours" });
  let offered = "";
  context.listen(element, "change", (event) => {
    store.set("colormap", /** @type {HTMLInputElement} */ (event.target).value, { commit: true });
  });
  return {
    element,
    /** @param {Frame} frame */
    update({ view }) {
      const names = [...COLORMAPS.filter((name) => name in store.luts)];
      const all = names.includes(/** @type {any} */ (view.colormap)) ? names : [...names, view.colormap];
      if (all.join() !== offered) {
        offered = all.join();
        element.replaceChildren(...all.map((name) => swatch(name, store.luts[name])));
      }
      for (const input of element.querySelectorAll("input")) {
        const checked = input.value === view.colormap;
        if (input.checked !== checked) input.checked = checked;
      }
      const own = view.sign === "signed" || view.sign === "negative";
      setAttr(element, "data-unused", own);
      setAttr(element, "title", own ? `${view.sign === "signed" ? "Signed" : "Negative"} maps have their own colours` : null);
    },
  };
}

/**
 * @param {string} name
 * @param {Uint8Array | undefined} lut
 */
function swatch(name, lut) {
  const strip = h("span.swatch");
  if (lut) {
    const paint = { lo: 0, hi: 1, sign: /** @type {const} */ ("positive"), opacity: 1, threshold: 0 };
    const stops = rampStops(lut, paint, 17).map((stop) => `${stop.color} ${(100 * stop.at).toFixed(1)}%`);
    setStyle(strip, "background-image", `linear-gradient(to right, ${stops.join(", ")})`);
  }
  const note = NOTES[/** @type {keyof typeof NOTES} */ (name)];
  return h("label.colour", {}, [
    h("input", { type: "radio", name: "cw-colormap", value: name }), strip, h("span", { text: name }),
    note ? h("span.quiet", { text: note }) : null,
  ]);
}
