import assert from "node:assert/strict";
import { test } from "node:test";
import { along, covered, stepsOf } from "../src/lib/steps.js";

test("without a place, cells are spread evenly over the input", () => {
  const steps = stepsOf(null, 4, 20);
  assert.deepEqual(steps, { centre: 2.5, step: 5 });
  assert.deepEqual(covered(steps, 4, 20), [0, 20]);
});

test("a place is given in shares of the input", () => {
  const steps = stepsOf([15 / 311, 1 / 311], 282, 311);
  assert.ok(Math.abs(steps.centre - 15) < 1e-9 && Math.abs(steps.step - 1) < 1e-9);
  assert.deepEqual(covered(steps, 282, 311).map((at) => Number(at.toFixed(6))), [14.5, 296.5]);
});

test("between cells the map is linear, at their centres it is theirs, and beyond it is flat as torch has it", () => {
  const values = [0, 4, 2];
  const line = along(values, stepsOf(null, 3, 12), 12, 12, false);
  // torch.nn.functional.interpolate([0, 4, 2], 12, mode="linear", align_corners=False)
  assert.deepEqual([...line], [0, 0, 0.5, 1.5, 2.5, 3.5, 3.75, 3.25, 2.75, 2.25, 2, 2]);
});

test("where no cell is centred there is no value, also behind the end of a longer axis", () => {
  const line = along([1, 1], { centre: 3, step: 2 }, 10, 10, false);
  assert.deepEqual([...line].map(Number.isNaN), [true, true, false, false, false, false, true, true, true, true]);
});

test("as cells, each keeps its value up to the next", () => {
  assert.deepEqual([...along([1, 2], stepsOf(null, 2, 8), 8, 8, true)], [1, 1, 1, 1, 2, 2, 2, 2]);
});

test("of many steps in one pixel the strongest is drawn, whatever its sign", () => {
  const values = new Float32Array(10_000);
  values[5003] = 7;
  values[20] = -9;
  const line = along(values, stepsOf(null, 10_000, 10_000), 10_000, 100, false);
  assert.equal(Math.max(...line), 7);
  assert.equal(line.indexOf(7), 50);
  assert.equal(line[0], -9);
});

test("a value that is no number hides no neighbour", () => {
  const line = along([NaN, 3, 3], stepsOf(null, 3, 3), 3, 3, false);
  assert.deepEqual([...line], [NaN, 3, 3]);
});

test("a map of a long recording is a frame's work", () => {
  const values = Float32Array.from({ length: 160_000 }, (_, i) => Math.sin(i));
  const steps = stepsOf(null, 160_000, 160_000);
  const times = Array.from({ length: 9 }, () => {
    const start = performance.now();
    along(values, steps, 160_000, 2048, false);
    return performance.now() - start;
  });
  assert.ok(Math.min(...times) < 16, `took ${Math.min(...times)} ms`);
});
