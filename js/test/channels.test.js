import assert from "node:assert/strict";
import { test } from "node:test";
import { createKept, decodeChannels } from "../src/channels.js";
import { Malformed } from "../src/decode.js";
import { INSTEAD, METHODS } from "../src/lib/methods.js";
import { createStore } from "../src/store.js";
import { f32, FakeModel, GRID, settled } from "./fake_model.js";

/** @typedef {Record<string, any>} Bag */

const thumb = () => ({ grid: [1, 2], scale: 0.5, data: new DataView(Int8Array.of(2, -4).buffer) });

/** @param {Bag} [over] @returns {Bag} */
const view = (over = {}) => ({
  target: 0, layer: "late", variant: "gradcam", grid: GRID, count: 16, per_cell: false, rectifiers: 2, value: 3.5, total: 10,
  strongest: [7, 2], weights: f32([0.5, -1]), plain: null, sums: f32([6, -3]), dtype: "float32", scale: 1,
  data: f32([1, 1, 1, 1, 1, 1, -0.5, -0.5, -0.5, -0.5, -0.5, -0.5]), activations: [thumb(), thumb()], weight_maps: null,
  ...over,
});

/** @param {Bag} [over] */
const trait = (over) => ({ image: 1, views: [view(over)] });

const VARIANTS = ["gradcam", "eigencam"].map((id) => ({
  id, name: id, summary: "", cost: "free", relu: true, unit: "score", weights: id === "gradcam" ? "channel" : "none",
}));

test("channels are read with their maps", () => {
  const [found] = decodeChannels(trait(), 2)?.views ?? [];
  assert.deepEqual(found.channels.map(({ number, weight, sum, plain }) => [number, weight, sum, plain]),
    [[7, 0.5, 6, null], [2, -1, -3, null]]);
  assert.deepEqual([...found.channels[1].contribution.values], Array(6).fill(-0.5));
  assert.deepEqual(found.channels[0].contribution.grid, GRID);
  assert.deepEqual([...found.channels[0].activation.values], [1, -2]);
  assert.deepEqual([found.count, found.total, found.value, found.perCell], [16, 10, 3.5, false]);
  assert.equal(decodeChannels({}, 2), null);
});

test("weights by cell, and those of the standard rule", () => {
  const [cells] = decodeChannels(trait({ per_cell: true, weight_maps: [thumb(), thumb()] }), 2)?.views ?? [];
  assert.deepEqual([...(cells.channels[1].weights?.values ?? [])], [1, -2]);
  const [guided] = decodeChannels(trait({ plain: f32([1, 2]) }), 2)?.views ?? [];
  assert.deepEqual(guided.channels.map(({ plain }) => plain), [1, 2]);
  const [endless] = decodeChannels(trait({ total: null }), 2)?.views ?? [];
  assert.ok(Number.isNaN(endless.total));
});

test("what is not whole is refused, not drawn", () => {
  for (const wrong of [
    { strongest: [7, 16] }, { strongest: [7, -1] }, { strongest: "72" }, { weights: f32([1]) }, { sums: f32([1, 2, 3]) },
    { data: f32([1]) }, { activations: [thumb()] }, { target: "cat" }, { plain: f32([]) }, { weight_maps: [] }, { count: 1.5 },
  ]) {
    assert.throws(() => decodeChannels(trait(wrong), 2), Malformed, JSON.stringify(Object.keys(wrong)));
  }
  assert.throws(() => decodeChannels({ image: 1, views: null }, 2), Malformed);
});

test("the last views are kept", () => {
  const kept = createKept();
  const views = Array.from({ length: 30 }, (_, target) => decodeChannels(trait({ target }), 2)?.views[0]);
  for (const one of views) if (one) kept.keep([one]);
  assert.equal(kept.get({ target: 0, layer: "late", variant: "gradcam" }), null);
  assert.equal(kept.get({ target: 29, layer: "late", variant: "gradcam" }), views[29]);
  assert.ok(kept.some);
  kept.clear();
  assert.ok(!kept.some);
});

function setUp() {
  const model = new FakeModel({ variants: VARIANTS });
  let clock = 1000;
  return { model, store: createStore(model, { now: () => clock }), sleep: (/** @type {number} */ t) => void (clock += t) };
}

const HERE = { target: 0, layer: "late", variant: "gradcam" };

test("channels are asked once while they are shown, and not when they are here", async () => {
  const { model, store } = setUp();
  for (let i = 0; i < 5; i++) store.wish("inside", true);
  assert.deepEqual(model.requests.map(({ want }) => want), ["inside"]);
  await model.kernel({ channels: trait() });
  await model.answer(model.requests[0]);
  assert.equal(store.channels(HERE)?.total, 10);
  store.wish("inside", true);
  await settled();
  assert.equal(model.requests.length, 1);
});

test("a choice made meanwhile asks for its own channels along with its map", async () => {
  const { model, store } = setUp();
  store.wish("inside", true);
  store.select({ target: 2 });
  store.wish("inside", true);
  await model.answer(model.requests[0]);
  assert.deepEqual(model.requests.map(({ target, want }) => [target, want]), [[0, "inside"], [2, "inside"]]);
});

test("a click while the panel is not shown asks for none", () => {
  const { model, store } = setUp();
  store.wish("inside", true);
  store.wish("inside", false);
  store.select({ target: 2 });
  assert.ok(model.requests.slice(1).every(({ want }) => want === null));
});

test("variants without weights are not asked", async () => {
  const { model, store } = setUp();
  await model.kernel({ variant: "eigencam" });
  store.wish("inside", true);
  assert.equal(model.requests.length, 0);
});

test("what was lost is asked again once the wish is taken back", async () => {
  const { model, store } = setUp();
  store.wish("inside", true);
  await model.answer(model.requests[0]);
  store.wish("inside", true);
  assert.equal(model.requests.length, 1);
  store.wish("inside", false);
  store.wish("inside", true);
  assert.deepEqual(model.requests.map(({ want }) => want), ["inside", "inside"]);
});

test("another image drops them", async () => {
  const { model, store } = setUp();
  await model.kernel({ channels: trait() });
  assert.ok(store.channels(HERE) && store.holdsChannels);
  await model.kernel({ meta: { ...model.get("meta"), image: 2 } });
  assert.equal(store.channels(HERE), null);
});

test("what makes no sense is said, and nothing breaks", async () => {
  const { model, store } = setUp();
  await model.kernel({ channels: trait({ sums: f32([1]) }) });
  assert.equal(store.channels(HERE), null);
  assert.match(store.status.text, /cannot read: 4 bytes for 2 channels/);
});

test("every variant has a formula or a sentence, not both", () => {
  for (const id of Object.keys(METHODS)) assert.ok(!(id in INSTEAD), id);
  for (const { weightText, mapText, words } of Object.values(METHODS)) assert.ok(weightText && mapText && words);
});
