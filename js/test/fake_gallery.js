/** A host's model and a small kernel behind it, for the gallery's tests. */

/** @typedef {{loss: number, confidence: number, margin: number, predicted: number, truth: number}} Row */

/** The scores of some items as they travel. @param {readonly Row[]} rows */
export function columnsOf(rows) {
  const data = new DataView(new ArrayBuffer(16 * rows.length));
  rows.forEach((row, i) => {
    [row.loss, row.confidence, row.margin].forEach((v, k) => data.setFloat32(4 * (k * rows.length + i), v, true));
    [row.predicted, row.truth].forEach((v, k) => data.setUint16(12 * rows.length + 2 * (k * rows.length + i), v, true));
  });
  return data;
}

/** Ten items of three classes; of every third the prediction is wrong. @type {Row[]} */
export const ROWS = Array.from({ length: 10 }, (_, i) => ({
  loss: ((i * 7) % 10) / 2, confidence: 0.5 + ((i * 3) % 10) / 20, margin: i / 10, truth: i % 3,
  predicted: i % 3 === 0 ? 1 : i % 3,
}));

/** Half floats of 0, 0.5 and −1. */
const HALVES = Uint16Array.of(0, 0x3800, 0xbc00, 0x3800);

/**
 * An answer with thumbnails, and its buffers.
 * @param {readonly number[]} items
 * @param {Record<string, any>} [over]
 * @returns {[Record<string, any>, DataView[]]}
 */
export function thumbsOf(items, over = {}) {
  const told = items.map((index) => ({ index, name: `${index}.png`, size: [4, 4], grid: [2, 2], place: null, peak: [2, null] }));
  const content = { kind: "thumbs", nonce: "", seq: 1, generation: 0, layer: "late", variant: "gradcam", items: told, more: false, ...over };
  const map = () => new DataView(HALVES.buffer.slice(0));
  return [content, items.flatMap((index) => [new DataView(Uint8Array.of(137, index).buffer), map(), new DataView(new ArrayBuffer(0))])];
}

export class FakeGallery {
  /** @type {Map<string, Set<Function>>} */
  #handlers = new Map();
  /** @type {any[]} */
  sent = [];
  /** @type {Array<[string, any]>} */
  saved = [];

  /** @param {Record<string, any>} [over] */
  constructor(over = {}) {
    /** @type {Record<string, any>} */
    this.traits = {
      count: 10, names: ["ring", "star", "bar"], known: true, names_of_items: [], scored: 0, generation: 0, child: "",
      meta: { model: "net", device: "cpu" }, layers: [{ name: "late", grid: [2, 2] }], variants: [{ id: "gradcam", name: "Grad-CAM" }],
      luts: { viridis: new DataView(new ArrayBuffer(1024)) }, status: { state: "ready", text: "", hint: "" },
      order: "loss", descending: true, filter: { truth: null, predicted: null, mistakes: false }, selection: [], opened: null,
      layer: "late", variant: "gradcam", shows: "predicted", opacity: 0.62, sign: "positive", colormap: "viridis", ...over,
    };
  }

  /** @param {string} name */
  get(name) {
    return this.traits[name];
  }

  /** @param {string} event @param {Function} callback */
  on(event, callback) {
    this.#handlers.set(event, (this.#handlers.get(event) ?? new Set()).add(callback));
  }

  /** @param {string} event @param {Function} callback */
  off(event, callback) {
    this.#handlers.get(event)?.delete(callback);
  }

  /** @param {string} name @param {any} value */
  set(name, value) {
    this.saved.push([name, value]);
    this.push({ [name]: value });
  }

  save_changes() {}

  /** @param {any} content */
  send(content) {
    this.sent.push(content);
  }

  /** As Python would: several traits at once. @param {Record<string, any>} patch */
  push(patch) {
    Object.assign(this.traits, patch);
    for (const name of Object.keys(patch)) this.#emit(`change:${name}`);
  }

  /** @param {any} content @param {unknown[]} [buffers] */
  tell(content, buffers = []) {
    this.#emit("msg:custom", content, buffers);
  }

  /** Scores of all items. @param {readonly Row[]} [rows] */
  score(rows = ROWS) {
    this.tell({ kind: "scores", from: 0, to: rows.length }, [columnsOf(rows)]);
  }

  /** How many listeners are left. */
  get listeners() {
    return [...this.#handlers.values()].reduce((all, { size }) => all + size, 0);
  }

  /** @param {string} event @param {...any} values */
  #emit(event, ...values) {
    for (const handler of [...(this.#handlers.get(event) ?? [])]) handler(...values);
  }
}
