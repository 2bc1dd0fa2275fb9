import assert from "node:assert/strict";
import { test } from "node:test";
import { toneOf, widthOf } from "../src/lib/contours.js";
import { labelSpots } from "../src/lib/labels.js";

const SIZE = /** @type {const} */ ([200, 300]);
const TALL = 12;

/**
 * @param {number} cx @param {number} cy @param {number} r
 * @param {string} text
 */
const circle = (cx, cy, r, text) => ({
  points: Float32Array.from({ length: 256 }, (_, i) => {
    const at = (2 * Math.PI * (i >> 1)) / 128;
    return i % 2 ? cy + r * Math.sin(at) : cx + r * Math.cos(at);
  }),
  closed: true, text, width: 26,
});

/** @param {{x: number, y: number}} spot */
const box = ({ x, y }) => ({ left: x - 13, right: x + 13, top: y - TALL / 2, bottom: y + TALL / 2 });

/** @param {{x: number, y: number}} a @param {{x: number, y: number}} b */
const overlap = (a, b) => {
  const [p, q] = [box(a), box(b)];
  return p.left < q.right && q.left < p.right && p.top < q.bottom && q.top < p.bottom;
};

test("a number stands beside its line, near it, and does not cover it", () => {
  const line = circle(150, 100, 60, "0.5");
  const [spot] = labelSpots([line], SIZE, TALL);
  assert.equal(spot.text, "0.5");
  const { left, right, top, bottom } = box(spot);
  let nearest = Infinity;
  for (let i = 0; i < line.points.length; i += 2) {
    const [x, y] = [line.points[i], line.points[i + 1]];
    assert.ok(!(x > left && x < right && y > top && y < bottom), `the line passes (${x}, ${y})`);
    nearest = Math.min(nearest, Math.hypot(x - spot.x, y - spot.y));
  }
  assert.ok(nearest < 26, `${nearest} pixels away`);
});

test("numbers of nested lines do not cover each other, and stay inside", () => {
  const lines = [20, 35, 50, 65, 80].map((r) => circle(120, 95, r, String(r)));
  const spots = labelSpots(lines, SIZE, TALL);
  assert.equal(spots.length, 5);
  assert.equal(new Set(spots.map(({ text }) => text)).size, 5);
  spots.forEach((a, i) => {
    const { left, right, top, bottom } = box(a);
    assert.ok(left >= 0 && top >= 0 && right <= 300 && bottom <= 200);
    for (const b of spots.slice(i + 1)) assert.ok(!overlap(a, b), `${a.text} on ${b.text}`);
  });
});

test("dust has no number, and no picture is too small", () => {
  assert.deepEqual(labelSpots([circle(50, 50, 3, "0.1")], SIZE, TALL), []);
  assert.deepEqual(labelSpots([circle(5, 5, 40, "0.1")], [10, 10], TALL), []);
  assert.deepEqual(labelSpots([], SIZE, TALL), []);
  assert.deepEqual(labelSpots([{ points: new Float32Array(0), closed: false, text: "", width: 9 }], SIZE, TALL), []);
});

test("the higher the level, the wider its line; the usual three look as they are drawn in the spec", () => {
  assert.deepEqual([0.25, 0.5, 0.75].map(widthOf), [1.2, 1.5, 2]);
  assert.deepEqual([0.25, 0.5, 0.75].map(toneOf), [0.25, 0.6, 0.97]);
  const shares = Array.from({ length: 10 }, (_, i) => (i + 1) / 10);
  shares.slice(1).forEach((share, i) => {
    assert.ok(widthOf(share) > widthOf(shares[i]));
    assert.ok(toneOf(share) > toneOf(shares[i]) && toneOf(share) <= 1);
  });
});
