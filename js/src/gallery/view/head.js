/** The first band: how items are sorted, which are shown, and which map lies on them. */

import { segmented } from "../../view/fields.js";
import { h, hide, setAttr } from "../../view/dom.js";
import { ORDERS } from "../protocol.js";
import { ORDER_NAMES } from "../words.js";
import { choice } from "./choice.js";
import { glyph } from "./glyphs.js";

/** @typedef {import("./context.js").Context} Context */

const MAPS = Object.freeze({ predicted: "Predicted", truth: "True", both: "Both" });

/** @param {Context} context */
export function createHead(context) {
  const { store } = context;
  const sort = createSort(context);
  const box = h("input", { type: "checkbox" });
  const mistakes = h("label.check.g-mistakes", {}, [box, "Mistakes only"]);
  context.listen(box, "change", () => store.narrow({ mistakes: box.checked }));
  const maps = segmented(/** @type {any} */ (context), {
    label: "Map of the class", name: "shows", options: MAPS, choose: (value) => store.set("shows", /** @type {any} */ (value)),
  });
  const layer = choice(context, { label: "Layer", kind: "g-layer", choose: (value) => store.set("layer", value) });
  const variant = choice(context, { label: "Variant", kind: "g-variant", choose: (value) => store.set("variant", value) });
  const fold = h("button.icon-button.g-fold", {
    type: "button", title: "Confusion", "aria-label": "Confusion", "aria-controls": "cw-panel",
  }, [glyph("matrix")]);
  context.listen(fold, "click", () => context.patch({ panel: !context.ui.panel }));
  return {
    fold,
    element: h("div.g-head", {}, [
      h("div.g-left", {}, [...sort.elements, mistakes]),
      h("div.g-right", {}, [maps.element, layer.element, variant.element, fold]),
    ]),
    update() {
      const { view, about } = store;
      sort.update();
      hide(mistakes, !about.known);
      if (box.checked !== view.filter.mistakes) box.checked = view.filter.mistakes;
      hide(maps.element, !about.known);
      maps.update(view.shows);
      hide(layer.element, about.layers.length < 2);
      layer.update(about.layers.map(({ name }) => [name, name]), view.layer);
      hide(variant.element, about.variants.length < 2);
      variant.update(about.variants.map(({ id, name }) => [id, name]), view.variant);
      hide(fold, context.size.kind !== "one" || !about.known);
      setAttr(fold, "aria-expanded", String(context.ui.panel));
    },
  };
}

/** @param {Context} context */
function createSort(context) {
  const { store } = context;
  const by = choice(context, {
    label: "Sort", kind: "g-sort", choose: (value) => store.set("order", /** @type {any} */ (value)),
  });
  const falling = glyph("falling");
  const rising = glyph("rising");
  const way = h("button.icon-button.g-way", { type: "button" }, [falling, rising]);
  context.listen(way, "click", () => store.set("descending", !store.view.descending));
  return {
    elements: [by.element, way],
    update() {
      const { order, descending } = store.view;
      const offered = ORDERS.filter((name) => store.about.known || name !== "loss");
      by.update(offered.map((name) => [name, ORDER_NAMES[name]]), order);
      hide(falling, !descending);
      hide(rising, descending);
      const said = order === "index" ? (descending ? "Last first" : "First first") : descending ? "Highest first" : "Lowest first";
      setAttr(way, "aria-label", said);
      setAttr(way, "title", `${said}: press to turn round`);
    },
  };
}
