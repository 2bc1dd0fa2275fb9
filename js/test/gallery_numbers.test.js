import assert from "node:assert/strict";
import { test } from "node:test";
import { createKept } from "../src/gallery/kept.js";
import { layoutOf, placeFor, revealing, rowsInSight } from "../src/gallery/layout.js";
import { arranged, between, held, passing, sameOrder } from "../src/gallery/order.js";
import { ALL } from "../src/gallery/protocol.js";
import { Scores } from "../src/gallery/scores.js";
import { brief, whole } from "../src/gallery/words.js";
import { columnsOf } from "./fake_gallery.js";

const N = 200;
const K = 5;
const rows = Array.from({ length: N }, (_, i) => ({
  loss: i % 11 === 3 ? NaN : ((i * 37) % 50) / 10, confidence: ((i * 13) % 17) / 17, margin: ((i * 7) % 19) / 19,
  predicted: i % 23 === 5 ? 65_535 : (i * 3) % K, truth: i % 11 === 3 ? 65_535 : (i * 3 + Number(i % 4 === 0)) % K,
}));

/** @param {number} [upTo] */
function scored(upTo = N) {
  const scores = new Scores(N);
  for (let from = 0; from < upTo; from += 33) {
    const to = Math.min(upTo, from + 33);
    assert.ok(scores.take(from, to, columnsOf(rows.slice(from, to))));
  }
  return scores;
}

test("counts of pairs are those of a plain loop", () => {
  const scores = scored();
  const told = rows.filter(({ truth, predicted }) => truth < K && predicted < K);
  let wrong = 0;
  for (let truth = 0; truth < K; truth++) {
    for (let predicted = 0; predicted < K; predicted++) {
      const count = told.filter((row) => row.truth === truth && row.predicted === predicted).length;
      assert.equal(scores.pair(truth, predicted), count);
      if (truth !== predicted) wrong += count;
    }
  }
  assert.ok(wrong > 0);
  assert.deepEqual(scores.tally, { wrong, among: told.length });
  const { confused } = scores;
  assert.equal(confused.reduce((all, { count }) => all + count, 0), wrong);
  assert.ok(confused.every(({ count }, i) => i === 0 || count <= confused[i - 1].count));
  // sent again, they count once
  scores.take(0, N, columnsOf(rows));
  assert.deepEqual(scores.tally, { wrong, among: told.length });
  assert.equal(scores.scored, N);
});

test("scores that do not fit are refused", () => {
  const scores = new Scores(10);
  const data = columnsOf(rows.slice(0, 4));
  for (const [from, to] of [[0, 5], [0, 3], [-1, 3], [8, 12], [3, 3], [0.5, 4.5], [null, 4], ["a", 4]]) {
    assert.equal(scores.take(from, to, data), false, `${from} ${to}`);
  }
  assert.equal(scores.take(0, 4, "no bytes"), false);
  assert.equal(scores.scored, 0);
  scores.fail({ 3: "gone", 99: "beyond", x: "no number" });
  assert.deepEqual([...scores.failed], [[3, "gone"]]);
  scores.fail(null);
});

test("scores at an odd offset are read", () => {
  const { buffer } = columnsOf(rows.slice(0, 4));
  const shifted = new Uint8Array(buffer.byteLength + 1);
  shifted.set(new Uint8Array(buffer), 1);
  const scores = new Scores(4);
  assert.ok(scores.take(0, 4, new DataView(shifted.buffer, 1)));
  assert.equal(scores.confidence[2], Math.fround(rows[2].confidence));
});

test("filters let through what a plain loop finds", () => {
  const scores = scored();
  const wrong = (/** @type {typeof rows[0]} */ row) => row.truth < K && row.predicted < K && row.truth !== row.predicted;
  for (const truth of [null, 0, 3]) {
    for (const predicted of [null, 1, 3]) {
      for (const mistakes of [false, true]) {
        const found = [...passing(scores, { truth, predicted, mistakes })];
        const due = rows.flatMap((row, i) => ((truth === null || row.truth === truth) &&
          (predicted === null || row.predicted === predicted) && (!mistakes || wrong(row)) ? [i] : []));
        assert.deepEqual(found, due);
      }
    }
  }
});

test("items without a number stand last, unscored ones behind them", () => {
  const scores = scored(150);
  for (const descending of [false, true]) {
    const order = [...arranged(scores, ALL, "loss", descending)];
    const losses = order.slice(0, 150).map((i) => rows[i].loss);
    const first = losses.findIndex(Number.isNaN);
    const numbers = losses.slice(0, first);
    assert.deepEqual(numbers, [...numbers].sort((a, b) => (descending ? b - a : a - b)));
    assert.ok(losses.slice(first).every(Number.isNaN));
    assert.deepEqual(order.slice(150), rows.slice(150).map((_, i) => 150 + i));
    // equal ones in the order of the data
    assert.ok(order.every((item, i) => i === 0 || rows[item].loss !== rows[order[i - 1]].loss || item > order[i - 1]));
  }
  assert.deepEqual([...arranged(scores, ALL, "index", true)], rows.map((_, i) => N - 1 - i));
});

test("a held order keeps its places", () => {
  const order = held(Int32Array.of(4, 2, 9, 1), Int32Array.of(1, 3, 4, 9, 7));
  assert.deepEqual([...order], [4, 9, 1, 3, 7]);
  assert.ok(sameOrder(order, Int32Array.of(4, 9, 1, 3, 7)));
  assert.ok(!sameOrder(order, Int32Array.of(4, 9, 1, 3)));
  assert.deepEqual(between(order, 3, 1), [9, 1, 3]);
});

test("thumbnails fill the room", () => {
  for (let width = 200; width < 1400; width += 7) {
    for (const pairs of [false, true]) {
      const { columns, side, tile, pitch } = layoutOf(width, pairs);
      assert.ok(columns * pitch - 10 <= width, `${width}`);
      assert.ok(side >= 88 && tile >= side);
    }
  }
  assert.equal(layoutOf(0, true).columns, 1);
});

test("rows in sight", () => {
  assert.deepEqual(rowsInSight(250, 300, 100, 50), [2, 6]);
  assert.deepEqual(rowsInSight(250, 300, 100, 50, 3), [0, 9]);
  assert.deepEqual(rowsInSight(4900, 300, 100, 50, 2), [47, 50]);
  assert.deepEqual(rowsInSight(9000, 300, 100, 3), [3, 3]);
  assert.equal(revealing(10, 0, 300, 100), 800);
  assert.equal(revealing(2, 800, 300, 100), 200);
  assert.equal(revealing(9, 800, 300, 100), 800);
});

test("keys lead through the grid", () => {
  // 10 items, 4 beside each other: the last row has two
  const to = (/** @type {string} */ key, /** @type {number} */ at, ctrlKey = false) => placeFor({ key, ctrlKey }, at, 10, 4, 2);
  assert.deepEqual(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].map((key) => to(key, 5)), [4, 6, 1, 9]);
  assert.equal(to("ArrowDown", 7), 9, "to the last where nothing is below");
  assert.equal(to("ArrowDown", 9), 9);
  assert.equal(to("ArrowUp", 2), 2);
  assert.equal(to("ArrowLeft", 0), 0);
  assert.equal(to("ArrowRight", 9), 9);
  assert.deepEqual([to("Home", 6), to("End", 6), to("End", 8)], [4, 7, 9]);
  assert.deepEqual([to("Home", 6, true), to("End", 2, true)], [0, 9]);
  assert.deepEqual([to("PageDown", 1), to("PageUp", 9), to("PageUp", 5)], [9, 1, 1]);
  assert.equal(to("x", 3), null);
});

test("what was used last is kept, within the bytes", () => {
  /** @type {string[]} */
  const gone = [];
  const kept = createKept(100, (/** @type {string} */ value) => gone.push(value));
  kept.put(1, "a", 40);
  kept.put(2, "b", 40);
  kept.get(1);
  kept.put(3, "c", 40);
  assert.deepEqual(gone, ["b"]);
  assert.equal(kept.bytes, 80);
  kept.put(1, "d", 30);
  assert.deepEqual([gone, kept.bytes, kept.get(1)], [["b", "a"], 70, "d"]);
  kept.put(4, "huge", 500);
  assert.deepEqual([kept.size, kept.has(4)], [1, true]);
  kept.clear();
  assert.deepEqual([kept.bytes, gone.length], [0, 5]);
});

test("numbers in words", () => {
  assert.deepEqual([0, 999, 1000, 12_345, 1e6].map(whole), ["0", "999", "1\u202f000", "12\u202f345", "1\u202f000\u202f000"]);
  assert.deepEqual([7, 999, 1004, 9949, 9950, 123_456, 999_499, 1_200_000].map(brief),
    ["7", "999", "1.0k", "9.9k", "10k", "123k", "999k", "1.2M"]);
});
