import assert from "node:assert/strict";
import { test } from "node:test";
import { createWatch, equal } from "../src/lib/changes.js";

test("a watch tells the first call, and each that differs in any part", () => {
  const differs = createWatch();
  const list = [1];
  assert.ok(differs(list, 2));
  assert.ok(!differs(list, 2));
  assert.ok(differs(list, 3));
  assert.ok(differs([1], 3), "another object is another part");
  assert.ok(differs(list, 3));
});

test("equal: by what is said, at any depth", () => {
  const value = () => ({ a: [1, { b: "x" }], c: Float32Array.of(1, NaN), d: null });
  assert.ok(equal(value(), value()));
  assert.ok(equal([], []) && equal({}, {}) && equal(NaN, NaN) && equal(null, null));
  for (const other of [
    { ...value(), a: [1, { b: "y" }] }, { ...value(), a: [1] }, { ...value(), c: Float32Array.of(1, 2) },
    { ...value(), d: 0 }, { ...value(), e: 1 }, null, 3, "x", [],
  ]) {
    assert.ok(!equal(value(), other));
    assert.ok(!equal(other, value()));
  }
});
