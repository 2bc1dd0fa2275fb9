import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { upsample } from "../src/lib/upsample.js";

/**
 * @typedef {[number, number]} Size
 * @typedef {{mode: "bicubic" | "bilinear", from: Size, to: Size, values: number[], expected: number[]}} Case
 * @typedef {Omit<Case, "expected"> & {place: Array<[number, number]>, expected: Array<number | null>}} Placed
 */

/** @type {Case[]} */
const cases = JSON.parse(readFileSync(new URL("fixtures/upsample.json", import.meta.url), "utf8"));

/** @type {Placed[]} */
const placed = JSON.parse(readFileSync(new URL("fixtures/placed.json", import.meta.url), "utf8"));

for (const { mode, from, to, place, values, expected } of placed) {
  test(`${mode} ${from} -> ${to}, placed at ${place.join(" and ")}, equals torch, and is no number beyond`, () => {
    const out = upsample(values, from, to, mode, undefined, place);
    assert.equal(out.length, expected.length);
    expected.forEach((due, i) => {
      if (due === null) assert.ok(Number.isNaN(out[i]));
      else assert.ok(Math.abs(out[i] - due) <= 1e-5, `off by ${out[i] - due}`);
    });
  });
}

for (const { mode, from, to, values, expected } of cases) {
  test(`${mode} ${from} -> ${to} equals torch`, () => {
    const out = upsample(values, from, to, mode);
    assert.equal(out.length, expected.length);
    const worst = Math.max(...expected.map((due, i) => Math.abs(out[i] - due)));
    assert.ok(worst <= 1e-5, `off by ${worst}`);
  });
}

test("the fixtures hold what matters: one-cell, oblong, odd and shrinking sizes, both modes", () => {
  assert.deepEqual(new Set(cases.map((c) => c.mode)), new Set(["bicubic", "bilinear"]));
  assert.ok(cases.some((c) => c.from[0] === 1 && c.from[1] === 1));
  assert.ok(cases.some((c) => c.from[0] !== c.from[1] && c.to[0] % 2 === 1));
  assert.ok(cases.some((c) => c.to[0] < c.from[0]));
  assert.ok(cases.some((c) => c.values.some((v) => v < 0)));
});

test("bicubic overshoots, bilinear does not", () => {
  const step = [0, 0, 1, 1];
  assert.ok(Math.max(...upsample(step, [1, 4], [1, 64], "bicubic")) > 1.01);
  assert.equal(Math.max(...upsample(step, [1, 4], [1, 64], "bilinear")), 1);
});

test("a picture's worth is a frame's work", () => {
  const values = Float32Array.from({ length: 196 }, (_, i) => Math.sin(1.7 * i));
  const times = Array.from({ length: 9 }, () => {
    const start = performance.now();
    upsample(values, [14, 14], [512, 512], "bicubic");
    return performance.now() - start;
  });
  // About 1.5 ms; the bound only tells a frame from a stall, on the slowest machine that runs tests.
  assert.ok(Math.min(...times) < 16, `took ${Math.min(...times)} ms`);
});
