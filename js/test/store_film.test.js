import assert from "node:assert/strict";
import { test } from "node:test";
import { createStore } from "../src/store.js";
import { FakeModel, mapValues, stackOf, staticModel } from "./fake_model.js";

const REEL = {
  truth: [0, 1, 1, 1], called: [0, 1, 2, null], probability: [0.6, 0.5, 0.5, null], faults: [false, false, false, false],
};

/** @param {Record<string, any>} [over] */
const filmModel = (over) => new FakeModel({ reel: REEL, index: 0, ...over });

/**
 * The kernel looks at a picture: what it recorded comes in one message, the maps in another.
 * @param {FakeModel} model
 * @param {Record<string, any>} request
 * @param {{image: number, target?: number, over?: Record<string, any>}} of
 */
async function develop(model, { nonce, seq, index, layer, variant, target: before }, { image, target = before, over }) {
  await model.kernel({ index });
  await model.kernel({ meta: { ...model.get("meta"), image, index }, target });
  const stack = stackOf({ image, layer, variant, reply: [nonce, seq], ...over });
  await model.kernel({ stack });
}

test("another picture is asked for, and the one on screen stays until its maps are here", async () => {
  const model = filmModel();
  const store = createStore(model);
  store.look(2);
  assert.equal(store.index, 2);
  assert.equal(store.meta.index, 0);
  assert.deepEqual(model.requests.map(({ index, target }) => [index, target]), [[2, 0]]);
  assert.equal(store.waiting?.target, 0);
  assert.equal(store.map()?.values[0], mapValues(0)[0], "its maps are still those of the picture on screen");
  await develop(model, model.requests[0], { image: 2, target: 2 });
  assert.deepEqual([store.index, store.goal, store.meta.index, store.view.target, store.shown.target], [2, null, 2, 2, 2]);
  assert.equal(store.waiting, null);
  assert.equal(model.requests.length, 1);
});

test("an arrow key that is held asks for the first picture and for the last one", async () => {
  const model = filmModel();
  const store = createStore(model);
  for (const index of [1, 2, 3]) store.look(index);
  assert.equal(store.index, 3);
  assert.equal(model.requests.length, 1);
  await develop(model, model.requests[0], { image: 2, target: 1 });
  assert.deepEqual(model.requests.map(({ index, target }) => [index, target]), [[1, 0], [3, 1]]);
  assert.equal(store.index, 3, "the kernel's 1 is no longer wanted");
  await develop(model, model.requests[1], { image: 3 });
  assert.deepEqual([store.index, store.meta.index, model.requests.length], [3, 3, 2]);
});

test("a class that is chosen on the way goes with the picture, and so does one that is not answered yet", async () => {
  const model = filmModel();
  const store = createStore(model);
  store.look(1);
  store.look(2);
  store.select({ target: 3 });
  await develop(model, model.requests[0], { image: 2, target: 1 });
  assert.deepEqual([model.requests[1].index, model.requests[1].target], [2, 3]);
  await develop(model, model.requests[1], { image: 3, target: 3, over: { targets: [3] } });
  assert.equal(store.shown.target, 3);
  store.select({ target: 2 });
  store.look(0);
  await model.kernel({ stack: stackOf({ image: 3, targets: [2], reply: [model.requests[2].nonce, 3] }), target: 2 });
  assert.deepEqual([model.requests[3].index, model.requests[3].target], [0, 2]);
});

test("a picture that fails leaves the one on screen", async () => {
  const model = filmModel();
  const store = createStore(model);
  store.look(2);
  await model.kernel({ index: 2 });
  await model.kernel({ index: 0 });
  await model.refuse(model.requests[0]);
  assert.deepEqual([store.index, store.goal, store.status.text, store.waiting], [0, null, "no", null]);
  assert.equal(store.map()?.values[0], mapValues(0)[0]);
});

test("Python may choose the picture", async () => {
  const model = filmModel();
  const store = createStore(model);
  await model.kernel({ index: 1 });
  assert.equal(store.index, 1);
  await model.kernel({ meta: { ...model.get("meta"), image: 2, index: 1 }, target: 1, stack: stackOf({ image: 2 }) });
  assert.deepEqual([store.meta.index, store.shown.target, model.requests.length], [1, 1, 0]);
});

test("giving up goes back to the picture on screen, in the kernel too", async () => {
  const model = filmModel();
  const store = createStore(model);
  store.look(2);
  store.cancel();
  assert.equal(store.index, 0);
  await develop(model, model.requests[0], { image: 2 });
  assert.deepEqual(model.requests.map(({ index }) => index), [2, 0]);
});

test("what is no picture of the film, or the one that is chosen, asks nothing", () => {
  const model = filmModel();
  const store = createStore(model);
  for (const index of [0, -1, 4, 1.5, NaN]) store.look(index);
  assert.equal(model.requests.length, 0);
  assert.equal(createStore(new FakeModel()).index, 0);
});

test("a page without a kernel says so and stays", () => {
  const store = createStore(staticModel({ reel: REEL, index: 0 }));
  store.look(1);
  assert.deepEqual([store.index, store.goal], [0, null]);
  assert.match(store.status.text, /not in this page/);
});

test("a film that makes no sense is said and not shown", async () => {
  const model = filmModel();
  const store = createStore(model);
  await model.kernel({ reel: { ...REEL, called: [0] } });
  assert.match(store.status.text, /lists differ in length/);
  assert.deepEqual(store.reel, REEL);
});

test("where one has been is of one picture: the kernel's list of the new one is taken", async () => {
  const model = filmModel({ visited: { at: 0, states: [[0, "late", "gradcam", null, []]] } });
  const store = createStore(model);
  store.select({ target: 1 });
  await model.kernel({ target: 1, status: { state: "ready", text: "", hint: "", reply: [model.requests[0].nonce, 1] } });
  assert.ok(store.canTravel(-1));
  store.look(2);
  const { nonce, seq, layer, variant } = model.requests[1];
  await model.kernel({
    index: 2, meta: { ...model.get("meta"), image: 2, index: 2 }, target: 2,
    visited: { at: 0, states: [[2, "late", "gradcam", null, []]] },
  });
  await model.kernel({ stack: stackOf({ image: 2, layer, variant, reply: [nonce, seq] }) });
  assert.deepEqual([store.index, store.view.target, store.canTravel(-1)], [2, 2, false]);
});
