import assert from "node:assert/strict";
import { test } from "node:test";
import { createStore } from "../src/store.js";
import { f32, FakeModel, mapValues, settled } from "./fake_model.js";

const I8 = (/** @type {number[]} */ ...values) => new DataView(Int8Array.of(...values).buffer);

function setUp() {
  const model = new FakeModel();
  return { model, store: createStore(model, { now: () => 1000 }) };
}

/** @param {FakeModel} model */
const asked = (model) => model.requests.map(({ want, rows }) => [want, rows]);

/**
 * A row of the matrix arrives.
 * @param {FakeModel} model
 * @param {number} target
 * @param {string} variant
 */
async function arrive(model, target, variant, image = 1) {
  const maps = ["early", "late"].map((layer) => ({ target, layer, variant, grid: [1, 2], scale: 0.5 }));
  model.emit("msg:custom", { type: "thumbs", image, maps }, [I8(2, -4), I8(6, target)]);
  await settled();
}

test("what is shown and missing is asked once", async () => {
  const { model, store } = setUp();
  for (let frame = 0; frame < 3; frame++) store.wish("class rows", true);
  assert.deepEqual(asked(model), [[null, "classes"]]);
  await model.answer(model.requests[0]);
  store.wish("class rows", true);
  assert.equal(model.requests.length, 1, "it is on its way");
  for (const target of [0, 1, 2]) await arrive(model, target, "gradcam");
  store.wish("class rows", true);
  assert.equal(model.requests.length, 1);
  assert.deepEqual([...(store.thumb("early", 2, "gradcam")?.values ?? [])], [1, -2]);
  assert.deepEqual([...(store.map(2, "late", "gradcam")?.values ?? [])], mapValues(2), "a map stays what it was");
  assert.equal(store.map(2, "early", "gradcam"), null, "a thumbnail is no map");
});

test("a request of the user's takes it along, for the newer one ends it", async () => {
  const { model, store } = setUp();
  store.wish("class rows", true);
  await model.answer(model.requests[0]);
  store.select({ target: 1 });
  assert.deepEqual(asked(model), [[null, "classes"], [null, "classes"]]);
  await model.answer(model.requests[1]);
  store.wish("class rows", true);
  assert.equal(model.requests.length, 2);
});

test("what is out of sight is not asked for", async () => {
  const { model, store } = setUp();
  store.wish("variant rows", true);
  store.wish("variant rows", false);
  await model.answer(model.requests[0]);
  store.select({ target: 2 });
  assert.deepEqual(asked(model), [[null, "variants"], [null, null]]);
  await model.answer(model.requests[1]);
  store.wish("variant rows", true);
  assert.deepEqual(asked(model)[2], [null, "variants"], "back in sight, what is still missing is asked again");
});

test("another subject is asked for anew: variants of another class, classes by another variant", async () => {
  const { model, store } = setUp();
  store.wish("variant rows", true);
  await model.answer(model.requests[0]);
  for (const variant of ["gradcam", "hirescam"]) await arrive(model, 0, variant);
  store.select({ target: 1 });
  assert.deepEqual(asked(model), [[null, "variants"], [null, "variants"]]);
  await model.answer(model.requests[1]);
  await model.kernel({ target: 2, stack: { ...model.get("stack"), reply: null } });
  store.wish("variant rows", true);
  assert.deepEqual(asked(model)[2], [null, "variants"], "Python chose another class");
});

test("Python's choice ended it: it is asked again", async () => {
  const { model, store } = setUp();
  store.wish("class rows", true);
  await model.answer(model.requests[0]);
  await model.kernel({ target: 1 });
  store.wish("class rows", true);
  assert.deepEqual(asked(model), [[null, "classes"], [null, "classes"]]);
});

test("the menu is asked for beside the matrix, in one request", async () => {
  const { model, store } = setUp();
  store.wish("class rows", true);
  await model.answer(model.requests[0]);
  store.wantVariants();
  assert.deepEqual(asked(model), [[null, "classes"], ["variants", "classes"]]);
});

test("the maps of all variants may be wished for, too, and a kernel that fails is not asked for ever", async () => {
  const { model, store } = setUp();
  store.wish("variants", true);
  assert.deepEqual(asked(model), [["variants", null]]);
  await model.refuse(model.requests[0]);
  for (let frame = 0; frame < 3; frame++) store.wish("variants", true);
  assert.equal(model.requests.length, 1);
});

test("what is slow is not wished for", () => {
  const model = new FakeModel();
  const known = { name: "", summary: "", cost: "", relu: true, unit: "score" };
  model.set("variants", [{ id: "gradcam", slow: true, ...known }]);
  const store = createStore(model);
  store.wish("class rows", true);
  store.wish("variant rows", true);
  assert.equal(model.requests.length, 0);
});

test("a new image: its rows are asked for, those of the old one are left alone", async () => {
  const { model, store } = setUp();
  store.wish("class rows", true);
  await model.answer(model.requests[0]);
  await model.kernel({ meta: { ...model.get("meta"), image: 2 } });
  store.wish("class rows", true);
  assert.equal(model.requests.length, 2);
  await arrive(model, 1, "gradcam", 1);
  assert.equal(store.thumb("early", 1, "gradcam"), null);
  await arrive(model, 1, "gradcam", 2);
  assert.notEqual(store.thumb("early", 1, "gradcam"), null);
});

test("a page without a kernel wishes in vain", () => {
  const whole = new FakeModel();
  const store = createStore({ get: (name) => whole.get(name), on() {}, off() {} });
  store.wish("class rows", true);
  assert.equal(whole.requests.length, 0);
});

test("thumbnails that make no sense are said and change nothing", async () => {
  const { model, store } = setUp();
  model.emit("msg:custom", { type: "thumbs", image: 1, maps: [{ target: 1, layer: "early", variant: "gradcam", grid: [2, 3], scale: 1 }] },
    [f32([1])]);
  await settled();
  assert.equal(store.thumb("early", 1, "gradcam"), null);
  assert.match(store.status.text, /cannot read/);
});
