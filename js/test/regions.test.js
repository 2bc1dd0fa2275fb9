import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  boundsOf, boxOf, contains, cornersText, coverage, moved, outlineFrom, positiveShare, readRegion, shareOf, sized,
} from "../src/lib/regions.js";
import { REGION_POINTS } from "../src/protocol.js";

const INPUT = [64, 96];

/** @param {ArrayLike<number>} found @param {number[]} wanted @param {number} [by] */
function close(found, wanted, by = 1e-12) {
  assert.equal(found.length, wanted.length);
  wanted.forEach((v, i) => assert.ok(Math.abs(found[i] - v) <= by, `${i}: ${found[i]}, not ${v}`));
}

/** @param {number} radius @param {number} x @param {number} y @param {number} [n] @returns {Array<[number, number]>} */
const circle = (radius, x, y, n = 400) => Array.from({ length: n }, (_, i) =>
  [x + radius * Math.cos((2 * Math.PI * i) / n), y + radius * Math.sin((2 * Math.PI * i) / n)]);

test("of a box, cells count by the area that lies in it", () => {
  // cells are 32 high and 32 wide
  close(coverage([16, 0, 64, 32], [2, 3], INPUT, null), [0.5, 1, 0, 0, 0, 0]);
  close(coverage([16, 16, 48, 40], [2, 3], INPUT, null), [0.25, 0.25, 0, 0.125, 0.125, 0]);
  close(coverage([0, 0, 96, 64], [2, 3], INPUT, null), [1, 1, 1, 1, 1, 1]);
  assert.equal(shareOf([0, 0, 48, 32], INPUT), 0.25);
});

test("an outline that is a box covers what the box covers", () => {
  for (const [x0, y0, x1, y1] of [[16, 8, 64, 40], [0, 0, 96, 64], [3.5, 7.25, 88, 61]]) {
    const outline = /** @type {any} */ ([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]);
    for (const grid of [[2, 3], [7, 7], [13, 5]]) {
      close(coverage(outline, grid, INPUT, null), [...coverage([x0, y0, x1, y1], grid, INPUT, null)], 0.02);
    }
    assert.ok(Math.abs(shareOf(outline, INPUT) - shareOf([x0, y0, x1, y1], INPUT)) < 1e-3);
  }
});

test("a circle has the area of a circle, whichever way it is drawn", () => {
  const area = Math.PI * 400;
  for (const points of [circle(20, 48, 32), circle(20, 48, 32).reverse()]) {
    assert.ok(Math.abs(shareOf(points, INPUT) * 64 * 96 - area) < 0.002 * area);
    const cells = coverage(points, [8, 12], INPUT, null).reduce((sum, share) => sum + share * 64, 0);
    assert.ok(Math.abs(cells - area) < 0.002 * area);
  }
});

test("what an outline goes around twice counts once, and so does the middle of a star", () => {
  const ring = circle(20, 48, 32);
  assert.ok(Math.abs(shareOf([...ring, ...ring], INPUT) - shareOf(ring, INPUT)) < 1e-9);
  const star = /** @type {Array<[number, number]>} */ ([0, 2, 4, 1, 3].map((i) => circle(20, 48, 32, 5)[i]));
  assert.ok(contains(star, [48, 32]));
});

test("cells are covered where they are placed", () => {
  const place = /** @type {const} */ ([[0.25, 0.25], [0.25, 0.25]]); // three cells from an eighth of the picture on
  close(coverage([0, 0, 96, 64], [3, 3], INPUT, place), new Array(9).fill(1));
  close(coverage([12, 8, 36, 24], [3, 3], INPUT, place), [1, 0, 0, 0, 0, 0, 0, 0, 0]);
  close(coverage([0, 0, 12, 8], [3, 3], INPUT, place), new Array(9).fill(0));
  // the first cell lies half outside of the picture: the part on it counts
  close(coverage([0, 0, 6, 64], [1, 3], INPUT, [[0.5, 1], [0, 0.25]]), [0.5, 0, 0]);
});

test("the numbers are Python's", () => {
  const cases = JSON.parse(readFileSync(new URL("fixtures/regions.json", import.meta.url), "utf8"));
  assert.ok(cases.length >= 10);
  for (const { region, grid, input, place, expected } of cases) close(coverage(region, grid, input, place), expected, 1e-6);
});

test("a box has whole pixels, lies on the picture and is never empty", () => {
  assert.deepEqual(boxOf([10.4, 20.6], [3.2, 50.1], INPUT), [3, 21, 10, 50]);
  assert.deepEqual(boxOf([-5, -5], [500, 500], INPUT), [0, 0, 96, 64]);
  assert.deepEqual(boxOf([10, 10], [10, 10], INPUT), [10, 10, 11, 11]);
  assert.deepEqual(boxOf([96, 64], [96, 64], INPUT), [95, 63, 96, 64]);
});

test("a drawn line becomes an outline: on the picture, rounded, not too long, and none where it goes around nothing", () => {
  const drawn = outlineFrom([[1.26, 2], [1.26, 2], [50, -3], [200, 70]], INPUT);
  assert.deepEqual(drawn, [[1.3, 2], [50, 0], [96, 64]]);
  const long = outlineFrom(circle(20, 48, 32, 10_000), INPUT);
  assert.ok(long && long.length <= REGION_POINTS && long.length > REGION_POINTS / 2);
  assert.equal(outlineFrom([[1, 1], [2, 2]], INPUT), null);
  assert.equal(outlineFrom([[1, 1], [20, 20], [40, 40]], INPUT), null);
  assert.equal(outlineFrom([], INPUT), null);
});

test("moved and sized, a region stays on the picture", () => {
  assert.deepEqual(moved([10, 10, 30, 20], 5, -3, INPUT), [15, 7, 35, 17]);
  assert.deepEqual(moved([10, 10, 30, 20], 500, -500, INPUT), [76, 0, 96, 10]);
  assert.deepEqual(sized([10, 10, 30, 20], 5, -3, INPUT), [10, 10, 35, 17]);
  assert.deepEqual(sized([10, 10, 30, 20], -500, 500, INPUT), [10, 10, 11, 64]);
  const triangle = /** @type {any} */ ([[10, 10], [30, 10], [10, 20]]);
  assert.deepEqual(moved(triangle, 1, 2, INPUT), [[11, 12], [31, 12], [11, 22]]);
  assert.deepEqual(sized(triangle, 20, 10, INPUT), [[10, 10], [50, 10], [10, 30]]);
  assert.deepEqual(boundsOf(triangle), [10, 10, 30, 20]);
  assert.equal(cornersText(triangle), "10, 10 to 30, 20");
});

test("what is no region is none", () => {
  for (const bad of [null, undefined, 7, "box", {}, [], [1, 2, 3], [1, 2, 3, NaN], [1, 2, 3, "4"], [3, 2, 1, 4], [1, 2, 1, 4],
    [[1, 2], [3, 4]], [[1, 2], [3, 4], [5]], [[1, 2], [3, 4], 5], [[1, 2], [3, 4], [5, Infinity]],
    new Array(REGION_POINTS + 1).fill([1, 2])]) {
    assert.equal(readRegion(bad), null, JSON.stringify(bad));
  }
  const box = [1, 2, 3, 4];
  assert.equal(readRegion(box), box, "the same object, so that it can be told from another");
});

test("the share of the positive evidence", () => {
  const values = Float32Array.of(2, -4, 6, 0);
  assert.equal(positiveShare(values, Float64Array.of(1, 1, 0.5, 1)), 5 / 8);
  assert.ok(Number.isNaN(positiveShare(Float32Array.of(-1, 0), Float64Array.of(1, 1))));
});
