/** Stacks of all classes, and maps that come unasked: what the page has, it does not ask for. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createStore } from "../src/store.js";
import { CELLS, f32, FakeModel, GRID, mapValues, settled, stackOf, staticModel } from "./fake_model.js";

const CLASSES = 4;

/** All classes in float16, as the kernel sends them; values a little coarser than the float32 ones. */
const wholeOf = (/** @type {Record<string, any>} */ over = {}) => {
  const ones = { length: CLASSES * CELLS };
  const halves = Uint16Array.from(ones, (_, i) => 0x3c00 + 16 * Math.floor(i / CELLS) + (i % CELLS));
  return { ...stackOf(), targets: null, dtype: "float16", data: new DataView(halves.buffer), ...over };
};

/** What `wholeOf` holds: 1 + target / 64 + cell / 1024. */
const wholeValues = (/** @type {number} */ t) => Array.from({ length: CELLS }, (_, i) => 1 + t / 64 + i / 1024);

/** @param {{values: Float32Array} | null} map */
const values = (map) => (map ? [...map.values] : null);

/**
 * @param {Array<[number, string, string]>} selections
 * @param {number} [image]
 */
const loose = (selections, image = 1) => /** @type {const} */ ([
  { type: "maps", image, maps: selections.map(([target, layer, variant]) => (
    { target, layer, variant, grid: GRID, dtype: "float32", scale: 1 })) },
  selections.map(([target]) => f32(mapValues(target, 7))),
]);

test("every class is here, and a map that was here stays the same object", async () => {
  const model = new FakeModel();
  const store = createStore(model);
  const before = [0, 1, 2].map((t) => store.map(t));
  assert.equal(store.map(3), null);
  await model.kernel({ stack: wholeOf() });
  assert.deepEqual([0, 1, 2].map((t) => store.map(t)), before);
  for (const t of [0, 1, 2]) assert.equal(store.map(t), before[t]);
  assert.deepEqual(values(store.map(3)), wholeValues(3));
  assert.equal(store.map(3), store.map(3));
  assert.equal(store.map(4), null, "there is no such class");
  assert.equal(store.waiting, null);
});

test("the cells read across the classes are those that the picture shows", async () => {
  const model = new FakeModel();
  const store = createStore(model);
  const few = store.seen("late", "gradcam");
  assert.equal(few.count, 3);
  assert.deepEqual([...few.at(2)], [0.25, 1.25, 2.25, NaN]);
  await model.kernel({ stack: wholeOf() });
  const all = store.seen("late", "gradcam");
  assert.equal(all.count, 4);
  for (const cell of [0, 5]) assert.deepEqual([...all.at(cell)], [0, 1, 2, 3].map((t) => store.map(t)?.values[cell]));
  assert.equal(store.seen("early", "gradcam").count, 0);
});

test("later stacks and messages do not change what is shown", async () => {
  const model = new FakeModel({ stack: wholeOf() });
  const store = createStore(model);
  const shown = [0, 1, 2, 3].map((t) => store.map(t));
  await model.kernel({ stack: stackOf({ data: f32(new Array(18).fill(9)) }) });
  model.emit("msg:custom", ...loose([[1, "late", "gradcam"]]));
  await model.kernel({ stack: wholeOf({ scale: 5 }) });
  for (const t of [0, 1, 2, 3]) assert.equal(store.map(t), shown[t]);
  assert.deepEqual(values(store.map(1)), wholeValues(1));
});

test("a class that is not listed: shown at once, one request, nothing waits for the answer", async () => {
  const model = new FakeModel({ stack: wholeOf() });
  const store = createStore(model);
  store.select({ target: 3 });
  assert.deepEqual(store.shown, { target: 3, layer: "late", variant: "gradcam" });
  assert.equal(store.waiting, null);
  assert.deepEqual(model.requests.map(({ target, whole }) => [target, whole]), [[3, true]]);
  const map = store.map();
  const { nonce, seq } = model.requests[0];
  const answer = stackOf({ targets: [0, 1, 2, 3], reply: [nonce, seq] });
  await model.kernel({ listed: [0, 1, 2, 3], target: 3, stack: answer });
  assert.equal(store.map(), map, "the picture does not change when the answer comes");
  assert.equal(model.requests.length, 1);
});

test("a stack of all classes may be the answer itself", async () => {
  const model = new FakeModel();
  const store = createStore(model);
  store.select({ target: 3 });
  assert.equal(store.waiting?.target, 3);
  const { nonce, seq, whole } = model.requests[0];
  assert.equal(whole, false);
  await model.kernel({ target: 3, stack: wholeOf({ reply: [nonce, seq] }) });
  assert.equal(store.shown.target, 3);
  assert.equal(store.waiting, null);
  store.select({ target: 1 });
  assert.equal(model.requests[1].seq, 2, "the gate is free");
});

test("`whole` is said of the layer and variant that are asked for", async () => {
  const model = new FakeModel({ stack: wholeOf() });
  const store = createStore(model);
  store.select({ layer: "early" });
  await model.answer(model.requests[0]);
  store.select({ target: 1 });
  await model.answer(model.requests[1]);
  store.select({ layer: "late" });
  assert.deepEqual(model.requests.map(({ layer, whole }) => [layer, whole]),
    [["early", false], ["early", false], ["late", true]]);
});

test("what was dropped for want of room is not said to be here", async () => {
  const size = CLASSES * (4 * CELLS + 256);
  const model = new FakeModel({ stack: wholeOf(), strip: {} });
  const store = createStore(model, { cacheBytes: size + 280 });
  assert.ok(store.map(3), "it fits");
  await model.kernel({ stack: stackOf({ layer: "early", targets: [0, 1] }) });
  assert.equal(store.map(3), null, "it went in one piece, and first");
  assert.equal(store.map(0), null);
  store.select({ target: 2 });
  assert.equal(model.requests[0].whole, false);
  await model.kernel({ stack: wholeOf({ reply: [model.requests[0].nonce, 1] }), target: 2 });
  assert.equal(store.shown.target, 2);
});

test("a new image has no classes yet", async () => {
  const model = new FakeModel({ stack: wholeOf() });
  const store = createStore(model);
  await model.kernel({ meta: { ...model.get("meta"), image: 2 } });
  assert.equal(store.map(3), null);
  store.select({ target: 3 });
  assert.equal(model.requests[0].whole, false);
  await model.kernel({ stack: wholeOf({ image: 2 }) });
  assert.deepEqual(values(store.map(3)), wholeValues(3));
});

test("a layer that came unasked: shown at once, and the rest of the listed classes follow", async () => {
  const model = new FakeModel();
  const store = createStore(model);
  model.emit("msg:custom", ...loose([[0, "early", "gradcam"], [0, "early", "hirescam"], [0, "late", "hirescam"]]));
  await settled();
  store.select({ layer: "early" });
  const map = store.map();
  assert.deepEqual(store.shown, { target: 0, layer: "early", variant: "gradcam" });
  assert.deepEqual(values(map), mapValues(0, 7));
  assert.equal(store.waiting, null);
  assert.equal(store.map(1), null);
  const { nonce, seq } = model.requests[0];
  const reply = [nonce, seq];
  await model.kernel({ layer: "early", stack: stackOf({ layer: "early", targets: [0], done: false, reply }) });
  assert.equal(store.map(), map);
  await model.kernel({ stack: stackOf({ layer: "early", reply }) });
  assert.equal(store.map(), map, "no second picture for the same thing");
  assert.deepEqual(values(store.map(2)), mapValues(2));
  store.select({ variant: "hirescam" });
  assert.equal(store.shown.variant, "hirescam");
});

test("variants that came unasked are not asked for", async () => {
  const model = new FakeModel();
  const store = createStore(model);
  model.emit("msg:custom", ...loose([[0, "late", "hirescam"]]));
  await settled();
  store.wantVariants();
  assert.equal(model.requests.length, 0);
});

test("a saved notebook without a kernel: every class answers", async () => {
  const { get, on, off } = staticModel();
  const store = createStore({ get: (name) => (name === "stack" ? wholeOf() : get(name)), on, off });
  for (const target of [3, 1, 0, 2]) {
    store.select({ target });
    await settled();
    assert.equal(store.shown.target, target);
    assert.deepEqual(values(store.map()), wholeValues(target));
    assert.equal(store.status.state, "ready");
    assert.equal(store.waiting, null);
  }
  assert.equal(store.seen("late", "gradcam").count, CLASSES);
});
