import assert from "node:assert/strict";
import { test } from "node:test";
import { REQUEST_KEYS } from "../src/protocol.js";
import { f32, stackOf } from "./fake_model.js";
import { setUp, short } from "./fake_store.js";

test("a map that is here is shown in the same frame, and the kernel follows", () => {
  const { model, store } = setUp();
  store.select({ target: 1 });
  assert.equal(short(store.view), "1 late gradcam");
  assert.equal(short(store.shown), "1 late gradcam");
  assert.equal(store.waiting, null);
  assert.deepEqual(Object.keys(model.requests[0]), [...REQUEST_KEYS]);
  const { nonce, ...rest } = model.requests[0];
  assert.equal(typeof nonce, "string");
  assert.deepEqual(rest, {
    seq: 1, target: 1, layer: "late", variant: "gradcam", keep: false, want: null, rows: null, tests: false, whole: false, visit: null,
    edits: null, contrast: null, index: 0,
  });
  assert.equal(model.get("target"), 0, "the scalar traits are the kernel's to set");
});

test("choosing what is chosen asks nothing", () => {
  const { model, store } = setUp();
  store.select({ target: 0 });
  store.select({});
  assert.equal(model.requests.length, 0);
});

test("a map that is not here: the last picture stays until it comes", async () => {
  const { model, store } = setUp();
  store.select({ layer: "early" });
  assert.equal(short(store.view), "0 early gradcam");
  assert.equal(short(store.shown), "0 late gradcam");
  assert.deepEqual(store.waiting, { target: 0, layer: "early", variant: "gradcam", since: 1000 });
  await model.answer(model.requests[0]);
  assert.equal(short(store.shown), "0 early gradcam");
  assert.equal(store.waiting, null);
});

test("one request in flight, the newest waits", async () => {
  const { model, store } = setUp();
  store.select({ target: 1 });
  for (const target of [2, 0, 3]) store.select({ target });
  assert.equal(model.requests.length, 1);
  await model.answer(model.requests[0]);
  assert.deepEqual(model.requests.map((r) => r.target), [1, 3]);
  assert.deepEqual(model.requests.map((r) => r.seq), [1, 2]);
  assert.equal(store.view.target, 3, "the kernel's 1 is no longer wanted");
  await model.answer(model.requests[1]);
  assert.equal(model.requests.length, 2);
  assert.equal(short(store.shown), "3 late gradcam");
});

test("answers to others, to older requests or in the wrong form free nothing", async () => {
  const { model, store } = setUp();
  store.select({ target: 1 });
  await model.answer(model.requests[0]);
  store.select({ target: 2 });
  store.select({ target: 3 });
  const [{ nonce }] = model.requests;
  for (const reply of [null, ["other page", 2], [nonce, 1], [nonce], [nonce, "2"], "x"]) {
    await model.kernel({ stack: stackOf({ reply }) });
    assert.equal(model.requests.length, 2);
  }
  await model.kernel({ stack: stackOf({ reply: [nonce, 2] }) });
  assert.equal(model.requests.length, 3);
});

test("a status that is no error answers too", async () => {
  const { model, store } = setUp();
  store.select({ target: 1 });
  store.select({ target: 2 });
  const { nonce, seq } = model.requests[0];
  await model.kernel({ status: { state: "warning", text: "blank", hint: "", reply: [nonce, seq] } });
  assert.equal(model.requests.length, 2);
  assert.equal(store.status.text, "blank");
});

test("an error goes back to what is shown and is said", async () => {
  const { model, store } = setUp();
  store.select({ layer: "early" });
  await model.refuse(model.requests[0]);
  assert.equal(short(store.view), "0 late gradcam");
  assert.equal(store.waiting, null);
  assert.deepEqual(store.status, { state: "error", text: "no", hint: "try", about: null });
  store.select({ layer: "early" });
  assert.equal(model.requests.length, 2, "the user may try again");
});

test("an error to an overtaken request leaves the newer one alone", async () => {
  const { model, store } = setUp();
  store.select({ layer: "early" });
  store.select({ variant: "hirescam" });
  await model.refuse(model.requests[0]);
  assert.equal(short(store.view), "0 early hirescam");
  assert.equal(short(/** @type {any} */ (model.requests[1])), "0 early hirescam");
  assert.equal(store.waiting?.variant, "hirescam");
});

test("an answer that cannot be read frees the gate and goes back", async () => {
  const { model, store } = setUp();
  store.select({ layer: "early" });
  const { nonce, seq } = model.requests[0];
  await model.kernel({ stack: stackOf({ layer: "early", data: f32([1]), reply: [nonce, seq] }), layer: "early" });
  assert.equal(short(store.view), "0 late gradcam");
  assert.equal(store.status.state, "error");
  store.select({ target: 1 });
  assert.equal(model.requests.length, 2);
});

test("choosing what is already on its way does not ask twice", async () => {
  const { model, store } = setUp();
  store.select({ layer: "early" });
  store.select({ layer: "early" });
  await model.answer(model.requests[0]);
  assert.equal(model.requests.length, 1);
});

test("a first part without the class keeps waiting for the rest", async () => {
  const { model, store } = setUp();
  store.select({ target: 3 });
  const part = stackOf({ targets: [0, 1] });
  const { nonce, seq } = model.requests[0];
  await model.kernel({ stack: { ...part, done: false, reply: [nonce, seq] } });
  assert.equal(store.view.target, 3);
  assert.equal(store.waiting?.target, 3);
  assert.equal(store.stackInfo.done, false);
  await model.kernel({ stack: stackOf({ targets: [3] }) });
  assert.equal(store.waiting, null);
  assert.equal(store.shown.target, 3);
});

test("cancel goes back at once, and the kernel as soon as it listens", async () => {
  const { model, store } = setUp();
  store.select({ layer: "early" });
  store.cancel();
  assert.equal(short(store.view), "0 late gradcam");
  assert.equal(store.waiting, null);
  await model.answer(model.requests[0]);
  assert.equal(short(store.view), "0 late gradcam", "the late answer does not jump in");
  assert.equal(short(/** @type {any} */ (model.requests[1])), "0 late gradcam");
  assert.ok(store.map(0, "early"), "but its maps are kept");
  await model.answer(model.requests[1]);
  store.cancel();
  assert.equal(model.requests.length, 2, "nothing to cancel");
});
