import assert from "node:assert/strict";
import { test } from "node:test";
import { createStore } from "../src/store.js";
import { FakeModel, stackOf } from "./fake_model.js";
import { setUp, short } from "./fake_store.js";

test("a change from Python is adopted when nothing is under way", async () => {
  const { model, store } = setUp();
  await model.kernel({ target: 2 });
  assert.equal(short(store.view), "2 late gradcam");
  assert.equal(short(store.shown), "2 late gradcam");
  assert.equal(model.requests.length, 0);
  await model.kernel({ layer: "early" });
  assert.equal(store.shown.layer, "late");
  assert.equal(store.waiting?.layer, "early");
  await model.kernel({ stack: stackOf({ layer: "early" }) });
  assert.equal(store.shown.layer, "early");
  assert.equal(store.waiting, null);
});

test("a change from Python during a request is adopted with the answer", async () => {
  const { model, store } = setUp();
  store.select({ target: 1 });
  await model.kernel({ variant: "hirescam" });
  assert.equal(store.view.variant, "gradcam", "the user's choice stands while it is on its way");
  const { nonce, seq } = model.requests[0];
  await model.kernel({ stack: stackOf({ variant: "hirescam", reply: [nonce, seq] }), target: 2 });
  assert.equal(short(store.view), "2 late hirescam");
});

test("a change from Python yields to a newer click that still waits", async () => {
  const { model, store } = setUp();
  store.select({ target: 1 });
  store.select({ target: 3 });
  await model.kernel({ target: 2 });
  await model.answer(model.requests[0]);
  assert.equal(store.view.target, 3);
  const { nonce, seq } = model.requests[1];
  await model.kernel({ stack: stackOf({ targets: [3], reply: [nonce, seq] }) });
  assert.equal(store.view.target, 3);
});

test("a stack that comes before its scalar traits makes no flicker", async () => {
  const { model, store } = setUp();
  store.select({ target: 1 });
  const { nonce, seq } = model.requests[0];
  await model.kernel({ stack: stackOf({ reply: [nonce, seq] }) });
  assert.equal(store.view.target, 1);
  await model.kernel({ target: 1 });
  assert.equal(store.view.target, 1);
});

test("a kernel that answers something else is believed", async () => {
  const { model, store } = setUp();
  store.select({ layer: "early" });
  const { nonce, seq } = model.requests[0];
  await model.kernel({ stack: stackOf({ reply: [nonce, seq] }) });
  assert.equal(short(store.view), "0 late gradcam");
  assert.equal(store.waiting, null);
});

test("display settings: local while dragged, one message on commit", async () => {
  const { model, store } = setUp();
  for (const v of [0.5, 0.4, 0.3]) store.set("opacity", v, { commit: false });
  assert.equal(store.view.opacity, 0.3);
  assert.equal(model.saves, 0);
  await model.kernel({ opacity: 0.9 });
  assert.equal(store.view.opacity, 0.3, "an echo must not move the handle");
  store.set("opacity", 0.3, { commit: true });
  assert.equal(model.get("opacity"), 0.3);
  assert.equal(model.saves, 1);
  await model.kernel({ opacity: 0.8, sign: "signed" });
  assert.equal(store.view.opacity, 0.8);
  assert.equal(store.view.sign, "signed");
  assert.equal(model.requests.length, 0);
});

test("an unknown setting is the caller's mistake", () => {
  const { store } = setUp();
  assert.throws(() => store.set(/** @type {any} */ ("target"), 3, { commit: true }), TypeError);
});

test("what nobody has chosen is not chosen for Python", async () => {
  const model = new FakeModel();
  const store = createStore(model);
  store.wantVariants();
  assert.equal(model.requests[0].keep, true);
  await model.answer(model.requests[0]);
  store.select({ target: 1 });
  store.select({ target: 0 });
  assert.equal(model.requests[1].keep, false);
  await model.answer(model.requests[1]);
  assert.deepEqual([model.requests[2].target, model.requests[2].keep], [0, false], "the kernel has been at the other");
  await model.answer(model.requests[2]);
  await model.kernel({ layer: "early" });
  store.wantVariants();
  assert.deepEqual([model.requests[3].layer, model.requests[3].keep], ["early", true]);
});
