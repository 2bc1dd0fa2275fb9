import assert from "node:assert/strict";
import { test } from "node:test";
import { createStore } from "../src/store.js";
import { f32, FakeModel, GRID, mapValues, settled, stackOf } from "./fake_model.js";

/** @param {{values: Float32Array} | null} map */
const values = (map) => (map ? [...map.values] : null);

test("everything of the first paint is there at once", () => {
  const store = createStore(new FakeModel());
  assert.deepEqual([...store.picture], [137, 80, 78, 71]);
  assert.equal(store.meta.model, "net");
  assert.deepEqual([...store.classes.scores], [3, 2, 1, 0]);
  assert.equal(store.classes.truth, 1);
  assert.deepEqual(store.listed, [0, 1, 2]);
  assert.equal(store.layers.length, 2);
  assert.equal(store.luts.viridis.length, 1024);
  assert.deepEqual(store.stackInfo, { ms: 3, done: true, note: null });
  assert.equal(store.status.state, "ready");
  assert.equal(store.waiting, null);
  assert.deepEqual(store.shown, { target: 0, layer: "late", variant: "gradcam" });
  assert.ok(Object.isFrozen(store.view));
  assert.equal(store.view.opacity, 0.62);
});

test("a map is the same object each time, and null where it was never seen", () => {
  const store = createStore(new FakeModel());
  assert.deepEqual(store.map()?.grid, GRID);
  assert.deepEqual(values(store.map(1)), mapValues(1));
  assert.equal(store.map(1), store.map(1));
  assert.equal(store.map(1)?.values.buffer.byteLength, 24, "it does not hold the whole stack in memory");
  assert.equal(store.map(1, "early"), null);
  assert.equal(store.map(3), null);
});

test("an empty model breaks nothing", () => {
  const model = new FakeModel();
  model.traits.clear();
  const store = createStore(model);
  assert.equal(store.picture.length, 0);
  assert.deepEqual(store.classes.names, []);
  assert.equal(store.map(), null);
  assert.equal(store.thumb("late"), null);
  assert.equal(store.view.sign, "positive");
});

test("half floats with a scale, from an odd offset of a message", () => {
  const halves = Uint16Array.of(0x3c00, 0xb800, 0, 0x3c00, 0, 0);
  const message = new Uint8Array(20);
  message.set(new Uint8Array(halves.buffer), 5);
  const data = new DataView(message.buffer, 5, 12);
  const store = createStore(new FakeModel({ stack: stackOf({ targets: [0], dtype: "float16", scale: 4, data }) }));
  assert.deepEqual(values(store.map()), [4, -2, 0, 4, 0, 0]);
});

test("a strip's thumbnail, else the whole map of that layer, else nothing", async () => {
  const model = new FakeModel();
  const store = createStore(model);
  assert.deepEqual(values(store.thumb("early")), [1, -2]);
  assert.deepEqual(values(store.thumb("late")), mapValues(0));
  assert.equal(store.thumb("other"), null);
  await model.kernel({ target: 1 });
  assert.equal(store.thumb("early"), null, "the strip is another class's");
  await model.kernel({ target: 0 });
  assert.deepEqual(values(store.thumb("early")), [1, -2]);
});

for (const [what, over] of /** @type {Array<[string, Record<string, any>]>} */ ([
  ["too few bytes", { data: f32([1, 2, 3]) }],
  ["too many bytes", { data: f32(new Array(40).fill(1)) }],
  ["an empty grid", { grid: [0, 3] }],
  ["an empty grid and no bytes", { grid: [0, 3], data: f32([]) }],
  ["a grid of one number", { grid: [6] }],
  ["a grid of text", { grid: "2x3" }],
  ["a grid that is huge", { grid: [1e9, 1e9] }],
  ["an unknown type", { dtype: "float64" }],
  ["a type that every object has", { dtype: "constructor" }],
  ["a scale that is no number", { scale: NaN }],
  ["classes that are no list", { targets: 3 }],
  ["all classes' maps, one too few", { targets: null, data: f32(new Array(18).fill(1)) }],
  ["no word about its classes", { targets: undefined }],
  ["a class that is no number", { targets: [0, "x", 1] }],
  ["no layer", { layer: 7 }],
  ["data that are no bytes", { data: "AAAA" }],
])) {
  test(`a stack with ${what} is put aside, reported, and the picture stays`, async () => {
    const model = new FakeModel();
    const store = createStore(model);
    const before = store.map();
    await model.kernel({ stack: stackOf(over) });
    assert.equal(store.status.state, "error");
    assert.match(store.status.text, /cannot read/);
    assert.equal(store.map(), before);
    await model.kernel({ opacity: 0.5 });
    assert.equal(store.status.state, "error", "nothing has mended it yet");
    await model.kernel({ stack: stackOf() });
    assert.equal(store.status.state, "ready");
  });
}

test("a malformed strip, message or class table is reported, never thrown", async () => {
  const strip = { image: 1, target: 0, variant: "gradcam" };
  for (const bad of /** @type {Array<Record<string, any>>} */ ([
    { strip: { ...strip, maps: [{ layer: "early", grid: [9, 9], scale: 1, data: f32([1]) }] } },
    { strip: { ...strip, maps: [null] } },
    { classes: { names: ["a"], scores: f32([1, 2]), probabilities: f32([1]) } },
    { classes: { scores: f32([1]) } },
  ])) {
    const model = new FakeModel();
    const store = createStore(model);
    await model.kernel(bad);
    assert.equal(store.status.state, "error");
    assert.equal(store.classes.names.length, 4);
  }
  const item = { target: 0, layer: "late", variant: "x", grid: GRID, dtype: "float32", scale: 1 };
  const buffer = f32(mapValues(0));
  for (const [maps, buffers] of /** @type {Array<[any, any[]]>} */ ([
    [[item], []], [[item], [f32([1])]], [[{ ...item, target: "0" }], [buffer]], [[{ ...item, layer: null }], [buffer]],
    [[null], [buffer]], ["x", [buffer]],
  ])) {
    const model = new FakeModel();
    const store = createStore(model);
    model.emit("msg:custom", { type: "maps", image: 1, maps }, buffers);
    await settled();
    assert.equal(store.status.state, "error");
  }
});

test("a strip that comes before its image's meta is not lost", async () => {
  const model = new FakeModel();
  const store = createStore(model);
  await model.kernel({ strip: { ...model.get("strip"), image: 2 } });
  await model.kernel({ meta: { ...model.get("meta"), image: 2 } });
  assert.deepEqual(values(store.thumb("early")), [1, -2]);
});

test("a colour table of the wrong length is left out", () => {
  const store = createStore(new FakeModel({ luts: { good: new ArrayBuffer(1024), bad: new ArrayBuffer(768) } }));
  assert.deepEqual(Object.keys(store.luts), ["good"]);
});

test("a new image drops every map of the old one, whichever of stack and meta comes first", async () => {
  for (const first of ["meta", "stack"]) {
    const model = new FakeModel();
    const store = createStore(model);
    const news = /** @type {Record<string, any>} */ ({
      meta: { ...model.get("meta"), image: 2 },
      stack: stackOf({ image: 2, targets: [0], data: f32(mapValues(0, 100)) }),
    });
    await model.kernel({ [first]: news[first] });
    if (first === "stack") assert.deepEqual(values(store.map()), mapValues(0), "not this image's");
    else assert.equal(store.map(), null);
    await model.kernel(news);
    assert.deepEqual(values(store.map()), mapValues(0, 100));
    assert.equal(store.map(1), null);
    assert.equal(store.thumb("early"), null);
  }
});

test("the least recently used maps go first, by bytes", async () => {
  const model = new FakeModel();
  const store = createStore(model, { cacheBytes: 5 * (24 + 256) });
  const asked = store.map(0);
  assert.ok(asked && store.map(1) && store.map(2) && store.thumb("early"));
  assert.ok(store.map(0));
  await model.kernel({ stack: stackOf({ layer: "early", targets: [0, 1] }) });
  assert.equal(store.map(0), asked, "used last");
  assert.equal(store.map(1), null, "used first");
  assert.ok(store.map(0, "early") && store.map(1, "early"));
});

test("listeners hear of one batch once, by name", async () => {
  const model = new FakeModel();
  const store = createStore(model);
  /** @type {string[][]} */
  const heard = [];
  const stop = store.subscribe((changed) => heard.push([...changed].sort()));
  await settled();
  assert.deepEqual(heard, [], "what was there at first is no change");
  await model.kernel({ opacity: 0.3, listed: [2, 1], luts: {} });
  assert.deepEqual(heard.splice(0), [["listed", "luts", "view"]]);
  await model.kernel({ stack: stackOf({ layer: "early" }) });
  assert.deepEqual(heard.splice(0), [["maps", "thumbs"]]);
  await model.kernel({ meta: { ...model.get("meta"), device: "cuda:0" } });
  assert.deepEqual(heard.splice(0), [["picture"]]);
  stop();
  await model.kernel({ opacity: 0.4 });
  assert.deepEqual(heard, []);
});

test("destroy takes every handler off and stays silent", async () => {
  const model = new FakeModel();
  const store = createStore(model);
  assert.ok(model.handlerCount > 15);
  store.subscribe(() => assert.fail("called after destroy"));
  model.traits.set("opacity", 0.1);
  model.emit("change:opacity");
  model.emit("change:stack");
  store.destroy();
  await settled();
  assert.equal(model.handlerCount, 0);
  assert.equal(store.map(), null, "nothing is kept for a view that is gone");
});

test("a trait that says the same again changes nothing", async () => {
  const model = new FakeModel();
  const store = createStore(model);
  /** @type {string[]} */
  const heard = [];
  store.subscribe((changed) => heard.push(...changed));
  const kept = [store.picture, store.meta, store.classes, store.layers, store.luts, store.thumb("early")];
  const names = ["picture", "meta", "classes", "listed", "layers", "variants", "strip", "luts", "status", "opacity"];
  const again = new FakeModel();
  await model.kernel(Object.fromEntries(names.map((name) => [name, again.get(name)])));
  assert.deepEqual(heard, ["thumbs"]);
  const now = [store.picture, store.meta, store.classes, store.layers, store.luts, store.thumb("early")];
  now.forEach((value, i) => assert.equal(value, kept[i]));
});
