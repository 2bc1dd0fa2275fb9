import assert from "node:assert/strict";
import { test } from "node:test";
import { createStore } from "../src/store.js";
import { FakeModel, settled, stackOf, staticModel } from "./fake_model.js";

const BOX = /** @type {const} */ ([1, 2, 30, 20]);

/** @param {any} store */
const where = ({ view: { target, layer, region } }) => [target, layer, region];

test("a region is here at once, and in the kernel when it is let go", async () => {
  const model = new FakeModel({ region: null });
  const store = createStore(model);
  assert.equal(store.view.region, null);
  store.set("region", BOX);
  assert.deepEqual([store.view.region, model.get("region"), model.saves], [BOX, BOX, 1]);
  assert.equal(model.requests.length, 0, "no map is asked for");
  await model.kernel({ region: null });
  assert.equal(store.view.region, null, "the kernel takes it away");
  await model.kernel({ region: [...BOX] });
  assert.deepEqual(store.view.region, BOX);
});

test("back and forward go through class, layer and region, and the kernel is told in one request", async () => {
  const model = new FakeModel({ region: null });
  const store = createStore(model);
  assert.ok(!store.canTravel(-1) && !store.canTravel(1));
  store.select({ target: 1 });
  await model.answer(model.requests[0]);
  store.set("region", BOX);
  store.travel(-1);
  assert.deepEqual(where(store), [1, "late", null]);
  assert.deepEqual(model.requests[1].visit, { region: null, at: 1 });
  assert.ok(store.canTravel(1));
  await model.answer(model.requests[1]);
  store.travel(-1);
  assert.deepEqual(where(store), [0, "late", null]);
  assert.ok(!store.canTravel(-1));
  await model.answer(model.requests[2]);
  store.travel(2);
  assert.deepEqual(where(store), [1, "late", BOX]);
  assert.deepEqual(model.requests[3].visit, { region: BOX, at: 2 });
  assert.equal(model.saves, 1, "what was gone to travels with the request");
});

test("while the kernel is busy all that was seen can be gone back to", () => {
  const model = new FakeModel();
  const store = createStore(model);
  store.select({ target: 1 });
  store.set("region", BOX);
  store.select({ target: 2 });
  store.travel(-1);
  store.travel(-1);
  assert.deepEqual(where(store), [1, "late", null]);
  assert.equal(model.requests.length, 1, "one is out");
});

test("a click after going back, before the kernel heard of it, takes the settings along", async () => {
  const model = new FakeModel({ region: null });
  const store = createStore(model);
  store.set("region", BOX);
  store.select({ target: 1 }); // out, and not yet answered
  store.travel(-2);
  store.select({ target: 2 });
  assert.deepEqual(where(store), [2, "late", null]);
  await model.answer(model.requests[0]);
  assert.deepEqual([model.requests[1].target, model.requests[1].visit], [2, { region: null, at: null }]);
  // and one that is on its way must not overtake a region that is drawn meanwhile
  await model.answer(model.requests[1]);
  store.travel(-1);
  store.set("region", [5, 5, 9, 9]);
  await model.answer(model.requests[2], {});
  assert.deepEqual(model.requests[3].visit, { region: [5, 5, 9, 9], at: null });
});

test("the kernel's list is adopted when all is settled", async () => {
  const model = new FakeModel({ region: null });
  const store = createStore(model);
  const trail = { at: 1, states: [[2, "late", "gradcam", null, []], [1, "late", "gradcam", null, []]] };
  store.select({ target: 1 });
  await model.kernel({ visited: trail });
  assert.ok(store.canTravel(-1));
  await model.answer(model.requests[0]);
  store.travel(-1);
  assert.equal(store.view.target, 2, "the kernel had been elsewhere");
  await model.answer(model.requests[1]);
  const python = { at: 0, states: [[0, "late", "gradcam", null, []]] };
  await model.kernel({ target: 0, visited: python });
  assert.ok(!store.canTravel(-1) && !store.canTravel(1));
});

test("what the kernel refuses is no place to go back to", async () => {
  const model = new FakeModel({ region: null, visited: { at: 0, states: [[0, "late", "gradcam", null, []]] } });
  const store = createStore(model);
  store.select({ layer: "early" });
  await model.refuse(model.requests[0]);
  assert.equal(store.view.layer, "late");
  assert.ok(!store.canTravel(-1) && !store.canTravel(1));
});

test("a page without a kernel has regions and goes back to what it holds", async () => {
  const store = createStore(staticModel({ visited: { at: 0, states: [[3, "late", "gradcam", null, []]] }, target: 0 }));
  store.set("region", BOX);
  store.select({ target: 2 });
  store.select({ target: 3 }); // is not here
  assert.deepEqual(where(store), [2, "late", BOX]);
  store.travel(-1);
  store.travel(-1);
  assert.deepEqual(where(store), [0, "late", null]);
  store.travel(2);
  assert.deepEqual(where(store), [2, "late", BOX]);
  await settled();
});

test("evidence in a region is summed over the maps that are here", () => {
  const store = createStore(new FakeModel({ stack: stackOf({ targets: [0, 2] }) }));
  const sums = store.seen("late", "gradcam").sum(Float64Array.of(1, 0.5, 0, 0, 0, 0));
  assert.deepEqual([...sums].map((v) => (Number.isNaN(v) ? null : v)), [0 + 0.0625, null, 2 + 0.5 * 2.125, null]);
});

test("a stroke is one state, however many points it had on the way, and undo takes it off", async () => {
  const model = new FakeModel({ region: null });
  const store = createStore(model);
  /** @param {number} x @returns {any} */
  const dot = (x) => ({ tool: "stroke", mode: "cover", fill: "mean", points: [[x, 1]], radius: 2 });
  store.paint([dot(1)]);
  store.paint([dot(2)]);
  assert.ok(!store.canTravel(-1), "it is not done yet");
  await model.answer(model.requests[0]);
  store.painted();
  assert.ok(store.canTravel(-1));
  const { requests } = model;
  assert.equal(requests[1].visit, null);
  await model.answer(requests[1]);
  assert.deepEqual(requests[2].visit, { region: null, at: null });
  await model.kernel({ edited: { edits: [dot(2)], covered: 0.1, data: new DataView(new ArrayBuffer(1)) } });
  await model.answer(requests[2]);
  store.painted();
  store.travel(-1);
  assert.deepEqual(store.edits, []);
  const last = requests[requests.length - 1];
  assert.deepEqual([last.edits, last.visit], [[], { region: null, at: 0 }]);
});
