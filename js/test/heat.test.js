import assert from "node:assert/strict";
import { test } from "node:test";
import { alpha, empty, FULL_FROM, fold, folded, limits, paint, rampStops, ticks } from "../src/lib/heat.js";
import { SIGNS } from "../src/protocol.js";

/** Index i is coloured (i, 255 - i, 7). */
const LUT = Uint8Array.from({ length: 1024 }, (_, k) => [k >> 2, 255 - (k >> 2), 7, 255][k & 3]);

/** @typedef {import("../src/protocol.js").Sign} Sign */

/**
 * @param {number[]} values
 * @param {Sign} sign
 * @param {{opacity?: number, threshold?: number}} [how]
 */
function painted(values, sign, { opacity = 0.62, threshold = 0 } = {}) {
  const { lo, hi } = limits(values, sign);
  const rgba = new Uint8ClampedArray(4 * values.length).fill(99);
  paint(values, LUT, rgba, { lo, hi, sign, opacity, threshold });
  return values.map((_, i) => [...rgba.slice(4 * i, 4 * i + 4)]);
}

test("limits of each sign", () => {
  const values = [-3, 1, 2, NaN];
  assert.deepEqual(limits(values, "positive"), { lo: 0, hi: 2, max: 2, min: -3 });
  assert.deepEqual(limits(values, "signed"), { lo: -3, hi: 3, max: 2, min: -3 });
  assert.deepEqual(limits(values, "absolute"), { lo: 0, hi: 3, max: 2, min: -3 });
  assert.deepEqual(limits(values, "negative"), { lo: 0, hi: 3, max: 2, min: -3 });
  assert.deepEqual(limits([1, 2], "negative"), { lo: 0, hi: 0, max: 2, min: 1 });
});

test("limits of a blank, an empty and an infinite map", () => {
  assert.deepEqual(limits([-0.31, -0.02], "positive"), { lo: 0, hi: 0, max: -0.02, min: -0.31 });
  assert.deepEqual(limits([], "signed"), { lo: 0, hi: 0, max: 0, min: 0 });
  assert.deepEqual(limits([Infinity, 2, -Infinity], "positive"), { lo: 0, hi: 2, max: 2, min: 2 });
  assert.ok(Object.is(limits([0, 0], "signed").lo, 0));
});

test("opacity follows the value up to 45 % of the limit", () => {
  const rule = { lo: 0, hi: 2, sign: /** @type {const} */ ("positive"), opacity: 0.62, threshold: 0 };
  assert.equal(alpha(0, rule), 0);
  assert.equal(alpha(-1, rule), 0);
  assert.ok(Math.abs(alpha(0.45, rule) - 0.31) < 1e-12);
  assert.equal(alpha(2 * FULL_FROM, rule), 0.62);
  assert.equal(alpha(2, rule), 0.62);
  assert.equal(alpha(0.45, { ...rule, threshold: 0.3 }), 0);
});

test("positive: negative values leave the photo bare, the top has the last colour", () => {
  const [below, zero, middle, top] = painted([-1, 0, 0.5, 1], "positive");
  assert.deepEqual(below, [0, 0, 0, 0]);
  assert.deepEqual(zero, [0, 0, 0, 0]);
  assert.deepEqual(middle, [128, 127, 7, 158]);
  assert.deepEqual(top, [255, 0, 7, 158]);
});

test("alpha matches the rule within one level everywhere", () => {
  const values = Array.from({ length: 400 }, (_, i) => i / 399);
  painted(values, "positive").forEach(([, , , a], i) => {
    const due = 255 * 0.62 * Math.min(1, values[i] / 0.45);
    assert.ok(Math.abs(a - due) <= 1, `${a} instead of ${due}`);
  });
});

test("signed: both ends in full, the middle bare", () => {
  const [low, zero, high] = painted([-2, 0, 2], "signed");
  assert.deepEqual(low, [0, 255, 7, 158]);
  assert.equal(zero[3], 0);
  assert.deepEqual(high, [255, 0, 7, 158]);
});

test("signed limits are symmetric: half of the other side is half way", () => {
  const [, half] = painted([-2, 1], "signed");
  assert.equal(half[0], 192);
});

test("absolute: size alone counts", () => {
  const [minus, plus] = painted([-2, 2], "absolute");
  assert.deepEqual(minus, plus);
  assert.equal(minus[0], 255);
});

test("threshold is a share of the limit and cuts both signs", () => {
  const cut = painted([-4, -1.9, 1.9, 2.1], "signed", { threshold: 0.5 });
  assert.deepEqual(cut.map((p) => p[3] > 0), [true, false, false, true]);
});

test("values beyond the limits are clamped, NaN is not painted", () => {
  const rgba = new Uint8ClampedArray(12);
  paint([5, NaN, Infinity], LUT, rgba, { lo: 0, hi: 1, sign: "positive", opacity: 1, threshold: 0 });
  assert.deepEqual([...rgba], [255, 0, 7, 255, 0, 0, 0, 0, 255, 0, 7, 255]);
});

test("a blank map paints nothing, in every sign", () => {
  for (const sign of SIGNS) {
    assert.deepEqual(painted([0, 0], sign), [[0, 0, 0, 0], [0, 0, 0, 0]]);
  }
  assert.deepEqual(painted([-1], "positive"), [[0, 0, 0, 0]]);
});

test("paint respects the offset of its buffer", () => {
  const large = new Uint8ClampedArray(12).fill(5);
  paint([1], LUT, large.subarray(4, 8), { lo: 0, hi: 1, sign: "positive", opacity: 1, threshold: 0 });
  assert.deepEqual([...large], [5, 5, 5, 5, 255, 0, 7, 255, 5, 5, 5, 5]);
});

test("the ramp runs between the limits, with the overlay's opacity", () => {
  const rule = { lo: -1, hi: 1, sign: /** @type {const} */ ("signed"), opacity: 0.5, threshold: 0 };
  const stops = rampStops(LUT, rule, 3);
  assert.deepEqual(stops, [
    { at: 0, color: "rgba(0, 255, 7, 0.500)" },
    { at: 0.5, color: "rgba(128, 127, 7, 0.000)" },
    { at: 1, color: "rgba(255, 0, 7, 0.500)" },
  ]);
});

test("ticks step by 1, 2 or 5 and keep clear of the limits", () => {
  assert.deepEqual(ticks(0, 0.79, 340), [0, 0.2, 0.4, 0.6]);
  assert.deepEqual(ticks(-3, 3, 340), [-2, -1, 0, 1, 2]);
  assert.deepEqual(ticks(0, 0.61, 340), [0, 0.2, 0.4]);
});

test("ticks are no closer than the least step", () => {
  assert.deepEqual(ticks(0, 2, 800, { gap: -1, least: 1 }), [0, 1, 2]);
  assert.deepEqual(ticks(0, 100, 300, { gap: -1, least: 1 }), ticks(0, 100, 300, { gap: -1 }));
});

test("ticks hold for any size of numbers, without binary dust or a signed zero", () => {
  for (const v of ticks(0, 3.1e-5, 340)) assert.ok(String(v).length < 8, String(v));
  assert.ok(ticks(-1, 1, 340).every((v) => !Object.is(v, -0)));
  for (const hi of [1e-9, 0.003, 7, 12_345, 1e12]) {
    const found = ticks(0, hi, 340);
    assert.ok(found.length >= 2 && found.length <= 7, `${found.length} ticks up to ${hi}`);
  }
  assert.deepEqual(ticks(0, 0, 340), []);
  assert.deepEqual(ticks(0, NaN, 340), []);
  assert.deepEqual(ticks(0, 1, 0), []);
});

test("the sign is dealt with before smoothing", () => {
  const values = Float32Array.of(-3, 0, 2, NaN);
  assert.deepEqual([...fold(values, "positive")], [0, 0, 2, NaN]);
  assert.deepEqual([...fold(values, "absolute")], [3, 0, 2, NaN]);
  assert.deepEqual([...fold(values, "negative")], [3, 0, 0, NaN]);
  assert.equal(fold(values, "signed"), values);
  assert.deepEqual([...values], [-3, 0, 2, NaN]);
});

test("what is folded is painted as it is", () => {
  const rule = { lo: 0, hi: 2, opacity: 1, threshold: 0 };
  for (const sign of SIGNS) {
    assert.equal(folded({ ...rule, sign }).sign, sign === "signed" ? "signed" : "positive");
  }
});

test("a map without a single number is told from a blank one", () => {
  assert.ok(empty(Float32Array.of(NaN, NaN)));
  assert.ok(!empty(Float32Array.of(NaN, 0)));
});
