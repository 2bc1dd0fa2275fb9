import assert from "node:assert/strict";
import { test } from "node:test";
import { search } from "../src/lib/search.js";

const NAMES = ["tabby", "tiger cat", "Café au lait", "catamaran", "bobcat", "tiger", "bull mastiff", "São Bernardo"];
const SCORES = [3, 5, 0, 1, 2, 4, 9, 0];

/** @param {string} query */
const found = (query, limit = 20) => search(NAMES, query, SCORES, limit).map((i) => NAMES[i]);

test("a whole word, then a beginning, then a fragment, then letters in order", () => {
  assert.deepEqual(found("cat"), ["tiger cat", "catamaran", "bobcat", "Café au lait"]);
});

test("a whole name comes first, then ties by score", () => {
  assert.deepEqual(found("tiger"), ["tiger", "tiger cat"]);
  assert.deepEqual(found("t").slice(0, 3), ["tiger cat", "tiger", "tabby"]);
});

test("case and accents do not matter, on either side", () => {
  assert.deepEqual(found("CAFE"), ["Café au lait"]);
  assert.deepEqual(found("sao b"), ["São Bernardo"]);
  assert.deepEqual(found("càtà")[0], "catamaran");
});

test("abbreviations of three letters and more", () => {
  assert.deepEqual(found("bmf"), ["bull mastiff"]);
  assert.deepEqual(found("bl mast"), ["bull mastiff"]);
  assert.deepEqual(found("xz"), []);
});

test("the index finds its class, before names that hold the number", () => {
  assert.deepEqual(search(["7 up", "b", "c 2"], "2", [0, 0, 9], 5), [2]);
  assert.deepEqual(search(["a 1", "b"], "1", [9, 0], 5), [1, 0]);
});

test("no query ranks all by score; the limit holds; nothing found is empty", () => {
  assert.deepEqual(found("  ", 3), ["bull mastiff", "tiger cat", "tiger"]);
  assert.deepEqual(found("zebra"), []);
  assert.deepEqual(search([], "a", [], 5), []);
});

test("scores that are no numbers come last and harm no order", () => {
  assert.deepEqual(search(["aa", "ab", "ac"], "a", [NaN, 1, 2], 5), [2, 1, 0]);
});
