import assert from "node:assert/strict";
import { test } from "node:test";
import { less, rivalOf } from "../src/lib/contrast.js";
import { lessWords } from "../src/view/contrast.js";
import { createStore } from "../src/store.js";
import { CELLS, FakeModel, f32, GRID, mapValues, settled, staticModel } from "./fake_model.js";

const LINEAR = ["gradcam", "hirescam"].map((id) => ({
  id, name: id, summary: "", cost: "free", relu: true, unit: "score", linear: id === "gradcam",
}));

/** @param {Record<string, any>} [over] */
function setUp(over = {}) {
  const model = new FakeModel({ variants: LINEAR, ...over });
  let time = 1000;
  const store = createStore(model, { now: () => time });
  return { model, store, pass: (/** @type {number} */ ms) => (time += ms) };
}

/** @param {import("../src/contrasts.js").Pair | null} pair */
const sides = (pair) => [pair?.left, pair?.right].map((map) => [...(map?.values ?? [])]);

/** @param {number} a @param {number} b @param {number} gamma */
const due = (a, b, gamma) => mapValues(a).map((v, i) => Math.fround(v - gamma * mapValues(b)[i]));

/** @param {Record<string, any>} over */
const answer = (over) => [
  { type: "contrast", image: 1, target: 0, rival: 1, gamma: 0.5, layer: "late", variant: "hirescam", grid: GRID,
    dtype: "float32", scale: 1, ...over },
  [f32([...Array(CELLS).fill(3), ...Array(CELLS).fill(-4)])],
];

test("class B is what was chosen, or the first other class that is listed", () => {
  const listed = [4, 2, 7];
  assert.equal(rivalOf({ target: 4, rival: null }, listed, 9), 2);
  assert.equal(rivalOf({ target: 2, rival: null }, listed, 9), 4);
  assert.equal(rivalOf({ target: 2, rival: 2 }, listed, 9), 4);
  assert.equal(rivalOf({ target: 2, rival: 8 }, listed, 9), 8);
  for (const rival of [9, -1, 1.5, NaN]) assert.equal(rivalOf({ target: 2, rival }, listed, 9), 4);
  assert.equal(rivalOf({ target: 0, rival: null }, [0], 1), null);
  assert.equal(rivalOf({ target: 2, rival: null }, listed, 9, 7), 7, "what it should have been");
  assert.equal(rivalOf({ target: 7, rival: null }, listed, 9, 7), listed.find((t) => t !== 7));
  assert.equal(rivalOf({ target: 2, rival: 8 }, listed, 9, 7), 8);
});

test("a map less another, cell by cell; at gamma 0 it is the map itself", () => {
  const a = { values: Float32Array.of(1, -2, NaN), grid: [1, 3] };
  const b = { values: Float32Array.of(4, 4, 4), grid: [1, 3] };
  assert.deepEqual([...(less(a, b, 0.5)?.values ?? [])], [-1, -4, NaN]);
  assert.equal(less(a, b, 0), a);
  assert.equal(less(a, { ...b, grid: [3, 1] }, 1), null);
});

test("words of a contrast", () => {
  assert.equal(lessWords("star", "ring", 1), "star − 1.00 × ring");
  assert.equal(lessWords("star", "ring", 0), "star");
});

test("of a linear variant both sides are worked out here, and nobody is asked", async () => {
  const { model, store } = setUp();
  assert.equal(store.rival, null, "none is drawn");
  store.set("contrast", "swipe");
  store.set("rival", 2);
  store.set("gamma", 0.5, { commit: false });
  await settled();
  const pair = store.contrast(store.shown);
  assert.deepEqual(sides(pair), [due(0, 2, 0.5), due(2, 0, 0.5)]);
  assert.equal(pair?.exact, true);
  assert.equal(store.contrast(store.shown)?.left, pair?.left, "the same object for the same map");
  assert.equal(model.requests.length, 0);
  assert.equal(store.owed, null);
  assert.deepEqual([model.get("contrast"), model.get("rival"), model.get("gamma")], ["swipe", 2, undefined]);
});

test("it works in a page without a kernel, too", () => {
  const store = createStore(staticModel({ variants: LINEAR, contrast: "swipe", rival: 2, gamma: 2 }));
  assert.deepEqual(sides(store.contrast(store.shown)), [due(0, 2, 2), due(2, 0, 2)]);
});

test("Python may take the rival and the limit back", async () => {
  const { model, store } = setUp({ contrast: "swipe", rival: 2, limit: 3 });
  assert.deepEqual([store.rival, store.view.limit], [2, 3]);
  await model.kernel({ rival: null, limit: null });
  assert.deepEqual([store.rival, store.view.limit], [1, null]);
});

test("a class that is not here is asked for, once, without being chosen", async () => {
  const { model, store } = setUp();
  store.set("contrast", "swipe");
  store.set("rival", 3);
  await settled();
  assert.equal(model.requests.length, 1);
  const { contrast, target } = model.requests[0];
  assert.deepEqual([target, contrast], [0, { rival: 3, gamma: 1 }]);
  assert.equal(store.contrast(store.shown), null);
  assert.equal(store.owed, 1000);
  model.emit("msg:custom", { type: "maps", image: 1, maps: [{ target: 3, layer: "late", variant: "gradcam", grid: GRID,
    dtype: "float32", scale: 1 }] }, [f32(mapValues(3))]);
  await settled();
  assert.deepEqual(sides(store.contrast(store.shown))[0], due(0, 3, 1));
  assert.equal(store.owed, null);
  assert.equal(model.requests.length, 1);
});

/** With the contrast of a variant that is not linear on screen. */
async function notLinear() {
  const made = setUp({ variant: "hirescam", stack: undefined });
  await made.model.kernel({ stack: { ...new FakeModel().get("stack"), variant: "hirescam" } });
  made.store.set("contrast", "swipe");
  made.store.set("gamma", 0.5);
  await settled();
  return made;
}

test("of the others the kernel is asked; until it answers, both maps are drawn as they are", async () => {
  const { model, store } = await notLinear();
  assert.deepEqual(model.requests[0].contrast, { rival: 1, gamma: 0.5 });
  const first = store.contrast(store.shown);
  assert.deepEqual([first?.gamma, first?.exact], [0, false]);
  assert.deepEqual(sides(first), [mapValues(0), mapValues(1)]);
  model.emit("msg:custom", ...answer({}));
  const pair = store.contrast(store.shown);
  assert.deepEqual(sides(pair), [Array(CELLS).fill(3), Array(CELLS).fill(-4)]);
  assert.equal(pair?.exact, true);
});

test("while the next one is made, the last one stays", async () => {
  const { model, store } = await notLinear();
  model.emit("msg:custom", ...answer({}));
  store.contrast(store.shown);
  await model.kernel({ status: { state: "ready", text: "", hint: "", reply: [model.requests[0].nonce, 1] } });
  store.set("gamma", 0.75, { commit: false });
  await settled();
  assert.deepEqual(model.requests[1].contrast, { rival: 1, gamma: 0.75 });
  const pair = store.contrast(store.shown);
  assert.deepEqual([pair?.gamma, pair?.exact, pair?.left.values[0]], [0.5, false, 3]);
  store.set("gamma", 1, { commit: false });
  store.set("gamma", 1.25, { commit: false });
  await settled();
  assert.equal(model.requests.length, 2, "one in flight");
  await model.kernel({ status: { state: "ready", text: "", hint: "", reply: [model.requests[0].nonce, 2] } });
  assert.deepEqual(model.requests[2].contrast, { rival: 1, gamma: 1.25 }, "the newest waits");
  store.cancel();
  assert.equal(store.view.gamma, 0.5, "back to what is drawn");
  await settled();
  assert.equal(store.owed, null);
});

test("A and B change places without asking for what nobody wants", async () => {
  const { model, store } = await notLinear();
  model.emit("msg:custom", ...answer({}));
  store.set("rival", store.view.target);
  store.select({ target: 1 });
  await settled();
  assert.deepEqual(sides(store.contrast(store.shown)), [Array(CELLS).fill(-4), Array(CELLS).fill(3)]);
  for (const { contrast } of model.requests.slice(1)) assert.equal(contrast, null);
});

test("an answer that makes no sense, or belongs to another image, changes nothing", async () => {
  const { model, store } = await notLinear();
  model.emit("msg:custom", ...answer({ image: 2 }));
  assert.equal(store.contrast(store.shown)?.exact, false);
  for (const over of [{ gamma: "x" }, { rival: null }, { grid: [9, 9] }, { layer: 3 }]) {
    model.emit("msg:custom", ...answer(over));
    assert.equal(store.contrast(store.shown)?.exact, false);
    assert.equal(store.status.state, "error");
    assert.equal(store.owed, null, "what failed is not waited for");
  }
});

test("a new image forgets what the kernel made", async () => {
  const { model, store } = await notLinear();
  model.emit("msg:custom", ...answer({}));
  store.contrast(store.shown);
  await model.kernel({ meta: { ...model.get("meta"), image: 2 } });
  assert.equal(store.contrast(store.shown), null);
});
