import assert from "node:assert/strict";
import { test } from "node:test";
import { createHistory } from "../src/lib/history.js";
import { HISTORY_LENGTH } from "../src/protocol.js";

/** @param {number} target @param {any} [region] */
const state = (target, region = null) => ({ target, layer: "late", variant: "gradcam", region, edits: [] });

/** @param {number} target */
const row = (target) => [target, "late", "gradcam", null, []];

test("a change is added, cuts off what lies ahead, and says nothing twice", () => {
  const history = createHistory(state(0));
  assert.equal(history.peek(-1), null);
  history.visit(state(0));
  history.visit(state(1));
  history.visit(state(2, [1, 2, 3, 4]));
  history.visit(state(2, [1, 2, 3, 4]));
  assert.deepEqual([history.length, history.at], [3, 2]);
  assert.deepEqual(history.peek(-1), state(1));
  history.move(-1);
  assert.deepEqual(history.peek(1), state(2, [1, 2, 3, 4]));
  history.move(-1);
  history.move(-1);
  assert.equal(history.at, 0, "there is nothing before the first");
  history.visit(state(3));
  assert.deepEqual([history.length, history.at, history.peek(1)], [2, 1, null]);
});

test("the oldest go first", () => {
  const history = createHistory(state(0));
  for (let i = 1; i < HISTORY_LENGTH + 5; i++) history.visit(state(i));
  assert.deepEqual([history.length, history.at], [HISTORY_LENGTH, HISTORY_LENGTH - 1]);
  assert.deepEqual(history.peek(1 - HISTORY_LENGTH), state(5));
});

test("the kernel's list is taken where it ends at what is shown", () => {
  const history = createHistory(state(0));
  const trail = { at: 1, states: [row(5), row(6), row(7)] };
  assert.ok(!history.adopt(trail, state(5)));
  assert.ok(history.adopt(trail, state(6)));
  assert.deepEqual([history.length, history.at, history.peek(1)], [3, 1, state(7)]);
  for (const bad of [null, undefined, {}, { at: 0, states: "x" }, { at: 9, states: [row(6)] }, { at: 0, states: [[6]] }, { at: 0, states: [6] }]) {
    assert.ok(!history.adopt(bad, state(6)), JSON.stringify(bad));
  }
});
