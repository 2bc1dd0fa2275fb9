/** The variant menu: name, what it does, what it costs, and its map where that is free. Opens beside the picture. */

import { h, hide, mark, setAttr, swallow } from "./dom.js";
import { layerOf } from "./frame.js";
import { createThumbPainter } from "./thumbs.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("../protocol.js").Variant} Variant
 */

const THUMB = 26;
const INSTANT = "instant";

/** @param {Context} context */
export function createVariants(context) {
  const { store } = context;
  const element = h("div.menu.variants", {
    id: "cw-variants", role: "listbox", "aria-label": "Methods", tabindex: -1, hidden: true,
  });
  const paint = createThumbPainter();
  /** @type {Array<{variant: Variant, element: HTMLElement, canvas: HTMLCanvasElement}>} */
  let rows = [];
  /** @type {unknown} */
  let offered = null;
  let active = -1;
  /** @param {string} id */
  const choose = (id) => {
    context.choose({ variant: id });
    context.patch({ menu: null });
  };
  /** @param {number} index */
  const activate = (index) => {
    active = Math.min(rows.length - 1, Math.max(0, index));
    context.patch({ preview: { variant: rows[active]?.variant.id } });
    const row = rows[active]?.element;
    if (!row) return;
    if (row.offsetTop < element.scrollTop) element.scrollTop = row.offsetTop;
    const below = row.offsetTop + row.offsetHeight - element.clientHeight;
    if (below > element.scrollTop) element.scrollTop = below;
  };
  listen(context, element, () => rows, { choose, activate, active: () => active });
  return {
    element,
    /** Opens with the chosen one under the keyboard. */
    opened() {
      active = rows.findIndex(({ variant }) => variant.id === store.view.variant);
      store.wantVariants();
      element.focus({ preventScroll: true });
    },
    /** @param {Frame} frame */
    update(frame) {
      hide(element, frame.ui.menu !== "variant");
      if (offered !== store.variants) {
        offered = store.variants;
        rows = store.variants.map(createRow);
        element.replaceChildren(...spaced(rows));
      }
      if (element.hidden) return;
      const side = Math.round(THUMB * context.dpr);
      const layer = layerOf(store, store.shown.layer);
      rows.forEach((row, i) => {
        const map = store.map(frame.drawn.target, store.shown.layer, row.variant.id);
        mark(row.element, "unknown", map === null);
        mark(row.element, "active", i === active);
        setAttr(row.element, "aria-selected", String(row.variant.id === frame.selected.variant));
        if (map) paint(row.canvas, map, frame, context.poster ?? context.photo, side, layer);
      });
      setAttr(element, "aria-activedescendant", rows[active]?.element.id);
    },
  };
}

/** @param {Variant} variant */
function createRow(variant) {
  const canvas = h("canvas.thumb");
  const element = h("div.variant", { role: "option", id: `cw-variant-${variant.id}`, "data-variant": variant.id }, [
    canvas,
    h("span.variant-title", { text: variant.name }),
    h("span.variant-summary", { text: variant.summary, title: variant.summary }),
    h("span.variant-cost", { text: variant.cost }),
  ]);
  return { variant, element, canvas };
}

/**
 * A line before the first one that takes time.
 * @param {Array<{variant: Variant, element: HTMLElement}>} rows
 * @returns {HTMLElement[]}
 */
function spaced(rows) {
  const slow = rows.findIndex(({ variant }) => variant.cost !== INSTANT);
  const elements = rows.map((row) => row.element);
  if (slow > 0) elements.splice(slow, 0, h("div.separator", { role: "presentation" }));
  return elements;
}

/**
 * @param {Context} context
 * @param {HTMLElement} element
 * @param {() => Array<{variant: Variant}>} rows
 * @param {{choose: (id: string) => void, activate: (index: number) => void, active: () => number}} actions
 */
function listen(context, element, rows, { choose, activate, active }) {
  /** @param {Event} event */
  const indexOf = (event) => {
    const row = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-variant]"));
    return row ? rows().findIndex(({ variant }) => variant.id === row.dataset.variant) : -1;
  };
  context.listen(element, "pointermove", (event) => {
    const index = indexOf(event);
    if (index >= 0 && context.moved()) activate(index);
  });
  context.listen(element, "pointerleave", () => context.patch({ preview: null }));
  context.listen(element, "click", (event) => {
    const index = indexOf(event);
    if (index >= 0) choose(rows()[index].variant.id);
  });
  context.listen(element, "keydown", (event) => {
    const key = /** @type {KeyboardEvent} */ (event);
    /** @type {Record<string, number>} */
    const moves = { ArrowDown: active() + 1, ArrowUp: active() - 1, Home: 0, End: rows().length - 1 };
    if (key.key in moves) activate(moves[key.key]);
    else if ((key.key === "Enter" || key.key === " ") && rows()[active()]) {
      choose(rows()[active()].variant.id);
      context.root.focus({ preventScroll: true });
    } else return;
    swallow(key);
  });
}
