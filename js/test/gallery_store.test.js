import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { Asking } from "../src/gallery/asking.js";
import { GalleryStore, MOST_BYTES } from "../src/gallery/store.js";
import { FakeGallery, ROWS, thumbsOf } from "./fake_gallery.js";

/** @type {GalleryStore[]} */
const made = [];
afterEach(() => made.splice(0).forEach((store) => store.destroy()));

/** @param {Record<string, any>} [over] */
function start(over) {
  const model = new FakeGallery(over);
  const store = new GalleryStore(model);
  made.push(store);
  return { model, store };
}

const settled = () => new Promise((resolve) => void setTimeout(resolve, 5));

/** @param {(row: typeof ROWS[0]) => number} by */
const sorted = (by) => ROWS.map((_, i) => i).sort((a, b) => by(ROWS[b]) - by(ROWS[a]) || a - b);

test("a view that opens late asks for all scores, and sorts them itself", async () => {
  const { model, store } = start();
  assert.deepEqual(model.sent, [{ kind: "scores?" }]);
  model.score();
  await settled();
  assert.deepEqual([...store.order], sorted((row) => row.loss));
  store.set("order", "confidence");
  assert.deepEqual([...store.order], sorted((row) => row.confidence));
  store.narrow({ mistakes: true });
  assert.deepEqual([...store.order], sorted((row) => row.confidence).filter((i) => i % 3 === 0));
  assert.deepEqual(model.saved, [["order", "confidence"], ["filter", { truth: null, predicted: null, mistakes: true }]]);
  assert.deepEqual(model.sent.length, 1, "the kernel is not asked to sort");
});

test("Python's words hold", async () => {
  const { model, store } = start();
  model.score();
  await settled();
  model.push({ filter: { truth: 0, predicted: 1, mistakes: false }, descending: false, selection: [3, 1, 99, "x"], opened: 4 });
  await settled();
  assert.deepEqual([...store.order].sort(), [0, 3, 6, 9]);
  assert.deepEqual([...store.selection], [3, 1]);
  assert.equal(store.view.opened, 4);
  model.push({ order: "nonsense", filter: "x", opened: 99, opacity: 7 });
  await settled();
  const { order, filter, opened, opacity } = store.view;
  assert.deepEqual({ order, opened, opacity, mistakes: filter.mistakes }, { order: "index", opened: null, opacity: 1, mistakes: false });
});

test("the order stays under the pointer while scores arrive", async () => {
  const { model, store } = start();
  store.hold(true);
  const before = [...store.order];
  model.score();
  await settled();
  assert.deepEqual([...store.order], before);
  assert.equal(store.stale, true);
  store.hold(false);
  assert.deepEqual([...store.order], sorted((row) => row.loss));
  assert.equal(store.stale, false);
});

test("thumbnails of other maps than those that are wanted now are thrown away", async () => {
  const { model, store } = start({ layers: [{ name: "early", grid: [4, 4] }, { name: "late", grid: [2, 2] }] });
  store.want([0, 1]);
  const { nonce, seq, items } = model.sent[1];
  assert.deepEqual(items, [0, 1]);
  assert.ok(nonce.length > 4);
  model.tell(...thumbsOf([0, 1], { nonce, seq }));
  const thumb = store.thumb(1);
  assert.deepEqual([...(thumb?.maps[0]?.values ?? [])], [0, 1, -2, 1], "stored times the peak");
  assert.deepEqual([thumb?.maps[1], thumb?.name, thumb?.data.length], [null, "1.png", 2]);
  assert.equal(store.since, null);
  assert.ok(store.bytes > 0 && store.bytes < 2000);
  store.set("layer", "early");
  assert.equal(store.thumb(1), null);
  model.tell(...thumbsOf([0], { nonce, seq, layer: "late" }));
  assert.equal(store.thumb(0), null);
  store.want([0]);
  assert.deepEqual(model.sent.at(-1).items, [0], "asked for at once");
  model.tell(...thumbsOf([0], { nonce: "another view", seq: 1, layer: "early" }));
  assert.ok(store.thumb(0), "what another view asked for serves, too");
});

test("answers that make no sense are survived, and counted as answers", () => {
  const { model, store } = start();
  store.want([0, 1]);
  const { nonce, seq } = model.sent[1];
  const [good, buffers] = thumbsOf([0, 1], { nonce, seq });
  for (const [content, data] of /** @type {Array<[any, any[]]>} */ ([
    [good, buffers.slice(0, 4)], [{ ...good, items: 5 }, []], [{ ...good, items: [{ index: 99 }] }, buffers],
    [{ ...good, items: [{ ...good.items[0], grid: [3, 3] }] }, buffers], [{ ...good, items: [{ ...good.items[0], peak: "x" }] }, buffers],
    [{ ...good, items: [null] }, buffers], [{ kind: "scores", from: 0, to: 10 }, []], [{ kind: "failed" }, []], [null, []], ["x", []],
  ])) model.tell(content, data);
  assert.equal(store.thumb(0), null);
  assert.equal(store.since, null);
  assert.equal(store.scores.scored, 0);
  model.tell({ ...good, items: [{ index: 0, failed: "no picture" }, good.items[1]] }, buffers.slice(3));
  assert.equal(store.scores.failed.get(0), "no picture");
  assert.ok(store.thumb(1));
});

test("a model that was trained on makes all that is known void", async () => {
  const { model, store } = start();
  model.score();
  store.want([0]);
  model.tell(...thumbsOf([0], { nonce: model.sent[1].nonce, seq: 1 }));
  await settled();
  model.push({ generation: 1, scored: 0 });
  await settled();
  assert.deepEqual([store.scores.scored, store.thumb(0)], [0, null]);
  model.tell({ kind: "scores", generation: 0, from: 0, to: 10 }, []);
  model.tell(...thumbsOf([0], { generation: 0 }));
  assert.equal(store.thumb(0), null, "an older model's");
});

test("what is kept is bounded", () => {
  const { model, store } = start({ count: 60_000 });
  for (let from = 0; from < 60_000; from += 50) {
    model.tell(...thumbsOf(Array.from({ length: 50 }, (_, i) => from + i)));
  }
  assert.ok(store.bytes > 0.9 * 60_000 * 256 && store.bytes <= MOST_BYTES);
});

test("one request at a time, the newest, and none for what is on its way", async () => {
  /** @type {any[]} */
  const sent = [];
  let time = 0;
  const asking = new Asking((request) => sent.push(request), () => time);
  asking.want([1, 2]);
  asking.want([1, 2]);
  asking.want([2]);
  assert.deepEqual(sent.map(({ items }) => items), [[1, 2]]);
  asking.want([5]);
  asking.want([6]);
  assert.equal(sent.length, 1, "not before the pause is over");
  time = 200;
  await new Promise((resolve) => void setTimeout(resolve, 130));
  assert.deepEqual(sent.map(({ seq, items }) => [seq, items]), [[1, [1, 2]], [2, [6]]]);
  asking.answered(1, [], false);
  assert.equal(asking.since, 200, "the older one was dropped");
  asking.answered(2, [6], false);
  assert.equal(asking.since, null);
  asking.want(Array.from({ length: 100 }, (_, i) => i));
  time = 400;
  await new Promise((resolve) => void setTimeout(resolve, 130));
  assert.equal(sent.at(-1).items.length, 64);
  asking.stop();
});

test("an item that never comes is given up", () => {
  /** @type {any[]} */
  const sent = [];
  let time = 0;
  const asking = new Asking((request) => sent.push(request), () => time);
  for (let i = 0; i < 6; i++) {
    time += 1000;
    asking.want([7]);
    asking.answered(sent.length, [], false);
  }
  assert.equal(sent.length, 3);
  asking.renew();
  asking.want([7]);
  assert.equal(sent.length, 4, "of other maps it may come");
});

test("nothing is left behind", () => {
  const { model, store } = start();
  store.destroy();
  assert.equal(model.listeners, 0);
});

test("without a kernel nothing is asked", () => {
  const { model } = start();
  const { get, on, off } = model;
  const deaf = { get: get.bind(model), on: on.bind(model), off: off.bind(model) };
  const store = new GalleryStore(deaf);
  made.push(store);
  store.want([1]);
  store.set("order", "index");
  assert.equal(store.view.order, "index");
  assert.equal(store.canAsk, false);
});
