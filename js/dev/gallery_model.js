/** A stand-in for the gallery's kernel: drawn pictures, scores of a network that confuses neighbours, answers after a delay. */

const SIDE = 96;
const GRID = [8, 8];
const PICTURES = 240;
export const NAMES = ["star", "moon", "heart", "fish", "house", "boat", "key", "spiral", "tree", "ring"];

/** @param {number} seed  numbers from 0 to 1, the same each time */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param {number} i */
export const spotsOf = (i) => {
  const next = random(i + 1);
  return [0, 1].map((k) => [0.28 + 0.44 * k + 0.1 * (next() - 0.5), 0.3 + 0.4 * next(), 0.13 + 0.04 * next()]);
};

/** @param {number} i @param {readonly string[]} colours */
async function draw(i, colours) {
  const next = random(7 * i + 3);
  const canvas = new OffscreenCanvas(SIDE, i % 9 ? SIDE : 64);
  const c = canvas.getContext("2d");
  const sky = c.createLinearGradient(0, 0, 0, canvas.height);
  sky.addColorStop(0, `hsl(${200 + 40 * next()} 35% ${70 + 12 * next()}%)`);
  sky.addColorStop(1, `hsl(${60 + 50 * next()} 24% ${52 + 14 * next()}%)`);
  c.fillStyle = sky;
  c.fillRect(0, 0, canvas.width, canvas.height);
  spotsOf(i).forEach(([x, y, r], k) => {
    const corners = 3 + ((i + 2 * k) % 6);
    c.fillStyle = colours[(i + 3 * k) % colours.length];
    c.beginPath();
    for (let j = 0; j < 2 * corners; j++) {
      const [angle, far] = [(Math.PI * j) / corners + next(), j % 2 ? 0.55 : 1];
      c.lineTo((x + r * far * Math.cos(angle)) * canvas.width, (y + r * far * Math.sin(angle)) * canvas.height);
    }
    c.fill();
  });
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
  return { data: new Uint8Array(await blob.arrayBuffer()), size: [canvas.width, canvas.height] };
}

const wide = new Float32Array(1);
const bits = new Uint32Array(wide.buffer);
/** A normal number as float16; smaller ones as 0. @param {number} v */
function half(v) {
  wide[0] = v;
  const [x] = bits;
  const exponent = ((x >>> 23) & 255) - 112;
  return exponent <= 0 ? 0 : ((x >>> 16) & 0x8000) | (exponent << 10) | ((x >>> 13) & 0x3ff);
}

/** @param {number} i @param {number} which */
function mapOf(i, which) {
  const [x0, y0, r] = spotsOf(i % PICTURES)[which];
  const [rows, columns] = GRID;
  const values = Array.from({ length: rows * columns }, (_, at) => {
    const [x, y] = [((at % columns) + 0.5) / columns, (Math.floor(at / columns) + 0.5) / rows];
    return Math.exp(-((x - x0) ** 2 + (y - y0) ** 2) / (2 * r * r)) - 0.12;
  });
  const peak = Math.max(...values.map(Math.abs));
  return { peak: peak * (2 + (i % 7)), data: new DataView(Uint16Array.from(values, (v) => half(v / peak)).buffer) };
}

/** @param {number} count @param {number} classes @param {boolean} known */
function scoresOf(count, classes, known) {
  const next = random(42);
  const columns = { loss: new Float32Array(count), confidence: new Float32Array(count), margin: new Float32Array(count),
    predicted: new Uint16Array(count), truth: new Uint16Array(count) };
  for (let i = 0; i < count; i++) {
    const truth = Math.floor(next() * classes);
    const wrong = next() < 0.03 + 0.15 * ((truth * 7) % 5 === 0);
    const confidence = 0.35 + 0.65 * (wrong ? next() * 0.8 : 1 - next() ** 3);
    const other = next() < 0.6 ? (truth + 1) % classes : Math.floor(next() * classes);
    columns.predicted[i] = wrong ? other : truth;
    columns.truth[i] = known ? truth : 65535;
    columns.confidence[i] = confidence;
    columns.margin[i] = confidence - (1 - confidence) * 0.7;
    const right = columns.predicted[i] === truth;
    columns.loss[i] = known ? -Math.log(right ? confidence : (1 - confidence) * (0.02 + 0.7 * next())) : NaN;
  }
  return columns;
}

/** @param {string[]} colours  low to high */
function ramp(...colours) {
  const lut = new Uint8Array(1024);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (colours.length - 1);
    const k = Math.min(colours.length - 2, Math.floor(at));
    for (let j = 0; j < 3; j++) {
      const [from, to] = [k, k + 1].map((n) => Number.parseInt(colours[n].slice(2 * j, 2 * j + 2), 16));
      lut[4 * i + j] = from + (to - from) * (at - k);
    }
    lut[4 * i + 3] = 255;
  }
  return new DataView(lut.buffer);
}

/**
 * @param {{count?: number, classes?: number, known?: boolean, latency?: number, batch?: number, scoring?: number,
 *   kernel?: boolean, traits?: object}} [options]  batch: items a partial answer; scoring: items scored every 50 ms, 0: all at once
 */
export async function createGalleryModel({ count = 10_000, classes = 10, known = true, latency = 60, batch = 16, scoring = 0,
  kernel = true, traits = {} } = {}) {
  const colours = Array.from({ length: 12 }, (_, k) => `hsl(${30 * k} 60% 45%)`);
  const pictures = await Promise.all(Array.from({ length: Math.min(count, PICTURES) }, (_, i) => draw(i, colours)));
  const scores = scoresOf(count, classes, known);
  const names = Array.from({ length: classes }, (_, k) => (classes <= NAMES.length ? NAMES[k] : `class ${k}`));
  const failed = count > 60 ? { 37: "photo_37.jpg is no picture that can be read (truncated file)" } : {};
  for (const i of Object.keys(failed)) {
    Object.assign(scores.predicted, { [i]: 65535 });
    for (const name of ["loss", "confidence", "margin"]) scores[name][i] = NaN;
  }
  const state = {
    count, names, known, names_of_items: [], scored: 0, generation: 0, child: "",
    status: { state: "ready", text: "", hint: "" }, meta: { model: "resnet20", device: "cpu" },
    layers: [{ name: "layer2", grid: [16, 16] }, { name: "layer3", grid: GRID }],
    variants: [["gradcam", "Grad-CAM"], ["hirescam", "HiResCAM"], ["layercam", "LayerCAM"]].map(([id, name]) => ({ id, name, slow: false })),
    luts: { viridis: ramp("440154", "472d7b", "3b528b", "2c728e", "21918c", "28ae80", "5ec962", "addc30", "fde725"),
      RdBu_r: ramp("053061", "4393c3", "f7f7f7", "d6604d", "67001f") },
    order: known ? "loss" : "confidence", descending: known, filter: { truth: null, predicted: null, mistakes: false },
    selection: [], opened: null, layer: "layer3", variant: "gradcam", shows: "predicted", opacity: 0.62, sign: "positive",
    colormap: "viridis", ...traits,
  };
  const handlers = new Map();
  const emit = (event, ...values) => [...(handlers.get(event) ?? [])].forEach((handler) => handler(...values));
  const model = {
    requests: [], saved: [], state, scores, latency,
    get: (name) => state[name],
    on: (event, handler) => void handlers.set(event, [...(handlers.get(event) ?? []), handler]),
    off: (event, handler) => void handlers.set(event, (handlers.get(event) ?? []).filter((one) => one !== handler)),
    push(patch) {
      Object.assign(state, patch);
      for (const name of Object.keys(patch)) emit(`change:${name}`, model, patch[name]);
    },
  };
  const sendScores = (from, to) => {
    const columns = [scores.loss, scores.confidence, scores.margin, scores.predicted, scores.truth];
    const parts = columns.map((column) => new Uint8Array(column.slice(from, to).buffer));
    const data = new Uint8Array(parts.reduce((all, part) => all + part.length, 0));
    parts.reduce((at, part) => (data.set(part, at), at + part.length), 0);
    emit("msg:custom", { kind: "scores", from, to }, [new DataView(data.buffer)]);
    const bad = Object.keys(failed).filter((i) => i >= from && i < to);
    if (bad.length) emit("msg:custom", { kind: "failed", items: Object.fromEntries(bad.map((i) => [i, failed[i]])) }, []);
    model.push({ scored: to });
  };
  const score = () => {
    if (!scoring) return sendScores(0, count);
    let at = 0;
    const timer = setInterval(() => {
      const to = Math.min(count, at + scoring);
      sendScores(at, to);
      at = to;
      if (at >= count) clearInterval(timer);
    }, 50);
  };
  let newest = 0;
  const answer = (request, from = 0) => {
    const { seq, nonce = "" } = request;
    const dropped = seq < newest;
    const items = dropped ? [] : request.items.slice(from, from + batch);
    const more = !dropped && from + batch < request.items.length;
    const buffers = [];
    const told = items.map((i) => {
      if (failed[i]) return { index: i, failed: failed[i] };
      const picture = pictures[i % pictures.length];
      const maps = [mapOf(i, 0), scores.predicted[i] === scores.truth[i] || !known ? null : mapOf(i, 1)];
      buffers.push(new DataView(picture.data.buffer), maps[0].data, maps[1]?.data ?? new DataView(new ArrayBuffer(0)));
      return { index: i, name: `photo_${i}.jpg`, size: picture.size, grid: GRID, place: null, peak: maps.map((map) => map?.peak ?? null) };
    });
    const { layer, variant, generation } = state;
    emit("msg:custom", { kind: "thumbs", nonce, seq, generation, layer, variant, items: told, more }, buffers);
    if (more) setTimeout(() => answer(request, from + batch), model.latency / 2);
  };
  if (kernel) {
    Object.assign(model, {
      set: (name, value) => {
        state[name] = value;
        model.saved.push([name, value]);
        emit(`change:${name}`, model, value);
      },
      save_changes() {},
      send(content) {
        model.requests.push(content);
        if (content.kind === "scores?") setTimeout(score, 0);
        else if (content.kind === "thumbs") {
          newest = content.seq;
          if (Number.isFinite(model.latency)) setTimeout(() => answer(content), model.latency);
        }
      },
    });
  }
  return model;
}
