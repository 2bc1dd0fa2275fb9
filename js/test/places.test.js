import assert from "node:assert/strict";
import { test } from "node:test";
import { cellAt, cellRect } from "../src/lib/cells.js";
import { contours } from "../src/lib/contours.js";
import { placeOf, seenBy } from "../src/lib/places.js";
import { upsample } from "../src/lib/upsample.js";

// SqueezeNet's last fire module: 13 cells of 224 samples, the first centred on 17.5, 16 apart.
const SPANS = /** @type {Array<[number, number, number | null]>} */ ([[17.5, 16, 155], [17.5, 16, 155]]);
const INPUT = /** @type {[number, number]} */ ([224, 224]);
const GRID = /** @type {[number, number]} */ ([13, 13]);
const PLACED = { place: SPANS, sees: SPANS, grid: GRID };

test("a layer without a place has its cells spread evenly", () => {
  assert.equal(placeOf({ place: null, grid: GRID }, INPUT, GRID), null);
  assert.equal(placeOf({ grid: GRID }, INPUT, GRID), null);
  assert.equal(placeOf(undefined, INPUT, GRID), null);
});

test("a map of the input's size is spread evenly, wherever the layer's cells are", () => {
  assert.equal(placeOf(PLACED, INPUT, INPUT), null);
});

test("a place that makes no sense is none", () => {
  for (const place of [7, [], [[1, 2, 3]], [[1, 0, 3], [1, 2, 3]], [[NaN, 2, 3], [1, 2, 3]], ["ab", "cd"]]) {
    assert.equal(placeOf({ place, grid: GRID }, INPUT, GRID), null);
    assert.equal(seenBy({ sees: place }, INPUT, [0, 0]), null);
  }
});

test("every cell is found at its centre and within its outline, and nowhere else", () => {
  const place = placeOf(PLACED, INPUT, GRID);
  for (let row = 0; row < 13; row++) {
    for (let col = 0; col < 13; col++) {
      const at = { row, col, index: 13 * row + col };
      assert.deepEqual(cellAt(17.5 + 16 * col, 17.5 + 16 * row, GRID, 224, 224, place), at);
      const { x, y, width, height } = cellRect(row, col, GRID, 224, 224, place);
      assert.ok(Math.abs(x - (9.5 + 16 * col)) < 1e-9 && Math.abs(width - 16) < 1e-9);
      assert.deepEqual(cellAt(x + 1e-6, y + height - 1e-6, GRID, 224, 224, place), at);
    }
  }
  for (const [x, y] of [[9.4, 100], [217.6, 100], [100, 9.4], [100, 217.6], [0, 0]]) {
    assert.equal(cellAt(x, y, GRID, 224, 224, place), null);
  }
});

test("a cell that juts out is outlined as far as it lies on the picture", () => {
  const place = placeOf({ place: [[0.5, 32, 9], [0.5, 32, 9]], grid: [7, 7] }, [200, 200], [7, 7]);
  const { x, y, width, height } = cellRect(0, 6, [7, 7], 200, 200, place);
  assert.deepEqual([x, y, width, height].map((v) => Math.round(1e6 * v) / 1e6), [176.5, 0, 23.5, 16.5]);
});

test("the cells of a pooled thumbnail lie around those that they are made of", () => {
  const wide = { place: [[3.5, 2, 7], [3.5, 2, 7]], grid: [108, 108] };
  const place = placeOf(wide, INPUT, [27, 27]);
  // the mean of the first four centres, and four steps on
  assert.deepEqual(place?.[0].map((v) => 224 * v), [6.5, 8]);
});

test("what a cell sees ends at the picture's edge; attention sees everything", () => {
  assert.deepEqual(seenBy(PLACED, INPUT, [0, 6])?.map((ends) => ends.map((v) => 224 * v)), [[0, 95], [36, 191]]);
  const whole = { sees: [[8, 16, null], [8, 16, null]] };
  assert.deepEqual(seenBy(whole, INPUT, [3, 3]), [[0, 1], [0, 1]]);
});

test("placed evenly is spread evenly", () => {
  const values = Float32Array.from({ length: 42 }, (_, i) => Math.sin(3 * i));
  const even = /** @type {const} */ ([[0.5 / 6, 1 / 6], [0.5 / 7, 1 / 7]]);
  for (const mode of /** @type {const} */ (["bicubic", "bilinear"])) {
    const placed = upsample(values, [6, 7], [33, 41], mode, undefined, even);
    const plain = upsample(values, [6, 7], [33, 41], mode);
    assert.ok(plain.every((v, i) => Math.abs(v - placed[i]) < 1e-5));
  }
});

test("lines do not follow the edge of what is known", () => {
  const place = placeOf(PLACED, INPUT, GRID);
  const field = upsample(new Float32Array(169).fill(1), GRID, INPUT, "bicubic", undefined, place);
  assert.equal(field.filter(Number.isNaN).length, 224 * 224 - 208 * 208);
  assert.deepEqual(contours(field, INPUT, 0.5), []);
});
