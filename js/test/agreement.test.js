import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { agreement, ranks } from "../src/lib/agreement.js";

/** @type {{grid: number[], maps: number[][], cases: Array<{sign: "positive" | "signed" | "absolute",
 *   correlations: Array<Array<number | null>>, spread: number[]}>}} */
const made = JSON.parse(readFileSync(new URL("fixtures/agreement.json", import.meta.url), "utf8"));

/** @param {number[][]} rows */
const maps = (...rows) => rows.map((row) => ({ values: Float32Array.from(row), grid: [row.length] }));

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b @param {number} [within] */
function close(a, b, within = 1e-6) {
  assert.equal(a.length, b.length);
  for (let i = 0; i < a.length; i++) assert.ok(Math.abs(a[i] - b[i]) <= within, `${i}: ${a[i]} is not ${b[i]}`);
}

test("ranks share the mean of ties", () => {
  close(ranks([3, 1, 3, 0, 1, 1]), [5.5, 3, 5.5, 1, 3, 3], 0);
  close(ranks([-0, 0, -1]), [2.5, 2.5, 1], 0);
});

for (const { sign, correlations, spread } of made.cases) {
  test(`correlations and spread, ${sign}, equal scipy and numpy`, () => {
    const found = agreement(maps(...made.maps).map((map) => ({ ...map, grid: made.grid })), sign);
    correlations.forEach((row, i) => row.forEach((due, j) => {
      if (due === null) assert.ok(Number.isNaN(found.correlations[i][j]), `${i} ${j}`);
      else assert.ok(Math.abs(found.correlations[i][j] - due) < 1e-6, `${i} ${j}`);
    }));
    close(found.spread.values, spread);
    assert.deepEqual(found.spread.grid, made.grid);
  });
}

test("closed forms, and who is most and least alike", () => {
  const { correlations, most, least } = agreement(maps([1, 2, 3, 4], [1, 4, 9, 16], [4, 3, 2, 1], [2, 1, 4, 3]), "signed");
  close(correlations[0], [1, 1, -1, 0.6]);
  assert.deepEqual([most?.first, most?.second, most?.ties], [0, 1, 0]);
  assert.deepEqual([least?.first, least?.second, least?.ties], [0, 2, 1], "the second pair is as unlike as the first");
  close(agreement(maps([2, 0], [0, 8]), "positive").spread.values, [0.5, 0.5]);
  close(agreement(maps([3, 1.5], [8, 4]), "positive").spread.values, [0, 0]);
});

test("what cannot be ranked or scaled is left out", () => {
  const { correlations, spread } = agreement(maps([0, 0, 0], [1, NaN, 2], [1, 0, 2], [2, 0, 2]), "positive");
  assert.ok(correlations.slice(0, 2).flat().every(Number.isNaN));
  assert.ok(correlations[2][3] > 0);
  close(spread.values, [0.25, 0, 0]);
  const blank = agreement(maps([0, 0], [0, 0]), "positive");
  assert.deepEqual([...blank.spread.values, blank.most, blank.least], [0, 0, null, null]);
});
