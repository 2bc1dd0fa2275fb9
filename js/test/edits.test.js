import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeEdited, Malformed } from "../src/decode.js";
import { boxOf, extended, extremes, headingOf, pixelAt, strokeAt, tooMany } from "../src/lib/edits.js";
import { MOST_EDITS, MOST_POINTS } from "../src/protocol.js";

const MANNER = /** @type {const} */ ({ mode: "cover", fill: "mean" });

test("spots become pixels of the input, x first, rounded as the kernel rounds", () => {
  assert.deepEqual(pixelAt({ fx: 0.5, fy: 0.25 }, [40, 300]), [150, 10]);
  assert.deepEqual(pixelAt({ fx: 1 / 3, fy: 0 }, [192, 192]), [64, 0]);
  assert.deepEqual(pixelAt({ fx: 1 / 7, fy: 1 - 1e-9 }, [10, 10]), [1.43, 10]);
});

test("a stroke grows by what can be seen, and always as far as its end", () => {
  const dot = strokeAt([10, 10], 20, MANNER);
  assert.deepEqual(dot, { tool: "stroke", ...MANNER, points: [[10, 10]], radius: 20 });
  assert.equal(extended(dot, [12, 10]), dot);
  const longer = extended(dot, [15, 10]);
  assert.deepEqual(longer.points, [[10, 10], [15, 10]]);
  assert.deepEqual(dot.points, [[10, 10]], "what was sent is not written to");
  assert.deepEqual(extended(longer, [16, 10], true).points, [[10, 10], [15, 10], [16, 10]]);
  assert.equal(extended(longer, [15, 10], true), longer);
  assert.equal(strokeAt([1, 1], 0.01, MANNER).radius, 0.5);
});

test("a box is drawn from any corner, and a mere click draws none", () => {
  const box = { tool: "box", ...MANNER, points: [2, 3, 9, 7] };
  for (const [from, to] of [[[2, 3], [9, 7]], [[9, 7], [2, 3]], [[2, 7], [9, 3]]]) {
    assert.deepEqual(boxOf(/** @type {any} */ (from), /** @type {any} */ (to), MANNER), box);
  }
  assert.equal(boxOf([2, 3], [2.5, 9], MANNER), null);
});

test("limits are the kernel's", () => {
  const dot = strokeAt([1, 1], 5, MANNER);
  assert.equal(tooMany(new Array(MOST_EDITS).fill(dot)), false);
  assert.equal(tooMany(new Array(MOST_EDITS + 1).fill(dot)), true);
  const long = { ...dot, points: new Array(MOST_POINTS).fill([1, 1]) };
  assert.equal(tooMany([long]), false);
  assert.equal(tooMany([long, dot]), true);
});

test("the heading says what was done", () => {
  const dot = strokeAt([1, 1], 5, MANNER);
  assert.equal(headingOf([dot]), "After covering a part");
  assert.equal(headingOf([{ ...dot, fill: "blur" }]), "After blurring a part");
  assert.equal(headingOf([{ ...dot, fill: "blur" }, dot]), "After covering a part");
  assert.equal(headingOf([{ ...dot, fill: "noise" }, { ...dot, mode: "uncover" }]), "After noise over a part");
  assert.equal(headingOf([dot, { ...dot, mode: "keep" }]), "After keeping a part only");
});

test("who fell and who rose most", () => {
  assert.deepEqual(extremes([0.9, 0.1, 0.3], [0.2, 0.15, 0.9]), { fallen: 0, risen: 2 });
  assert.deepEqual(extremes([0.9, 0.1], [0.9, 0.1]), { fallen: null, risen: null });
});

test("what the kernel sent is checked", () => {
  const stroke = { tool: "stroke", mode: "cover", fill: "mean", points: [[1, 2]], radius: 3 };
  const box = { tool: "box", mode: "keep", fill: "blur", points: [1, 2, 3, 4] };
  const data = new DataView(Uint8Array.of(1, 2).buffer);
  const found = decodeEdited({ edits: [stroke, box], covered: 0.25, data });
  assert.deepEqual([found.edits, found.covered, [...found.data]], [[stroke, box], 0.25, [1, 2]]);
  for (const nothing of [null, undefined, {}, [], 5]) assert.deepEqual(decodeEdited(nothing).edits, []);
  for (const wrong of [
    { ...stroke, tool: "lasso" }, { ...stroke, mode: "" }, { ...stroke, fill: "red" }, { ...stroke, radius: 0 },
    { ...stroke, points: [] }, { ...stroke, points: [[1]] }, { ...stroke, points: [[1, NaN]] }, { ...box, points: [1, 2] }, null, 3,
  ]) assert.throws(() => decodeEdited({ edits: [wrong], covered: 0, data }), Malformed);
  assert.throws(() => decodeEdited({ edits: "all", covered: 0, data }), Malformed);
});
