/**
 * What each variant does, step by step, in formulas and words. A formula is a tree of MathML elements: a tag and its
 * children, or a leaf's text.
 */

/**
 * @typedef {string | readonly [string, ...any[]]} Node  tag, then children; a leaf's only child is its text
 * @typedef {{weight: Node, weightText: string, map: Node, mapText: string, words: string, note: string}} Method  the texts are
 *   the formulas as they are read aloud; words: the heading of the weights; note: what it does differently
 */

/** @type {Node} */
const ALPHA = ["msub", ["mi", "α"], ["mi", "k"]];
/** @type {Node} */
const A = ["msub", ["mi", "A"], ["mi", "k"]];
/** @type {Node} */
const W = ["msub", ["mi", "w"], ["mi", "k"]];
/** @type {Node} */
const G = ["mfrac", ["mrow", ["mo", "∂"], ["mi", "y"]], ["mrow", ["mo", "∂"], A]];
/** @type {(under: string) => Node} */
const overCells = (under) => ["munder", ["mo", "∑"], ["mi", under]];

/** @param {Node} left @param {Node[]} right @returns {Node} */
const equals = (left, ...right) => ["mrow", left, ["mo", "="], ...right];

/** @param {Node[]} inner @returns {Node[]} */
const relu = (...inner) => [["mi", "ReLU"], ["mo", "("], ...inner, ["mo", ")"]];

/** @type {Node[]} */
const MEAN = [["mfrac", ["mn", "1"], ["mi", "Z"]], overCells("ij"), G];

/** @type {Node} */
const MAP = ["mi", "L"];

const CHANNEL_SUM = /** @type {const} */ ({
  map: equals(MAP, ...relu(overCells("k"), ALPHA, A)),
  mapText: "the map is the positive part of the sum over all channels of alpha times activation",
});

/** @type {Pick<Method, "map" | "mapText">} */
const CELL_SUM = {
  map: equals(MAP, overCells("k"), W, ["mo", "·"], A),
  mapText: "the map is the sum over all channels of weight times activation, cell by cell",
};

/** @type {Pick<Method, "weight" | "weightText" | "map" | "mapText">} */
const GRAD_CAM = {
  weight: equals(ALPHA, ...MEAN), weightText: "alpha of a channel is the mean over its cells of the gradient of the score",
  ...CHANNEL_SUM,
};

/** Those with weights. @type {Readonly<Record<string, Method>>} */
export const METHODS = Object.freeze({
  gradcam: { ...GRAD_CAM, words: "weight α: mean gradient", note: "" },
  "gradcam++": {
    weight: equals(ALPHA, overCells("ij"), ["mfrac", ["mi", "g"], ["mrow", ["mn", "2"], ["mo", "+"], ["mi", "g"],
      ["mo", "⋅"], ["mo", "∑"], A]], ["mo", "for"], ["mi", "g"], ["mo", ">"], ["mn", "0"]),
    weightText: "alpha of a channel is the sum of g over two plus g times its sum of activations, where the gradient g is positive",
    ...CHANNEL_SUM, words: "weight α: gradients > 0",
    note: "Only positive gradients count, so no α is below zero unless the activations are.",
  },
  xgradcam: {
    weight: equals(ALPHA, ["mfrac", ["mrow", ["mo", "∑"], ["mi", "g"], A], ["mrow", ["mo", "∑"], A]]),
    weightText: "alpha of a channel is its sum of gradient times activation over its sum of activations",
    ...CHANNEL_SUM, words: "weight α: A-weighted mean",
    note: "Each cell’s gradient counts by its activation: where the channel is silent it has no say.",
  },
  guided_relu: {
    ...GRAD_CAM, words: "guided α; tick: plain α",
    note: "Guided: rectifiers above pass only positive gradients, and only through active units.",
  },
  deconv_relu: {
    ...GRAD_CAM, words: "deconv α; tick: plain α",
    note: "Deconv: rectifiers above pass only positive gradients, through active units or not.",
  },
  hirescam: {
    weight: equals(W, G), weightText: "the weight of each cell is its own gradient", ...CELL_SUM,
    words: "weight per cell; bar: mean",
    note: "No mean: each cell keeps its own gradient as its weight, and nothing is cut at the end.",
  },
  layercam: {
    weight: equals(W, ...relu(G)), weightText: "the weight of each cell is the positive part of its own gradient",
    map: equals(MAP, ...relu(overCells("k"), W, ["mo", "·"], A)), mapText: CELL_SUM.mapText,
    words: "weight per cell; bar: mean",
    note: "No mean: each cell has its own weight, its gradient where that is positive, else 0.",
  },
  elementwise: {
    weight: equals(W, G, ["mo", "where"], G, ["mo", "·"], A, ["mo", ">"], ["mn", "0"]),
    weightText: "the weight of each cell is its own gradient where gradient times activation is positive, else 0",
    ...CELL_SUM, words: "weight per cell; bar: mean",
    note: "Each product is cut at 0 before they are added up: none speaks against the class.",
  },
});

/** The others: what they do instead of weighing channels. @type {Readonly<Record<string, string>>} */
export const INSTEAD = Object.freeze({
  eigencam: "EigenCAM asks no gradient: it draws the strongest pattern that the channels share, the same for every class.",
  eigengradcam: "EigenGradCAM draws the strongest pattern in the products of gradient and activation, instead of their sum.",
  finercam: "Finer-CAM is Grad-CAM of the score less the mean score of the three closest classes.",
  shapleycam: "ShapleyCAM takes half of the score's curvature off each gradient, and is then Grad-CAM.",
  guided_gradcam: "Guided Grad-CAM multiplies the Grad-CAM map with the guided gradient of every pixel.",
  "smoothgradcam++": "Smooth Grad-CAM++ takes its gradients from 16 noisy copies of the input, and is then Grad-CAM++.",
  ablationcam: "Ablation-CAM weighs each channel by what the score loses when the network runs without it.",
  scorecam: "Score-CAM weighs each channel by the score when only what the channel sees is left of the input.",
});
