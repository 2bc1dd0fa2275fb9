import assert from "node:assert/strict";
import { test } from "node:test";
import { timeText } from "../src/view/kinds.js";

/** @param {number | null} rate @param {number} span */
const store = (rate, span) => /** @type {any} */ ({ meta: { rate, span } });

test("a time is read to what can be told apart on the screen", () => {
  assert.equal(timeText(store(16_000, 1e6), 520_000), "32.5");
  assert.equal(timeText(store(200, 1600), 424), "2.12");
  assert.equal(timeText(store(null, 100), 42.9), "42");
});

test("the two ends of what a step sees are told apart", () => {
  const ends = [519_998, 520_007].map((at) => timeText(store(16_000, 1e6), at, 9));
  assert.deepEqual(ends, ["32.49988", "32.50044"]);
  assert.equal(timeText(store(200, 1600), 424, 105), "2.12");
});
