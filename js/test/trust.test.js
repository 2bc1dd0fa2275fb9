import assert from "node:assert/strict";
import { test } from "node:test";
import { Malformed } from "../src/decode.js";
import { area, decimal, line, ordinal } from "../src/lib/trust.js";
import { createStore } from "../src/store.js";
import { decodeTrust } from "../src/trust.js";
import { f32, FakeModel, settled } from "./fake_model.js";

/** @typedef {Record<string, any>} Bag */

const thumb = () => ({ grid: [1, 2], scale: 0.5, data: new DataView(Int8Array.of(2, -4).buffer) });

/** @param {Bag} [over] @returns {Bag} */
const view = (over = {}) => ({
  target: 0, layer: "late", variant: "gradcam", fractions: f32([0, 0.5, 1]), curves: f32([1, 0.2, 1, 0.5, 1, 0.7, 0.1, 0.9, 0.1, 0.6, 0.1, 0.4]),
  modules: ["fc", "late"], similarity: f32([0.25]), guided: f32([0.5]), maps: [thumb(), thumb()], variants: ["hirescam", "layercam"], areas: f32([0.5, 0.75]),
  faults: {}, done: false, ...over,
});

/** @param {Bag} [over] */
const trait = (over) => ({ image: 1, views: [view(over)] });

const HERE = { target: 0, layer: "late", variant: "gradcam" };

function setUp() {
  const model = new FakeModel();
  return { model, store: createStore(model, { now: () => 1000 }) };
}

/** @param {FakeModel} model */
const asked = (model) => model.requests.map(({ target, want, tests }) => [target, want, tests]);

test("what was found is read", () => {
  const [found] = decodeTrust(trait(), 2)?.views ?? [];
  assert.deepEqual(found.curves.map((values) => [...values].map((v) => Number(v.toFixed(2)))),
    [[1, 0.2], [1, 0.5], [1, 0.7], [0.1, 0.9], [0.1, 0.6], [0.1, 0.4]]);
  assert.deepEqual([...found.maps[1].values], [1, -2]);
  assert.deepEqual([found.modules, [...found.similarity], found.done], [["fc", "late"], [0.25], false]);
  assert.equal(decodeTrust({}, 2), null);
  assert.ok(decodeTrust(trait({ curves: f32([]), similarity: f32([]), guided: f32([]), maps: [], areas: f32([]), fractions: f32([]) }), 2));
});

test("what does not fit together is refused", () => {
  for (const wrong of [
    { curves: f32([1]) }, { fractions: f32([0]) }, { similarity: f32([1, 2, 3]) }, { maps: [thumb()] }, { areas: f32([1, 2, 3, 4, 5]) },
    { guided: f32([]) }, { modules: null }, { target: "cat" }, { maps: [thumb(), {}] }, { variants: "ab" },
  ]) {
    assert.throws(() => decodeTrust(trait(wrong), 2), Malformed, JSON.stringify(Object.keys(wrong)));
  }
  assert.throws(() => decodeTrust({ image: 1 }, 2), Malformed);
});

test("tests are asked for once while they are shown, and go on with each choice", async () => {
  const { model, store } = setUp();
  for (let frame = 0; frame < 3; frame++) store.wish("tests", true);
  await model.answer(model.requests[0]);
  await model.kernel({ trust: trait() });
  store.wish("tests", true);
  assert.deepEqual(asked(model), [[0, null, true]]);
  store.wantVariants();
  await model.answer(model.requests[1]);
  assert.deepEqual(asked(model).slice(1), [[0, "variants", true]], "the menu goes first, and the tests go on");
  store.select({ target: 2 });
  await model.answer(model.requests[2]);
  store.wish("tests", true);
  assert.deepEqual(asked(model).slice(2), [[2, null, true]]);
});

test("given up, the kernel is told, once", async () => {
  const { model, store } = setUp();
  store.wish("tests", true);
  await model.answer(model.requests[0]);
  for (let i = 0; i < 3; i++) store.wish("tests", false);
  assert.deepEqual(asked(model), [[0, null, true], [0, null, false]]);
  assert.equal(model.requests[1].keep, true);
  await model.answer(model.requests[1]);
  store.wish("tests", true);
  assert.deepEqual(asked(model)[2], [0, null, true], "and they may go on");
});

test("what is done needs no word, and may be asked for again", async () => {
  const { model, store } = setUp();
  store.wish("tests", true);
  await model.answer(model.requests[0]);
  await model.kernel({ trust: trait({ done: true }) });
  store.wish("tests", false);
  store.wish("tests", true);
  assert.equal(model.requests.length, 1);
  assert.ok(store.holdsTrust);
  store.distrust(HERE);
  store.wish("tests", true);
  assert.equal(model.requests.length, 2);
  await model.kernel({ meta: { ...model.get("meta"), image: 2 } });
  assert.equal(store.trust(HERE), null);
});

test("a page without a kernel has what it holds", async () => {
  const whole = new FakeModel({ trust: trait() });
  const store = createStore({ get: (name) => whole.get(name), on() {}, off() {} });
  store.wish("tests", true);
  store.wish("tests", false);
  await settled();
  assert.equal(whole.requests.length, 0);
  assert.equal(store.trust(HERE)?.modules.length, 2);
});

test("areas, lines and words", () => {
  assert.equal(area([0, 0.5, 1], [1, 0, 0]), 0.25);
  assert.ok(Number.isNaN(area([0, 0.5, 1], [1, 0])) && Number.isNaN(area([], [])));
  assert.equal(line([0, 0.5, 1], [1, 0.5, NaN], 1), "0.0,0.0 50.0,50.0 100.0,100.0");
  assert.equal(line([0], [0], 0), "0.0,100.0");
  assert.deepEqual([1, 2, 3, 4, 11, 12, 13, 21, 102, 111].map(ordinal),
    ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th"]);
  assert.deepEqual([0.974, 0.026, -0.08, -0.0001, 1, NaN].map(decimal), ["0.97", "0.026", "−0.080", "0.00", "1.00", "–"]);
});
