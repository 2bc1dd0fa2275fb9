import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsIn, stepIn, together } from "../src/lib/matrix.js";

test("as many columns as fit: the first, the last, and others evenly between", () => {
  assert.deepEqual(columnsIn(5, 470, 4), [0, 1, 2, 3, 4]);
  assert.deepEqual(columnsIn(5, 390, 4), [0, 1, 3, 4]);
  assert.deepEqual(columnsIn(9, 470, 8), [0, 2, 4, 6, 8]);
  assert.deepEqual(columnsIn(4, 257, 3), [0, 3]);
  assert.deepEqual(columnsIn(4, 100, -1), [3]);
  assert.deepEqual(columnsIn(0, 470, -1), []);
});

test("the chosen one is among them", () => {
  for (let count = 1; count < 12; count++) {
    for (let chosen = 0; chosen < count; chosen++) {
      for (const room of [150, 257, 390, 470, 710]) {
        const picked = columnsIn(count, room, chosen);
        assert.ok(picked.includes(chosen), `${chosen} of ${count} in ${room}`);
        assert.deepEqual(picked, [...new Set(picked)].sort((a, b) => a - b));
      }
    }
  }
});

test("keys walk in the grid and stay at its edges", () => {
  const from = { row: 1, col: 2 };
  const go = (/** @type {string} */ key, at = from) => stepIn(key, at, 9, 4);
  assert.deepEqual(go("ArrowUp"), { row: 0, col: 2 });
  assert.deepEqual(go("ArrowDown"), { row: 2, col: 2 });
  assert.deepEqual(go("ArrowLeft"), { row: 1, col: 1 });
  assert.deepEqual(go("ArrowRight"), { row: 1, col: 3 });
  assert.deepEqual(go("Home"), { row: 1, col: 0 });
  assert.deepEqual(go("End"), { row: 1, col: 3 });
  assert.deepEqual(go("PageDown"), { row: 6, col: 2 });
  assert.deepEqual(go("PageUp"), { row: 0, col: 2 });
  assert.deepEqual(go("ArrowUp", { row: 0, col: 0 }), { row: 0, col: 0 });
  assert.deepEqual(go("ArrowRight", { row: 8, col: 3 }), { row: 8, col: 3 });
  for (const key of ["m", "Enter", " ", "Escape", "Tab"]) assert.equal(go(key), null);
});

test("one scale for several maps", () => {
  assert.deepEqual(together([{ lo: 0, hi: 2, max: 2, min: -5 }, { lo: -1, hi: 1, max: 1, min: -1 }]),
    { lo: -1, hi: 2, max: 2, min: -5 });
  assert.equal(together([]), null);
});
