import assert from "node:assert/strict";
import { test } from "node:test";
import { PATIENCE } from "../src/gate.js";
import { REQUEST_KEYS } from "../src/protocol.js";
import { createStore } from "../src/store.js";
import { f32, FakeModel, mapValues, settled, stackOf, staticModel } from "./fake_model.js";

function setUp() {
  const model = new FakeModel();
  let clock = 1000;
  const store = createStore(model, { now: () => clock });
  return { model, store, sleep: (/** @type {number} */ t) => void (clock += t) };
}

/** @param {{target: number, layer: string, variant: string}} s */
const short = ({ target, layer, variant }) => `${target} ${layer} ${variant}`;

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

test("choosing what is already on its way does not ask twice", async () => {
  const { model, store } = setUp();
  store.select({ layer: "early" });
  store.select({ layer: "early" });
  await model.answer(model.requests[0]);
  assert.equal(model.requests.length, 1);
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

test("slow variants are not asked for the sake of the menu", () => {
  const { model, store } = setUp();
  const known = { name: "", summary: "", cost: "", relu: true, unit: "score" };
  model.set("variants", [{ id: "gradcam", slow: false, ...known }, { id: "scorecam", slow: true, ...known }]);
  const other = createStore(model);
  other.wantVariants();
  assert.equal(model.requests.length, 0);
  store.destroy();
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
