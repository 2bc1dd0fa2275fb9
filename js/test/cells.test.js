import assert from "node:assert/strict";
import { test } from "node:test";
import { cellAt, cellRank, cellRect, strongest } from "../src/lib/cells.js";

test("cellAt and cellRect agree on oblong grids and pictures", () => {
  for (const [grid, W, H] of /** @type {Array<[[number, number], number, number]>} */ ([
    [[13, 13], 376, 376], [[3, 5], 376, 200], [[1, 1], 10, 10], [[7, 9], 101, 333],
  ])) {
    for (let row = 0; row < grid[0]; row++) {
      for (let col = 0; col < grid[1]; col++) {
        const { x, y, width, height } = cellRect(row, col, grid, W, H);
        const found = cellAt(x + width / 2, y + height / 2, grid, W, H);
        assert.deepEqual(found, { row, col, index: row * grid[1] + col });
      }
    }
  }
});

test("cellAt at the borders and outside", () => {
  assert.deepEqual(cellAt(0, 0, [2, 4], 100, 50), { row: 0, col: 0, index: 0 });
  assert.deepEqual(cellAt(99.99, 49.99, [2, 4], 100, 50), { row: 1, col: 3, index: 7 });
  for (const [x, y] of [[100, 10], [10, 50], [-0.01, 5], [NaN, 5]]) assert.equal(cellAt(x, y, [2, 4], 100, 50), null);
});

test("cellRank in words", () => {
  const values = Array.from({ length: 100 }, (_, i) => i - 20);
  assert.deepEqual(cellRank(values, 99), { text: "strongest", place: 1, share: 0.01 });
  assert.equal(cellRank(values, 98).text, "top 5 %");
  assert.equal(cellRank(values, 95).text, "top 5 %");
  assert.equal(cellRank(values, 94).text, "top 10 %");
  assert.equal(cellRank(values, 45).text, "lower half");
  assert.equal(cellRank(values, 20).text, "zero");
  assert.equal(cellRank(values, 19).text, "below zero");
  assert.equal(cellRank([1, NaN], 1).text, "no number");
});

test("equal cells share the better place; a strongest but negative cell is still below zero", () => {
  assert.equal(cellRank([5, 5, 1], 1).place, 1);
  assert.equal(cellRank([-1, -2], 0).text, "below zero");
});

test("strongest: sorted, only positive, no more than asked", () => {
  const column = [0, 0.64, -0.25, 0.01, 0.63, NaN, NaN, 0.59];
  assert.deepEqual(strongest(column, 3), [
    { target: 1, value: 0.64 }, { target: 4, value: 0.63 }, { target: 7, value: 0.59 },
  ]);
  assert.deepEqual(strongest([0, 0, NaN, 9], 3), [{ target: 3, value: 9 }]);
  assert.deepEqual(strongest([], 3), []);
  assert.deepEqual(strongest(column, 0), []);
});
