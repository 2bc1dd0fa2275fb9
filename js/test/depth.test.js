import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, depthOf, flattened, sliceOf } from "../src/lib/depth.js";
import { stepsOf } from "../src/lib/steps.js";

const map = { values: Float32Array.from([0, 1, 4, 5, -8, 9]), grid: [3, 1, 2] };

test("the map at a slice is linear in depth, as torch's trilinear rule has it", () => {
  const steps = stepsOf(null, 3, 6);
  const column = Array.from({ length: 6 }, (_, slice) => [...cut(map, slice, steps, false).values]);
  // torch.nn.functional.interpolate of 0, 4, -8 and of 1, 5, 9 to six, mode="linear", align_corners=False
  assert.deepEqual(column.map(([v]) => v), [0, 1, 3, 1, -5, -8]);
  assert.deepEqual(column.map(([, v]) => v), [1, 2, 4, 6, 8, 9]);
  assert.deepEqual(cut(map, 0, steps, false).grid, [1, 2]);
});

test("as cells, a slice shows the cell that it lies in", () => {
  const steps = stepsOf(null, 3, 6);
  const found = Array.from({ length: 6 }, (_, slice) => cut(map, slice, steps, true).values[0]);
  assert.deepEqual(found, [0, 0, 4, 4, -8, -8]);
});

test("one layer of depth serves all slices", () => {
  const flat = { values: Float32Array.of(7), grid: [1, 1, 1] };
  for (const slice of [0, 5, 9]) assert.deepEqual([...cut(flat, slice, stepsOf(null, 1, 10), false).values], [7]);
});

test("a cell's slice lies in the cell", () => {
  for (const [depth, slices] of [[4, 16], [3, 7], [1, 5], [8, 8], [5, 3]]) {
    const steps = stepsOf(null, depth, slices);
    for (let cell = 0; cell < depth; cell++) {
      const slice = sliceOf(cell, steps, slices);
      assert.ok(slice >= 0 && slice < slices);
      if (depth <= slices) assert.equal(depthOf(slice, steps, depth), cell, `${depth} ${slices} ${cell}`);
    }
  }
});

test("beyond the outermost centres a slice belongs to the outermost cell", () => {
  const steps = stepsOf([5, 2, 3], 3, 16);
  assert.equal(depthOf(0, steps, 3), 0);
  assert.equal(depthOf(15, steps, 3), 2);
});

test("flattened, each place has the largest magnitude of its depth, with its sign", () => {
  assert.deepEqual([...flattened(map).values], [-8, 9]);
  assert.deepEqual(flattened(map).grid, [1, 2]);
});
