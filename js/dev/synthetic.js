/** A drawn scene with maps made of soft spots: enough to look at every part without a network or a photograph. */

const SIZE = 224;
const THINGS = Object.freeze({
  house: [0.3, 0.58, 0.16], tree: [0.72, 0.45, 0.15], sun: [0.82, 0.14, 0.09], ball: [0.55, 0.82, 0.07],
  door: [0.3, 0.68, 0.05], cloud: [0.35, 0.15, 0.11],
});
const NAMES = ["house", "tree", "barn", "chalet", "sun", "ball", "balloon", "cloud", "door", "greenhouse", "umbrella",
  "mailbox", "lemon", "orange", "picket fence", "park bench", "kite", "parachute", "lawn mower", "church"];
const LIKE = ["house", "tree", "house", "house", "sun", "ball", "ball", "cloud", "door", "tree", "tree", "door", "sun",
  "ball", "house", "tree", "cloud", "cloud", "ball", "house"];
const LAYERS = [["stem.conv", 56, false], ["layer1", 56, true], ["layer2.0", 28, false], ["layer2", 28, true],
  ["layer3.0", 14, false], ["layer3.1", 14, false], ["layer3", 14, true], ["layer4.0", 7, false], ["layer4", 7, true]];

async function draw() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  const c = canvas.getContext("2d");
  const disc = (x, y, r, fill) => {
    c.fillStyle = fill;
    c.beginPath();
    c.arc(x * SIZE, y * SIZE, r * SIZE, 0, 2 * Math.PI);
    c.fill();
  };
  const box = (x, y, w, h, fill) => {
    c.fillStyle = fill;
    c.fillRect(x * SIZE, y * SIZE, w * SIZE, h * SIZE);
  };
  box(0, 0, 1, 0.66, "#b9d7ea");
  box(0, 0.66, 1, 0.34, "#8fae6b");
  disc(0.82, 0.14, 0.08, "#f2c14e");
  for (const x of [0.28, 0.36, 0.43]) disc(x, 0.15, 0.06, "#f4f4f2");
  box(0.16, 0.45, 0.28, 0.3, "#c9a27e");
  c.fillStyle = "#8c4a3c";
  c.beginPath();
  for (const [x, y] of [[0.12, 0.45], [0.3, 0.28], [0.48, 0.45]]) c.lineTo(x * SIZE, y * SIZE);
  c.fill();
  box(0.27, 0.6, 0.07, 0.15, "#5b3b2e");
  box(0.7, 0.5, 0.04, 0.25, "#6b4a35");
  for (const [x, y] of [[0.72, 0.36], [0.65, 0.46], [0.79, 0.46]]) disc(x, y, 0.1, "#4f7d4a");
  disc(0.55, 0.82, 0.06, "#c0503f");
  const blob = await new Promise((resolve) => canvas.toBlob(resolve));
  return new Uint8Array(await blob.arrayBuffer());
}

/** @param {number} target @param {number} n @param {number} sharp */
function spots(target, n, sharp) {
  const out = new Float32Array(n * n);
  const [cx, cy, r] = THINGS[LIKE[target]];
  for (let i = 0; i < out.length; i++) {
    const x = ((i % n) + 0.5) / n;
    const y = (Math.floor(i / n) + 0.5) / n;
    const near = Math.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * (r * sharp) ** 2));
    const texture = 0.12 * Math.sin(9 * x + target) * Math.cos(11 * y - target);
    out[i] = (0.9 - 0.03 * target) * near + texture - 0.1;
  }
  return out;
}

/** A ramp through a few colours, for pages that have no Matplotlib. */
function ramp(...colours) {
  const lut = new Uint8Array(1024);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (colours.length - 1);
    const k = Math.min(colours.length - 2, Math.floor(at));
    for (let j = 0; j < 3; j++) {
      const from = Number.parseInt(colours[k].slice(2 * j, 2 * j + 2), 16);
      const to = Number.parseInt(colours[k + 1].slice(2 * j, 2 * j + 2), 16);
      lut[4 * i + j] = from + (to - from) * (at - k);
    }
    lut[4 * i + 3] = 255;
  }
  return lut;
}

export const RAMPS = Object.freeze({
  viridis: ramp("440154", "472d7b", "3b528b", "2c728e", "21918c", "28ae80", "5ec962", "addc30", "fde725"),
  cividis: ramp("00224e", "35456c", "666970", "948e77", "c8b866", "fee838"),
  inferno: ramp("000004", "420a68", "932667", "dd513a", "fca50a", "fcffa4"),
  magma: ramp("000004", "3b0f70", "8c2981", "de4968", "fe9f6d", "fcfdbf"),
  turbo: ramp("30123b", "4686fb", "1ae4b6", "a4fc3c", "fb7e21", "7a0403"),
  Blues: ramp("f7fbff", "c6dbef", "6baed6", "2171b5", "08306b"),
  RdBu_r: ramp("053061", "4393c3", "f7f7f7", "d6604d", "67001f"),
});

export const VARIANTS = Object.freeze([
  ["gradcam", "Grad-CAM", "mean gradient weighs each channel", "instant", true, "score"],
  ["hirescam", "HiResCAM", "gradient per cell; adds up to the score", "instant", true, "score"],
  ["layercam", "LayerCAM", "positive gradients; finer early maps", "instant", true, "score"],
  ["gradcam++", "Grad-CAM++", "several objects of one class", "instant", true, "relative"],
  ["xgradcam", "XGrad-CAM", "gradients scaled by activation", "instant", true, "score"],
  ["guided_relu", "Guided ReLU", "one more backward pass", "fast", true, "score"],
].map(([id, name, summary, cost, relu, unit]) => ({
  id, name, summary, cost, relu, unit, linear: ["gradcam", "hirescam", "xgradcam"].includes(id) })));

export async function syntheticWorld() {
  const scores = Float32Array.from(NAMES, (_, i) => 14 - 0.9 * i);
  const exp = scores.map((s) => Math.exp((s - scores[0]) / 1.4));
  const sum = exp.reduce((a, b) => a + b, 0);
  const sizes = Object.fromEntries(LAYERS.map(([name, n]) => [name, n]));
  return {
    picture: await draw(),
    meta: {
      image: 1, model: "drawn scene", device: "cpu", preprocessing: "as drawn", input: [SIZE, SIZE],
      picture: [SIZE, SIZE],
    },
    classes: {
      names: NAMES, scores, probabilities: exp.map((v) => v / sum), unit: "logits", probability: "softmax", truth: 0,
    },
    listed: [0, 1, 2, 3, 4, 5, 6, 7, 8],
    layers: LAYERS.map(([name, n, stage]) => ({ name, grid: [n, n], channels: 64, stage, kind: "conv" })),
    variants: VARIANTS,
    luts: RAMPS,
    stacked: NAMES.map((_, i) => i),
    mapOf: (target, layer, variant) => {
      const sharp = 1 - 0.1 * VARIANTS.findIndex((v) => v.id === variant);
      return target < NAMES.length && sizes[layer] ? spots(target, sizes[layer], sharp) : null;
    },
  };
}
