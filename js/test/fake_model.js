/** A host's model and a small kernel behind it, for the store's tests. */

/** @typedef {Record<string, any>} Bag */

export const GRID = [2, 3];
export const CELLS = 6;

/** @param {ArrayLike<number>} values */
export const f32 = (values) => new DataView(Float32Array.from(values).buffer);

/**
 * What a map holds in these tests, so that each can be told from the others.
 * @param {number} target
 * @param {number} [salt]
 */
export const mapValues = (target, salt = 0) => Array.from({ length: CELLS }, (_, i) => target + i / 8 + salt);

/**
 * @param {Bag} [over]
 * @returns {Bag}
 */
export function stackOf(over = {}) {
  const targets = [over.targets ?? [0, 1, 2]].flat();
  return {
    image: 1, layer: "late", variant: "gradcam", targets, grid: GRID, dtype: "float32", scale: 1,
    data: f32(targets.flatMap((t) => mapValues(t))), done: true, ms: 3, note: null, reply: null,
    ...over,
  };
}

/** @returns {Bag} */
function traits() {
  return {
    picture: new DataView(Uint8Array.of(0, 137, 80, 78, 71).buffer, 1),
    meta: { image: 1, model: "net", device: "cpu", preprocessing: "given", input: [32, 48], picture: [64, 96] },
    classes: {
      names: ["ring", "star", "bar", "dot"], scores: f32([3, 2, 1, 0]), probabilities: f32([0.6, 0.25, 0.1, 0.05]),
      unit: "logits", probability: "softmax", truth: 1,
    },
    listed: [0, 1, 2],
    layers: [
      { name: "early", grid: [4, 6], channels: 8, stage: true, kind: "conv" },
      { name: "late", grid: GRID, channels: 16, stage: true, kind: "conv" },
    ],
    variants: ["gradcam", "hirescam"].map((id) => ({
      id, name: id, summary: "", cost: "free", relu: true, unit: "score",
    })),
    stack: stackOf(),
    strip: {
      image: 1, target: 0, variant: "gradcam",
      maps: [{ layer: "early", grid: [1, 2], scale: 0.5, data: new DataView(Int8Array.of(2, -4).buffer) }],
    },
    luts: { viridis: new DataView(new ArrayBuffer(1024)), RdBu_r: new DataView(new ArrayBuffer(1024)) },
    status: { state: "ready", text: "", hint: "", reply: null },
    target: 0, layer: "late", variant: "gradcam", opacity: 0.62, colormap: "viridis", threshold: 0, sign: "positive",
    shading: "smooth", scale: "map", interpolation: "bicubic",
  };
}

/** Events come as hosts send them: all values of a message first, then one event for each that differs. */
export class FakeModel {
  /** @type {Map<string, Set<Function>>} */
  #handlers = new Map();
  /** @type {Bag[]} requests in the order sent */
  requests = [];
  saves = 0;

  /** @param {Bag} [over] */
  constructor(over = {}) {
    /** @type {Map<string, any>} */
    this.traits = new Map(Object.entries({ ...traits(), ...over }));
  }

  /** @param {string} name */
  get(name) {
    return this.traits.get(name);
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
    this.#put({ [name]: value });
  }

  save_changes() {
    this.saves += 1;
  }

  /** @param {Bag} message */
  send({ type, request }) {
    if (type === "request") this.requests.push(request);
  }

  /** @param {Bag} values */
  #put(values) {
    const differ = Object.entries(values).filter(([name, value]) => this.traits.get(name) !== value);
    for (const [name, value] of differ) this.traits.set(name, value);
    for (const [name] of differ) this.emit(`change:${name}`, this, this.traits.get(name));
  }

  /** @param {string} event @param {any[]} args */
  emit(event, ...args) {
    for (const callback of [...(this.#handlers.get(event) ?? [])]) callback(...args);
  }

  get handlerCount() {
    return [...this.#handlers.values()].reduce((sum, set) => sum + set.size, 0);
  }

  /**
   * The kernel sets traits, in one message.
   * @param {Bag} values
   */
  async kernel(values) {
    this.#put(values);
    await settled();
  }

  /**
   * The kernel answers a request as it should: the selection, and a stack that holds it.
   * @param {Bag} request
   * @param {Bag} [over]  of the stack
   */
  async answer({ nonce, seq, target, layer, variant }, over = {}) {
    const stack = stackOf({ layer, variant, targets: [0, 1, 2, target], reply: [nonce, seq], ...over });
    await this.kernel({ target, layer, variant, stack });
  }

  /**
   * @param {Bag} request
   * @param {Bag} [over]
   */
  async refuse({ nonce, seq }, over = {}) {
    await this.kernel({ status: { state: "error", text: "no", hint: "try", reply: [nonce, seq], ...over } });
  }
}

/** The part of a model that a page without a kernel has. @param {Bag} [over] */
export function staticModel(over) {
  const whole = new FakeModel(over);
  return { get: whole.get.bind(whole), on: whole.on.bind(whole), off: whole.off.bind(whole) };
}

/** Until every queued microtask has run. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));
