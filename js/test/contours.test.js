import assert from "node:assert/strict";
import { test } from "node:test";
import { contours } from "../src/lib/contours.js";

/**
 * @param {number} size
 * @param {(x: number, y: number) => number} f  of pixel centres
 */
const field = (size, f) =>
  Float32Array.from({ length: size * size }, (_, i) => f((i % size) + 0.5, Math.floor(i / size) + 0.5));

/** @param {number} cx @param {number} cy @param {number} r */
const disc = (cx, cy, r) => (/** @type {number} */ x, /** @type {number} */ y) => r - Math.hypot(x - cx, y - cy);

test("a disc is one closed ring of the right size and place", () => {
  const rings = contours(field(64, disc(30, 34, 12)), [64, 64], 0);
  assert.equal(rings.length, 1);
  assert.equal(rings[0].closed, true);
  assert.ok(Math.abs(rings[0].area - Math.PI * 144) < 4, `area ${rings[0].area}`);
  for (let k = 0; k < rings[0].points.length; k += 2) {
    const r = Math.hypot(rings[0].points[k] - 30, rings[0].points[k + 1] - 34);
    assert.ok(Math.abs(r - 12) < 0.05, `radius ${r}`);
  }
});

test("a ring's points follow one another, none twice", () => {
  const [{ points }] = contours(field(64, disc(32, 32, 20)), [64, 64], 0);
  const seen = new Set();
  for (let k = 0; k < points.length; k += 2) {
    const n = (k + 2) % points.length;
    assert.ok(Math.hypot(points[n] - points[k], points[n + 1] - points[k + 1]) < 1.5);
    seen.add(`${points[k]} ${points[k + 1]}`);
  }
  assert.equal(seen.size, points.length / 2);
});

test("a line that meets the border is open and whole", () => {
  const lines = contours(field(20, (x) => x), [20, 20], 7.25);
  assert.equal(lines.length, 1);
  assert.equal(lines[0].closed, false);
  assert.equal(lines[0].points.length, 2 * 20);
  for (let k = 0; k < 40; k += 2) assert.ok(Math.abs(lines[0].points[k] - 7.25) < 1e-5);
});

test("an arch that begins and ends at the border is one line, though its top is found first", () => {
  const lines = contours(field(40, disc(20, 40, 15)), [40, 40], 0);
  assert.equal(lines.length, 1);
  assert.equal(lines[0].closed, false);
});

test("two discs are two rings; a ring within a ring is kept", () => {
  const two = field(64, (x, y) => Math.max(disc(16, 16, 8)(x, y), disc(48, 48, 5)(x, y)));
  const areas = contours(two, [64, 64], 0).map((c) => Math.round(c.area / Math.PI)).sort((a, b) => a - b);
  assert.equal(areas.length, 2);
  assert.ok(Math.abs(areas[0] - 25) <= 1 && Math.abs(areas[1] - 64) <= 1, String(areas));
  const torus = field(64, (x, y) => 4 - Math.abs(Math.hypot(x - 32, y - 32) - 16));
  assert.equal(contours(torus, [64, 64], 0).filter((c) => c.closed).length, 2);
});

test("a saddle joins what its mean says", () => {
  const low = contours([1, 0, 0, 1], [2, 2], 0.6);
  const high = contours([1, 0, 0, 1], [2, 2], 0.4);
  assert.equal(low.length, 2);
  assert.equal(high.length, 2);
  // Below the mean the high corners stay apart: each line cuts off one of them.
  const cutsTopLeft = (/** @type {Float32Array} */ p) => p[0] + p[1] + p[2] + p[3] < 3;
  assert.equal(low.filter((c) => cutsTopLeft(c.points)).length, 1);
  // Lines that cut off the low corners leave the top left corner's two edges to different lines.
  assert.equal(high.filter((c) => cutsTopLeft(c.points)).length, 0);
});

test("every corner pattern is closed when framed by lower values", () => {
  for (let pattern = 0; pattern < 512; pattern++) {
    const values = new Float32Array(25);
    for (let b = 0; b < 9; b++) if (pattern & (1 << b)) values[(1 + Math.floor(b / 3)) * 5 + 1 + (b % 3)] = 1;
    const found = contours(values, [5, 5], 0.5);
    assert.ok(found.every((c) => c.closed), `pattern ${pattern} leaves an open line`);
    assert.equal(found.length > 0, pattern > 0);
  }
});

test("nothing to draw: flat, one row, no numbers", () => {
  assert.deepEqual(contours(new Float32Array(16), [4, 4], 0.5), []);
  assert.deepEqual(contours(Float32Array.of(0, 1, 0), [1, 3], 0.5), []);
  assert.deepEqual(contours(new Float32Array(16).fill(NaN), [4, 4], 0.5), []);
});
