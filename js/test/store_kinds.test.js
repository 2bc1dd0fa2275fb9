import assert from "node:assert/strict";
import { test } from "node:test";
import { createStore } from "../src/store.js";
import { f32, FakeModel, mapValues, stackOf } from "./fake_model.js";

const SIGNAL = { image: 1, model: "net", kind: "signal", input: [24], rate: 8, span: 30 };
const VOLUME = { image: 1, model: "net", kind: "volume", input: [4, 8, 9], picture: [8, 9], tile: [16, 16], columns: 2,
  axis: "frame" };
const BAND = { label: "wave", form: "trace", grid: [2, 3], low: -1, high: 5, start: 0, step: 8,
  data: f32([-1, 0, 1, 3, 4, 5]) };

/** @param {any} meta @param {number[]} grid @param {number[]} [small]  grid of the thumbnail */
const modelOf = (meta, grid, small = [2]) => new FakeModel({
  meta, stack: stackOf({ grid }), bands: [BAND],
  strip: { image: 1, target: 0, variant: "gradcam",
    maps: [{ layer: "early", grid: small, scale: 0.5, data: new DataView(Int8Array.of(2, -4).buffer) }] },
});

test("a signal's maps have one side, and its bands are read with their scale and place", () => {
  const store = createStore(modelOf(SIGNAL, [6]));
  assert.equal(store.status.state, "ready");
  assert.deepEqual(store.map()?.grid, [6]);
  assert.deepEqual([...store.map(2)?.values ?? []], mapValues(2));
  assert.deepEqual([...store.thumb("early")?.values ?? []], [1, -2]);
  const [band] = store.bands;
  assert.deepEqual([...band.values], [-1, 0, 1, 3, 4, 5]);
  assert.deepEqual([band.label, band.form, band.grid, band.step], ["wave", "trace", [2, 3], 8]);
});

test("an image of channels is bytes from 0 to 1", () => {
  const image = { ...BAND, form: "image", data: new DataView(Uint8Array.of(0, 51, 102, 153, 204, 255).buffer) };
  const [band] = createStore(new FakeModel({ meta: SIGNAL, stack: stackOf({ grid: [6] }), bands: [image] })).bands;
  assert.ok([0, 0.2, 0.4, 0.6, 0.8, 1].every((v, i) => Math.abs(band.values[i] - v) < 1e-6));
});

test("a volume's maps have three sides, its thumbnails two", () => {
  const store = createStore(modelOf(VOLUME, [1, 2, 3], [1, 2]));
  assert.equal(store.status.state, "ready");
  assert.deepEqual(store.map()?.grid, [1, 2, 3]);
  assert.deepEqual(store.thumb("early")?.grid, [1, 2]);
});

test("all classes' maps of a volume are cut where each begins", () => {
  const data = f32([0, 1, 2, 3].flatMap((t) => mapValues(t)));
  const store = createStore(new FakeModel({ meta: VOLUME, stack: stackOf({ grid: [3, 2, 1], targets: null, data }) }));
  assert.deepEqual([...store.map(3)?.values ?? []], mapValues(3));
  assert.deepEqual([...store.seen("late", "gradcam").at(5)], [0, 1, 2, 3].map((t) => mapValues(t)[5]));
});

for (const [what, meta, grid] of /** @type {Array<[string, any, number[]]>} */ ([
  ["two sides for a signal", SIGNAL, [2, 3]], ["one side for a volume", VOLUME, [6]],
  ["a side of zero", SIGNAL, [0]], ["half a cell", SIGNAL, [1.5]], ["more cells than there can be", VOLUME, [1e5, 1e5, 1]],
])) {
  test(`a grid with ${what} is put aside and reported`, () => {
    const store = createStore(modelOf(meta, grid));
    assert.equal(store.status.state, "error");
    assert.equal(store.map(), null);
  });
}

test("a band that makes no sense is reported, never drawn", () => {
  for (const over of [{ form: "html" }, { low: "0" }, { step: 0 }, { step: NaN }, { grid: [3, 2] }, { grid: [6] },
    { data: f32([1]) }, { data: "AAAA" }]) {
    const store = createStore(new FakeModel({ meta: SIGNAL, stack: stackOf({ grid: [6] }), bands: [{ ...BAND, ...over }] }));
    assert.equal(store.status.state, "error", JSON.stringify(over));
    assert.deepEqual(store.bands, []);
  }
});

test("words about the input that make no sense are as if they were not there", () => {
  const meta = { ...SIGNAL, kind: "__proto__", rate: -1, span: 0, columns: "2", picture: [0, -1], tile: null, input: [24] };
  const found = createStore(new FakeModel({ meta })).meta;
  assert.deepEqual([found.kind, found.rate, found.span, found.columns], ["picture", null, 1, 1]);
  assert.deepEqual([found.picture, found.tile, found.input], [[1, 1], [1, 1], [0, 0]]);
});
