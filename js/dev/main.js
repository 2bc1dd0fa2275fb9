/**
 * The widget on a plain page, with a stand-in for the kernel: `make dev`.
 * Query: theme=dark, width=700, fixture=URL (real maps as JSON), latency=ms,
 * font=Arial, host=none (no notebook colours), and any two-way trait, such as sign=signed.
 */

import widget from "../src/index.js";
import { createModel } from "./model.js";
import { RAMPS, syntheticWorld, VARIANTS } from "./synthetic.js";

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const floats = (text) => new Float32Array(bytes(text).buffer);

async function fixtureWorld(url) {
  const data = await (await fetch(url)).json();
  const stacked = Object.keys(data.maps.gradcam[data.layers.at(-1).name]).map(Number);
  return {
    ...data,
    picture: bytes(data.picture),
    classes: {
      names: data.names, scores: floats(data.scores), probabilities: floats(data.probabilities), unit: "logits",
      probability: "softmax", truth: data.truth ?? null },
    luts: data.luts ? Object.fromEntries(Object.entries(data.luts).map(([name, lut]) => [name, bytes(lut)])) : RAMPS,
    variants: VARIANTS.filter(({ id }) => data.maps[id] || id === "guided_relu"),
    stacked,
    mapOf: (target, layer, variant) => {
      const text = data.maps[variant]?.[layer]?.[target];
      return text ? floats(text) : null;
    },
  };
}

const query = new URLSearchParams(location.search);
document.body.dataset.theme = query.get("theme") ?? "light";
document.body.classList.toggle("jupyter", query.get("host") !== "none");
if (query.has("font")) document.body.style.setProperty("--jp-ui-font-family", query.get("font"));
const el = document.getElementById("cell");
el.style.width = `${query.get("width") ?? 1000}px`;
const world = await (query.has("fixture") ? fixtureWorld(query.get("fixture")) : syntheticWorld());
const shift = Number(query.get("shift") ?? 0);
const { mapOf } = world;
world.mapOf = (...asked) => mapOf(...asked)?.map((v) => v + shift) ?? null;
const selection = {
  target: Number(query.get("target") ?? world.listed[0]),
  layer: query.get("layer") ?? world.layers.at(-1).name,
  variant: query.get("variant") ?? "gradcam",
};
const traits = {};
for (const name of ["sign", "shading", "scale", "colormap", "interpolation", "contrast"]) {
  if (query.has(name)) traits[name] = query.get(name);
}
for (const name of ["opacity", "threshold", "limit", "rival", "gamma"]) if (query.has(name)) traits[name] = Number(query.get(name));
const model = createModel(world, { latency: Number(query.get("latency") ?? 50), selection, traits });
const close = await widget.render({ model, el });
Object.assign(window, { model, close, world, ready: true });
