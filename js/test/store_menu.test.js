import assert from "node:assert/strict";
import { test } from "node:test";
import { PROBE } from "../src/gate.js";
import { createStore } from "../src/store.js";
import { f32, mapValues, settled, stackOf } from "./fake_model.js";
import { setUp, short } from "./fake_store.js";

test("all variants: asked once, read from the message, not asked again", async () => {
  const { model, store } = setUp();
  store.wantVariants();
  store.wantVariants();
  assert.deepEqual(model.requests.map((r) => r.want), ["variants"]);
  const [{ nonce, seq }] = model.requests;
  const content = {
    type: "maps", image: 1,
    maps: ["gradcam", "hirescam"].map((variant) => ({ target: 0, layer: "late", variant, grid: [2, 3], dtype: "float32", scale: 2 })),
  };
  model.emit("msg:custom", content, [f32(mapValues(0)), f32(mapValues(5))]);
  await model.kernel({ stack: stackOf({ reply: [nonce, seq] }) });
  assert.deepEqual([...(store.map(0, "late", "hirescam")?.values ?? [])], mapValues(5).map((v) => 2 * v));
  store.wantVariants();
  assert.equal(model.requests.length, 1);
  store.select({ target: 1 });
  assert.equal(model.requests[1].want, null);
});

test("all variants may be asked again when they did not come, or for another image", async () => {
  const { model, store } = setUp();
  store.wantVariants();
  await model.answer(model.requests[0]);
  store.wantVariants();
  assert.equal(model.requests.length, 2);
  await model.kernel({ meta: { ...model.get("meta"), image: 2 } });
  store.wantVariants();
  await model.answer(model.requests[1], { image: 2 });
  assert.deepEqual(model.requests.map((r) => r.want), ["variants", "variants", "variants"]);
});

test("all variants, asked while a request is out, ride on the next one", async () => {
  const { model, store } = setUp();
  store.select({ target: 1 });
  store.wantVariants();
  await model.answer(model.requests[0]);
  assert.deepEqual(model.requests.map((r) => r.want), [null, "variants"]);
});

test("messages of other kinds and of other images are left alone", async () => {
  const { model, store } = setUp();
  model.emit("msg:custom", { type: "progress" }, []);
  model.emit("msg:custom", null);
  const maps = [{ target: 0, layer: "late", variant: "hirescam", grid: [2, 3], dtype: "float32", scale: 1 }];
  model.emit("msg:custom", { type: "maps", image: 9, maps }, [f32(mapValues(0))]);
  await settled();
  assert.equal(store.status.state, "ready");
  assert.equal(store.map(0, "late", "hirescam"), null);
});

test("a slow map is answered at once with busy: another may be chosen meanwhile, and the map comes without a reply", async () => {
  const { model, store } = setUp();
  store.select({ variant: "scorecam" });
  const [{ nonce }] = model.requests;
  const busy = (/** @type {string} */ text, /** @type {unknown} */ reply) => model.kernel({
    target: 0, layer: "late", variant: "scorecam", status: { state: "busy", text, hint: "", reply },
  });
  await busy("Score-CAM", [nonce, 1]);
  await busy("Score-CAM 34 %", null);
  assert.equal(store.status.text, "Score-CAM 34 %");
  assert.equal(short(store.view), "0 late scorecam");
  assert.equal(short(store.shown), "0 late gradcam", "the last good picture stays");
  assert.equal(store.waiting?.variant, "scorecam");
  store.cancel();
  assert.deepEqual(model.requests.map((r) => r.variant), ["scorecam", "gradcam"]);
  assert.equal(store.waiting, null);
  await model.answer(model.requests[1]);
  store.select({ variant: "scorecam" });
  await busy("Score-CAM", [nonce, 3]);
  await model.kernel({ stack: stackOf({ layer: "late", variant: "scorecam", targets: [0] }), status: { state: "ready", text: "", hint: "", reply: null } });
  assert.equal(short(store.shown), "0 late scorecam");
  assert.equal(store.waiting, null);
});

test("a slow map that fails later brings the selection back", async () => {
  const { model, store } = setUp();
  store.select({ variant: "scorecam" });
  const [{ nonce }] = model.requests;
  await model.kernel({ variant: "scorecam", status: { state: "busy", text: "Score-CAM", hint: "", reply: [nonce, 1] } });
  await model.kernel({ status: { state: "error", text: "out of memory", hint: "", reply: null } });
  assert.equal(short(store.view), "0 late gradcam");
  assert.equal(store.waiting, null);
});

test("a kernel that is restarted within a slow map: the page finds out, and what was here stays", async () => {
  const { model, store, sleep } = setUp();
  store.select({ variant: "scorecam" });
  const [{ nonce }] = model.requests;
  await model.kernel({ variant: "scorecam", status: { state: "busy", text: "Score-CAM 14 %", hint: "", reply: [nonce, 1] } });
  const send = model.send.bind(model);
  /** @type {string[]} */
  const sent = [];
  model.send = (message) => { sent.push(message.type); send(message); };
  sleep(PROBE - 1);
  store.remind();
  assert.deepEqual(sent, []);
  sleep(1);
  store.remind();
  store.remind();
  assert.deepEqual(sent, ["probe"], "a kernel that is there is not asked again");
  assert.equal(store.waiting?.variant, "scorecam");
  model.send = () => { throw new Error("Cannot send"); };
  sleep(PROBE);
  store.remind();
  assert.match(store.status.text, /does not answer/);
  assert.equal(store.waiting, null);
  assert.equal(short(store.view), "0 late gradcam");
});

test("slow variants are not asked for the sake of the menu", () => {
  const { model, store } = setUp();
  const known = { name: "", summary: "", cost: "", relu: true, unit: "score" };
  model.set("variants", [{ id: "gradcam", slow: false, ...known }, { id: "scorecam", slow: true, ...known }]);
  const other = createStore(model);
  other.wantVariants();
  assert.equal(model.requests.length, 0);
  store.destroy();
});
