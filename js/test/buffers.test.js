import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bytes, floats } from "../src/lib/buffers.js";

const half = JSON.parse(readFileSync(new URL("fixtures/half.json", import.meta.url), "utf8"));

/**
 * The bytes in the middle of a larger buffer, at an offset that no float array could take.
 * @param {Uint8Array} own
 */
function atOddOffset(own) {
  const large = new Uint8Array(own.length + 8).fill(0xee);
  large.set(own, 3);
  return new DataView(large.buffer, 3, own.length);
}

test("bytes covers exactly the view, whatever its kind", () => {
  const large = Uint8Array.of(9, 1, 2, 3, 9);
  assert.deepEqual([...bytes(new DataView(large.buffer, 1, 3))], [1, 2, 3]);
  assert.deepEqual([...bytes(large.subarray(1, 4))], [1, 2, 3]);
  assert.deepEqual([...bytes(large.buffer.slice(1, 4))], [1, 2, 3]);
  assert.deepEqual([...bytes(new Uint16Array([0x0201]))], [1, 2]);
  for (const nothing of [null, undefined, "text", 7, {}]) assert.equal(bytes(nothing).length, 0);
});

test("float32 at an odd offset, scaled", () => {
  const own = new Uint8Array(Float32Array.of(1.5, -2, 0.25).buffer);
  assert.deepEqual([...floats(atOddOffset(own), "float32")], [1.5, -2, 0.25]);
  assert.deepEqual([...floats(atOddOffset(own), "float32", 2)], [3, -4, 0.5]);
});

test("the result never shares memory with the message", () => {
  const source = Float32Array.of(1, 2);
  const read = floats(source.buffer, "float32");
  source[0] = 7;
  assert.deepEqual([...read], [1, 2]);
});

test("float16 of every kind is exact", () => {
  const own = new Uint8Array(Uint16Array.from(half.bits).buffer);
  const read = floats(atOddOffset(own), "float16");
  half.values.forEach((/** @type {number | string | null} */ value, /** @type {number} */ i) => {
    const due = value === null ? NaN : value === "inf" ? Infinity : value === "-inf" ? -Infinity : Number(value);
    assert.ok(Object.is(read[i], Math.fround(due)), `bits ${half.bits[i].toString(16)}: ${read[i]} instead of ${due}`);
  });
});

test("float16 with a scale", () => {
  const own = new Uint8Array(Uint16Array.of(0x3c00, 0xb800).buffer);
  assert.deepEqual([...floats(own, "float16", 0.5)], [0.5, -0.25]);
});

test("int8 keeps its sign", () => {
  assert.deepEqual([...floats(Uint8Array.of(0, 127, 128, 255), "int8", 0.5)], [0, 63.5, -64, -0.5]);
});

test("a length that fits no number, or an unknown type, is refused", () => {
  assert.throws(() => floats(new Uint8Array(6), "float32"), RangeError);
  assert.throws(() => floats(new Uint8Array(3), "float16"), RangeError);
  assert.throws(() => floats(new Uint8Array(8), /** @type {any} */ ("float64")), RangeError);
});
