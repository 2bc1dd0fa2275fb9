import assert from "node:assert/strict";
import { test } from "node:test";
import { PATIENCE } from "../src/gate.js";
import { createStore } from "../src/store.js";
import { staticModel } from "./fake_model.js";
import { setUp, short } from "./fake_store.js";

test("waiting counts from the first unanswered choice", async () => {
  const { model, store, sleep } = setUp();
  store.select({ layer: "early" });
  sleep(700);
  store.select({ variant: "hirescam" });
  assert.equal(store.waiting?.since, 1000);
  await model.answer(model.requests[0]);
  await model.answer(model.requests[1]);
  store.select({ layer: "early", variant: "other" });
  assert.equal(store.waiting?.since, 1700);
});

test("a lost answer blocks neither clicks nor changes from Python for ever", async () => {
  const { model, store, sleep } = setUp();
  store.select({ target: 1 });
  sleep(PATIENCE - 1);
  store.select({ target: 2 });
  assert.equal(model.requests.length, 1);
  sleep(1);
  store.select({ target: 0 });
  assert.deepEqual(model.requests.map((r) => r.target), [1, 0]);
  sleep(PATIENCE);
  await model.kernel({ target: 2 });
  assert.equal(store.view.target, 2);
});

test("a request without an answer is sent again, ever more rarely, for what is wanted by then", async () => {
  const { model, store, sleep } = setUp();
  store.select({ layer: "early", target: 1 });
  for (const [time, sent] of /** @type {const} */ ([[PATIENCE - 1, 1], [1, 2], [2 * PATIENCE - 1, 2], [1, 3]])) {
    sleep(time);
    store.remind();
    assert.equal(model.requests.length, sent);
  }
  store.select({ target: 2 }); // waits its turn
  assert.equal(model.requests.length, 3);
  sleep(PATIENCE);
  store.remind();
  assert.deepEqual(model.requests.map((r) => r.target), [1, 1, 1, 2]);
  assert.deepEqual(model.requests.map((r) => r.seq), [1, 2, 3, 4]);
  await model.answer(model.requests[3]);
  assert.equal(store.waiting, null);
  sleep(10 * PATIENCE);
  store.remind();
  assert.equal(model.requests.length, 4);
});

test("a kernel that is gone: what is here answers, the rest stays and says why", async () => {
  const { model, store } = setUp();
  model.send = () => { throw new Error("Cannot send"); };
  store.select({ target: 1 });
  assert.deepEqual(store.shown.target, 1);
  assert.match(store.status.text, /does not answer/);
  store.select({ layer: "early", target: 2 });
  assert.deepEqual([store.view.layer, store.view.target, store.waiting], ["late", 1, null]);
  assert.match(store.status.hint, /Run the cell again/);
});

test("a reloaded page counts from 1 again and is not fooled by old answers", async () => {
  const { model, store } = setUp();
  store.select({ target: 1 });
  const [old] = model.requests;
  await model.answer(old);
  store.destroy();
  const reloaded = createStore(model);
  assert.equal(reloaded.view.target, 1);
  reloaded.select({ target: 2 });
  reloaded.select({ target: 0 });
  assert.notEqual(model.requests[1].nonce, old.nonce);
  assert.equal(model.requests[1].seq, 1);
  await model.answer(old);
  assert.equal(model.requests.length, 2);
  await model.answer(model.requests[1]);
  assert.equal(model.requests.length, 3);
});

test("two views of one model do not free each other's gates", async () => {
  const { model, store } = setUp();
  const other = createStore(model);
  store.select({ target: 1 });
  other.select({ target: 2 });
  store.select({ target: 3 });
  await model.answer(model.requests[1]);
  assert.equal(model.requests.length, 2);
  assert.equal(store.view.target, 3);
  await model.answer(model.requests[0]);
  assert.equal(model.requests.length, 3);
});

test("a page without a kernel: what is here works, what is not is said", async () => {
  const store = createStore(staticModel());
  store.select({ target: 2 });
  assert.equal(short(store.shown), "2 late gradcam");
  store.select({ layer: "early" });
  assert.equal(short(store.view), "2 late gradcam");
  assert.equal(store.waiting, null);
  assert.match(store.status.text, /not in this page/);
  store.wantVariants();
  store.set("opacity", 0.2, { commit: true });
  assert.equal(store.view.opacity, 0.2);
  store.select({ target: 1 });
  assert.equal(store.status.state, "ready");
});

test("a page without a kernel and without its first map waits for nothing", () => {
  const { get, on, off } = staticModel();
  const store = createStore({ get: (name) => (name === "stack" ? {} : get(name)), on, off });
  assert.equal(store.map(), null);
  assert.equal(store.waiting, null);
});

test("no answer is hoped for after an error that was nobody's", async () => {
  const { model, store } = setUp();
  await model.kernel({ layer: "early" });
  assert.ok(store.waiting);
  await model.kernel({ status: { state: "error", text: "out of memory", hint: "", reply: null } });
  assert.equal(store.waiting, null);
});
