import assert from "node:assert/strict";
import { test } from "node:test";
import { strokeAt } from "../src/lib/edits.js";
import { MOST_EDITS } from "../src/protocol.js";
import { createStore } from "../src/store.js";
import { f32, FakeModel, mapValues, stackOf, staticModel } from "./fake_model.js";

const dot = (/** @type {number} */ x) => strokeAt([x, 5], 3, { mode: "cover", fill: "mean" });
const meta = (/** @type {number} */ image) =>
  ({ image, model: "net", device: "cpu", preprocessing: "given", input: [32, 48], picture: [64, 96] });
const edited = (/** @type {any[]} */ edits) => (edits.length ? { edits, covered: 0.1, data: new DataView(new ArrayBuffer(4)) } : {});

function setUp() {
  const model = new FakeModel();
  let clock = 1000;
  const store = createStore(model, { now: () => clock });
  let image = 1;
  /** The kernel looks at what a request says, and answers. @param {any} request */
  const answer = async (request) => {
    image += 1;
    if (request.edits) await model.kernel({ edited: edited(request.edits), meta: meta(image) });
    await model.answer(request, { image });
  };
  return { model, store, answer, sleep: (/** @type {number} */ t) => void (clock += t) };
}

test("a stroke is here at once, goes out whole, and waits for its answer", async () => {
  const { model, store, answer } = setUp();
  assert.deepEqual(store.edits, []);
  assert.equal(store.paint([dot(1)]), true);
  assert.deepEqual(store.edits, [dot(1)]);
  assert.deepEqual(model.requests[0].edits, [dot(1)]);
  assert.equal(store.waiting?.edits, true);
  await answer(model.requests[0]);
  assert.deepEqual(store.edits, [dot(1)]);
  assert.equal(store.waiting, null);
  store.select({ target: 1 });
  assert.equal(model.requests[1].edits, null, "the kernel has them");
});

test("while one is out the newest waits; those between are never sent", async () => {
  const { model, store, answer } = setUp();
  for (const x of [1, 2, 3, 4]) store.paint([dot(x)]);
  assert.equal(model.requests.length, 1);
  await answer(model.requests[0]);
  assert.deepEqual(store.edits, [dot(4)], "the answer to the first does not take the newest back");
  assert.deepEqual(model.requests.map((r) => r.edits), [[dot(1)], [dot(4)]]);
  await answer(model.requests[1]);
  assert.equal(model.requests.length, 2);
  assert.equal(store.waiting, null);
});

test("what is taken back before it was answered is taken back in the kernel too", async () => {
  const { model, store, answer } = setUp();
  store.paint([dot(1)]);
  store.paint([]);
  await answer(model.requests[0]);
  assert.deepEqual(model.requests[1].edits, []);
  await answer(model.requests[1]);
  assert.deepEqual(store.edits, []);
  store.paint([dot(2)]);
  store.cancel();
  assert.deepEqual(store.edits, []);
  await answer(model.requests[2]);
  assert.deepEqual(model.requests[3].edits, []);
});

test("a refused stroke goes, and the last good ones stay", async () => {
  const { model, store, answer } = setUp();
  store.paint([dot(1)]);
  await answer(model.requests[0]);
  store.paint([dot(1), dot(2)]);
  await model.refuse(model.requests[1]);
  assert.deepEqual(store.edits, [dot(1)]);
  assert.equal(store.status.state, "error");
  assert.equal(store.waiting, null);
});

test("Python's strokes are taken over, but not while the user's are out", async () => {
  const { model, store, answer } = setUp();
  await model.kernel({ edited: edited([dot(9)]) });
  assert.deepEqual(store.edits, [dot(9)]);
  store.paint([dot(1)]);
  await model.kernel({ edited: edited([dot(8)]) });
  assert.deepEqual(store.edits, [dot(1)]);
  await answer(model.requests[0]);
  assert.deepEqual(store.edits, [dot(1)]);
});

test("the map before is drawn until the new image's is here", async () => {
  const { model, store } = setUp();
  const first = store.lasting(store.shown);
  assert.ok(first);
  await model.kernel({ edited: edited([dot(1)]), meta: meta(2) });
  assert.equal(store.map(), null);
  assert.equal(store.lasting(store.shown), first);
  assert.equal(store.lasting({ ...store.shown, target: 3 }), null, "only what was drawn");
  await model.kernel({ stack: stackOf({ image: 2, data: f32([0, 1, 2].flatMap((t) => mapValues(t, 7))) }) });
  assert.deepEqual([...(store.lasting(store.shown)?.values ?? [])], mapValues(0, 7));
});

test("what the classes were before", async () => {
  const { model, store } = setUp();
  assert.equal(store.classes.before, null);
  const classes = model.get("classes");
  await model.kernel({ classes: { ...classes, before: f32([0.1, 0.2, 0.3, 0.4]) } });
  assert.deepEqual([...(store.classes.before ?? [])], [...Float32Array.from([0.1, 0.2, 0.3, 0.4])]);
  await model.kernel({ classes: { ...classes, before: f32([1]) } });
  assert.equal(store.classes.before, null);
});

test("without a kernel, or with too many, nothing is painted and it is said", async () => {
  const still = createStore(/** @type {any} */ (staticModel({ edited: edited([dot(3)]) })));
  assert.deepEqual(still.edits, [dot(3)], "a page shows what was painted when it was saved");
  assert.equal(still.paint([]), false);
  assert.deepEqual(still.edits, [dot(3)]);
  assert.equal(still.status.text, "Poking needs a kernel.");
  const { model, store } = setUp();
  assert.equal(store.paint(new Array(MOST_EDITS + 1).fill(dot(1))), false);
  assert.match(store.status.text, /No more strokes/);
  assert.equal(model.requests.length, 0);
});

test("a kernel that is gone leaves nothing painted that it never saw", () => {
  const { model, store } = setUp();
  model.send = () => {
    throw new Error("dead");
  };
  store.paint([dot(1)]);
  assert.deepEqual(store.edits, []);
  assert.equal(store.status.state, "error");
  assert.equal(store.waiting, null);
});
