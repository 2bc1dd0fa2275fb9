import assert from "node:assert/strict";
import { test } from "node:test";
import { grid, ms, percent, place, plain, signed } from "../src/lib/format.js";

test("signed numbers", () => {
  for (const [v, text] of /** @type {Array<[number, string]>} */ ([
    [0.59, "+0.59"], [-0.25, "−0.25"], [0, "0.00"], [-0, "0.00"], [18.64, "+18.6"], [-123.4, "−123"], [1, "+1.00"],
    [0.034, "+0.034"], [0.0031, "+0.0031"], [3.1e-5, "+3.1e−5"], [-3.1e-5, "−3.1e−5"], [2.5e7, "+2.5e7"],
    [NaN, "–"], [-Infinity, "−∞"], [Infinity, "+∞"],
  ])) assert.equal(signed(v), text);
});

test("numbers beside a larger one keep its digits and lose the sign of a zero", () => {
  assert.equal(signed(-0.02, 0.31), "−0.02");
  assert.equal(signed(0.0031, 0.79), "0.00");
  assert.equal(signed(-0.004, 0.79), "0.00");
  assert.equal(signed(-0.006, 0.79), "−0.01");
  assert.equal(signed(1e-6, 3e-5), "+1.0e−6");
  assert.equal(signed(-0.25, -0.31), "−0.25");
});

test("plain numbers have no plus", () => {
  assert.equal(plain(0.79), "0.79");
  assert.equal(plain(-0.02, 1), "−0.02");
  assert.equal(plain(3.1e-5), "3.1e−5");
});

test("no ASCII minus, ever", () => {
  for (let e = -12; e < 12; e++) for (const v of [-(10 ** e), 10 ** e]) assert.ok(!/-/.test(signed(v) + plain(v)));
});

test("probabilities", () => {
  for (const [p, text] of /** @type {Array<[number, string]>} */ ([
    [0.934, "93.4 %"], [0.0167, "1.67 %"], [0.0014, "0.14 %"], [0.0004, "<0.05 %"], [0, "<0.05 %"], [1, "100 %"],
    [0.99961, ">99.9 %"], [0.9994, "99.9 %"], [0.09996, "10.0 %"], [0.0999, "9.99 %"], [NaN, "–"],
  ])) assert.equal(percent(p), text);
});

test("grids and durations", () => {
  assert.equal(grid([13, 7]), "13×7");
  assert.equal(ms(0.23), "0.2 ms");
  assert.equal(ms(14.4), "14 ms");
  assert.equal(ms(9.97), "10 ms");
  assert.equal(ms(999.7), "1.0 s");
  assert.equal(ms(1234), "1.2 s");
  assert.equal(ms(NaN), "–");
});

test("a cell is named across and down, as x and y are", () => {
  assert.equal(place({ row: 8, col: 9 }), "(9, 8)");
});
