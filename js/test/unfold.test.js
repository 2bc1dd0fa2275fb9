import assert from "node:assert/strict";
import { test } from "node:test";
import { axis, carried, power, reach, shareText, without } from "../src/lib/unfold.js";

/** @param {number} number @param {number[]} values */
const channel = (number, values) => ({
  number, weight: 0, plain: null, sum: values.reduce((a, b) => a + b, 0), weights: null,
  contribution: { values: Float32Array.from(values), grid: [1, 2] },
  activation: { values: new Float32Array(2), grid: [1, 2] },
});

const A = channel(3, [1, 2]);
const B = channel(5, [-4, 0.5]);
const MAP = { values: Float32Array.of(10, -1), grid: [1, 2] };

test("without: the sum less what is off, and the map itself as it was", () => {
  assert.deepEqual([...without(MAP, [A]).values], [9, -3]);
  assert.deepEqual([...without(MAP, [A, B]).values], [13, -3.5]);
  assert.deepEqual([...without(MAP, []).values], [10, -1]);
  assert.deepEqual([...MAP.values], [10, -1]);
  assert.deepEqual(without(MAP, [A]).grid, [1, 2]);
});

test("without: parts that cancel leave no dust of single precision", () => {
  const large = channel(0, [1e7, 0]);
  const less = channel(1, [-1e7, 0]);
  assert.deepEqual([...without({ values: Float32Array.of(0.5, 0), grid: [1, 2] }, [large, less]).values], [0.5, 0]);
});

test("carried adds up the channels that are shown", () => {
  assert.equal(carried(/** @type {any} */ ({ channels: [A, B] })), -0.5);
});

test("reach passes over what is no number", () => {
  assert.equal(reach([1, -3, NaN, 2]), 3);
  assert.equal(reach([]), 0);
});

test("an axis holds zero and all numbers", () => {
  const { zero, at } = axis([3, -1]);
  assert.equal(zero, 25);
  assert.equal(at(3), 100);
  assert.equal(at(-1), 0);
  assert.equal(axis([2, 4]).zero, 0);
  assert.equal(axis([-2, -4]).zero, 100);
  assert.deepEqual([axis([0, 0]).zero, axis([0]).at(0), axis([NaN, 1]).at(NaN)], [0, 0, 0]);
});

test("power brings small and large numbers near 1", () => {
  assert.deepEqual(power(0.37e-3), { factor: 1e4, text: " · 10⁴" });
  assert.deepEqual(power(0.4), { factor: 1, text: "" });
  assert.deepEqual(power(12), { factor: 1, text: "" });
  assert.deepEqual(power(5e12).text, " · 10⁻¹²");
  assert.ok(Math.abs(5e12 * power(5e12).factor - 5) < 1e-9);
  assert.deepEqual([power(0), power(NaN)], [{ factor: 1, text: "" }, { factor: 1, text: "" }]);
});

test("shares have a real minus, and none where the whole is nothing", () => {
  assert.deepEqual([0.271, -0.12, 0.031, 1.5, 0, -0.0001].map(shareText), ["27 %", "−12 %", "3.1 %", "150 %", "0.0 %", "0.0 %"]);
  assert.deepEqual([NaN, Infinity, 12, -1e9].map(shareText), ["–", "–", "–", "–"]);
});
