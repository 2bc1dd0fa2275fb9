/**
 * The gallery on a plain page, with a stand-in for the kernel: `make dev`, and open gallery.html.
 * Query: theme=dark, width=420, count, classes, latency, scoring (items every 50 ms), known=no.
 */

import gallery from "../src/gallery/index.js";
import widget from "../src/index.js";
import { createGalleryModel } from "./gallery_model.js";
import { createModel } from "./model.js";
import { syntheticWorld } from "./synthetic.js";

const query = new URLSearchParams(location.search);
const number = (name, other) => Number(query.get(name) ?? other);
document.body.dataset.theme = query.get("theme") ?? "light";
const el = document.getElementById("cell");
el.style.width = `${query.get("width") ?? 1000}px`;
const traits = Object.fromEntries(["shows", "sign", "order"].filter((name) => query.has(name)).map((name) => [name, query.get(name)]));
const model = await createGalleryModel({
  count: number("count", 10_000), classes: number("classes", 10), latency: number("latency", 60),
  scoring: number("scoring", 0), known: query.get("known") !== "no", traits,
});
const world = await syntheticWorld();
const cam = createModel(world, { selection: { target: world.listed[0], layer: world.layers.at(-1).name, variant: "gradcam" } });
const host = { getWidget: async () => ({ render: ({ el: place, signal }) => widget.render({ model: cam, el: place, signal }) }) };
model.on("change:opened", () => model.push({ child: "anywidget:full" }));
Object.assign(window, { model, close: await gallery.render({ model, el, host }), ready: true });
