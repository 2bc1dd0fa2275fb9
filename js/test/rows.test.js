import assert from "node:assert/strict";
import { test } from "node:test";
import { AXIS, envelope, LABEL, perSlice, rangeOf, rowsOf } from "../src/lib/rows.js";

const trace = { form: /** @type {const} */ ("trace") };
const image = { form: /** @type {const} */ ("image") };

test("rows fill the height above the axis, each below its label, and none overlap", () => {
  for (const bands of [[trace], [trace, image], Array(7).fill(trace)]) {
    const rows = rowsOf(bands, 376);
    assert.equal(rows.length, bands.length + 1);
    let end = 0;
    for (const { top, height } of rows) {
      assert.ok(Math.abs(top - end - LABEL) < 1e-9);
      assert.ok(height > 20, `${bands.length} bands: ${height}`);
      end = top + height;
    }
    assert.ok(Math.abs(end - (376 - AXIS)) < 1e-9);
  }
});

/** @param {number[]} values @param {Partial<import("../src/protocol.js").Band>} [over] */
const bandOf = (values, over = {}) => ({
  label: "", ...trace, grid: /** @type {const} */ ([1, values.length]), low: 0, high: 1, start: 0, step: 1,
  values: Float32Array.from(values), ...over,
});

test("a trace's envelope keeps every peak when there are more samples than pixels", () => {
  const values = new Array(1000).fill(0);
  values[501] = 5;
  values[502] = -3;
  const { low, high } = envelope(bandOf(values), 1000, 10);
  assert.deepEqual([...high], [0, 0, 0, 0, 0, 5, 0, 0, 0, 0]);
  assert.deepEqual([...low], [0, 0, 0, 0, 0, -3, 0, 0, 0, 0]);
});

test("an envelope of least and largest values is read from both its rows", () => {
  const { low, high } = envelope(bandOf([-1, -2, 3, 4], { grid: [2, 2] }), 2, 2);
  assert.deepEqual([[...low], [...high]], [[-1, -2], [3, 4]]);
});

test("each sample of a short trace covers its pixels, and where it has ended there is nothing", () => {
  const { low, high } = envelope(bandOf([1, 2], { step: 2 }), 6, 6);
  assert.deepEqual([...low], [1, 1, 2, 2, NaN, NaN]);
  assert.deepEqual([...high], [1, 1, 2, 2, NaN, NaN]);
});

test("the evidence of a slice is the largest magnitude in it", () => {
  assert.deepEqual([...perSlice([0, 1, -5, 2, NaN, 3], 3)], [1, 5, 3]);
});

test("a row's range has air, and zero where zero is near", () => {
  const near = rangeOf([0.2, 1]);
  assert.ok(near.lo < 0 && near.hi > 1);
  const far = rangeOf([100, 101]);
  assert.ok(far.lo > 99 && far.hi < 102);
  const flat = rangeOf([3, 3]);
  assert.ok(flat.lo < 3 && flat.hi > 3);
});
