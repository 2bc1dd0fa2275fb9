/** A stand-in for the kernel: the traits of camwidget/protocol.py in a plain object, answers after a delay. */

const THUMB = 28;

/**
 * @typedef {object} World
 * @property {Uint8Array} picture
 * @property {any} meta
 * @property {any} classes  with scores and probabilities as Float32Array
 * @property {number[]} listed
 * @property {any[]} layers
 * @property {any[]} variants
 * @property {Record<string, Uint8Array>} luts
 * @property {number[]} stacked  classes whose maps travel in a stack
 * @property {(target: number, layer: string, variant: string) => Float32Array | null} mapOf
 */

const view = (array) => new DataView(array.buffer.slice(array.byteOffset, array.byteOffset + array.byteLength));

/**
 * @param {World} world
 * @param {{target: number, layer: string, variant: string}} selection
 * @param {unknown} reply
 */
export function stackOf(world, { target, layer, variant }, reply) {
  const grid = world.layers.find((l) => l.name === layer).grid;
  const targets = [...new Set([...world.stacked, target])].sort((a, b) => a - b).filter((k) => world.mapOf(k, layer, variant));
  const size = grid[0] * grid[1];
  const data = new Float32Array(targets.length * size);
  targets.forEach((k, i) => data.set(world.mapOf(k, layer, variant), i * size));
  const whole = targets.length === world.classes.names.length;
  return {
    image: world.meta.image, layer, variant, targets: whole ? null : targets, grid, dtype: "float32", scale: 1, data: view(data), done: true,
    ms: 0.2, note: null, reply };
}

/**
 * As if every variant were linear.
 * @param {World} world
 * @param {any} request
 */
function contrastOf(world, { target, layer, variant, contrast: { rival, gamma } }) {
  const [a, b] = [target, rival].map((k) => world.mapOf(k, layer, variant));
  const both = Float32Array.from([...a.map((v, i) => v - gamma * b[i]), ...b.map((v, i) => v - gamma * a[i])]);
  const { grid } = world.layers.find(({ name }) => name === layer);
  const content = { type: "contrast", image: world.meta.image, target, layer, variant, rival, gamma, grid, dtype: "float32", scale: 1 };
  return [content, [view(both)]];
}

/** @param {Float32Array} values @param {[number, number]} grid */
function pooled(values, [h, w]) {
  const step = Math.ceil(Math.max(h, w) / THUMB);
  const [rows, columns] = [Math.ceil(h / step), Math.ceil(w / step)];
  const out = new Float32Array(rows * columns);
  const count = new Float32Array(rows * columns);
  values.forEach((v, i) => {
    const at = Math.floor(Math.floor(i / w) / step) * columns + Math.floor((i % w) / step);
    out[at] += v;
    count[at] += 1;
  });
  return { values: out.map((v, i) => v / count[i]), grid: [rows, columns] };
}

/** @param {World} world @param {{target: number, variant: string}} selection */
function stripOf(world, { target, variant }) {
  const maps = [];
  for (const { name, grid, stage } of world.layers) {
    const values = stage && world.mapOf(target, name, variant);
    if (!values) continue;
    const small = pooled(values, grid);
    const scale = small.values.reduce((a, v) => Math.max(a, Math.abs(v)), 0) / 127 || 1;
    const data = Int8Array.from(small.values, (v) => Math.round(v / scale));
    maps.push({ layer: name, grid: small.grid, scale, data: view(data) });
  }
  return { image: world.meta.image, target, variant, maps };
}

/**
 * @param {World} world
 * @param {{latency?: number, selection: {target: number, layer: string, variant: string}, traits?: object}} options
 */
export function createModel(world, { latency = 50, selection, traits = {} }) {
  const listeners = new Map();
  const emit = (event, ...args) => [...(listeners.get(event) ?? [])].forEach((fn) => fn(...args));
  const state = {
    picture: view(world.picture), meta: world.meta, listed: world.listed, layers: world.layers,
    variants: world.variants,
    classes: { ...world.classes, scores: view(world.classes.scores), probabilities: view(world.classes.probabilities) },
    luts: Object.fromEntries(Object.entries(world.luts).map(([name, lut]) => [name, view(lut)])),
    status: { state: "ready", text: "", hint: "", reply: null },
    stack: stackOf(world, selection, null), strip: stripOf(world, selection),
    opacity: 0.62, colormap: "viridis", threshold: 0, sign: "positive", shading: "smooth", scale: "map",
    interpolation: "bicubic", limit: null, levels: [0.25, 0.5, 0.75], contrast: "off", rival: null, gamma: 1, ...selection, ...traits,
  };
  let staged = {};
  const model = {
    latency,
    sent: [],
    get: (name) => (name in staged ? staged[name] : state[name]),
    set: (name, value) => void (staged[name] = value),
    on: (event, fn) => listeners.set(event, [...(listeners.get(event) ?? []), fn]),
    off: (event, fn) => listeners.set(event, (listeners.get(event) ?? []).filter((known) => known !== fn)),
    send(message) {
      model.sent.push(message);
      setTimeout(() => answer(message.request), model.latency);
    },
    save_changes() {
      const changed = staged;
      staged = {};
      Object.assign(state, changed);
      model.sent.push(changed);
    },
    /** As Python would: several traits at once. */
    push(patch) {
      Object.assign(state, patch);
      for (const name of Object.keys(patch)) emit(`change:${name}`, model, patch[name]);
    },
  };
  function answer(request) {
    const { target, layer, variant, nonce, seq, want, contrast } = request;
    if (contrast) emit("msg:custom", ...contrastOf(world, request));
    if (want === "variants") {
      const found = world.variants.map((v) => [v.id, world.mapOf(target, layer, v.id)]).filter(([, map]) => map);
      const grid = world.layers.find((l) => l.name === layer).grid;
      const content = { type: "maps", image: world.meta.image,
        maps: found.map(([id]) => ({ target, layer, variant: id, grid, dtype: "float32", scale: 1 })) };
      emit("msg:custom", content, found.map(([, map]) => view(map)));
      model.push({ status: { state: "ready", text: "", hint: "", reply: [nonce, seq] } });
      return;
    }
    if (!world.mapOf(target, layer, variant)) {
      const text = `${variant} has no map of class ${target} at ${layer}.`;
      model.push({ status: { state: "error", text, hint: "Choose a listed class.", reply: [nonce, seq] } });
      return;
    }
    const listed = state.listed.includes(target) ? state.listed : [...world.listed, target];
    const [strip, stack] = [stripOf(world, request), stackOf(world, request, [nonce, seq])];
    model.push({ listed, target, layer, variant, strip, stack });
  }
  return model;
}
