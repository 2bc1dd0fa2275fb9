import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, depthOf, flattened, sliceOf } from "../src/lib/depth.js";

const map = { values: Float32Array.from([0, 1, 4, 5, -8, 9]), grid: [3, 1, 2] };

test("the map at a slice is linear in depth, as torch's trilinear rule has it", () => {
  const column = Array.from({ length: 6 }, (_, slice) => [...cut(map, slice, 6, undefined, false).values]);
  // torch.nn.functional.interpolate of 0, 4, -8 and of 1, 5, 9 to six, mode="linear", align_corners=False
  assert.deepEqual(column.map(([v]) => v), [0, 1, 3, 1, -5, -8]);
  assert.deepEqual(column.map(([, v]) => v), [1, 2, 4, 6, 8, 9]);
  assert.deepEqual(cut(map, 0, 6, undefined, false).grid, [1, 2]);
});

test("as cells, a slice shows the cell that it lies in", () => {
  const found = Array.from({ length: 6 }, (_, slice) => cut(map, slice, 6, undefined, true).values[0]);
  assert.deepEqual(found, [0, 0, 4, 4, -8, -8]);
});

test("one layer of depth serves all slices", () => {
  const flat = { values: Float32Array.of(7), grid: [1, 1, 1] };
  for (const slice of [0, 5, 9]) assert.deepEqual([...cut(flat, slice, 10, undefined, false).values], [7]);
});

test("a cell's slice lies in the cell", () => {
  for (const [depth, slices] of [[4, 16], [3, 7], [1, 5], [8, 8], [5, 3]]) {
    for (let cell = 0; cell < depth; cell++) {
      const slice = sliceOf(cell, depth, slices, undefined);
      assert.ok(slice >= 0 && slice < slices);
      if (depth <= slices) assert.equal(depthOf(slice, slices, depth, undefined), cell, `${depth} ${slices} ${cell}`);
    }
  }
});

test("where no cell is centred at a depth, the slice has no numbers, and between them it is placed", () => {
  const span = /** @type {const} */ ([5 / 16, 2 / 16]); // centres at 5, 7 and 9 of 16
  assert.equal(depthOf(0, 16, 3, span), -1);
  assert.equal(depthOf(15, 16, 3, span), -1);
  assert.ok(cut(map, 0, 16, span, false).values.every(Number.isNaN));
  assert.ok(cut(map, 12, 16, span, true).values.every(Number.isNaN));
  assert.deepEqual([...cut(map, 5, 16, span, false).values], [1, 2], "a quarter of the way from the first to the second");
  assert.deepEqual([...cut(map, 5, 16, span, true).values], [0, 1]);
  assert.equal(sliceOf(1, 3, 16, span), 7);
});

test("flattened, each place has the largest magnitude of its depth, with its sign", () => {
  assert.deepEqual([...flattened(map).values], [-8, 9]);
  assert.deepEqual(flattened(map).grid, [1, 2]);
});
