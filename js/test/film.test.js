import assert from "node:assert/strict";
import { test } from "node:test";
import { Malformed } from "../src/decode.js";
import { decodeFrames, decodeHeats, decodeReel } from "../src/film.js";
import { filmed, inSight, isMistake, nextMistake, orderOf, stepTo, tally } from "../src/lib/film.js";

/** @type {import("../src/protocol.js").Reel} */
const REEL = {
  truth: [0, 1, null, 2, 1], called: [0, 2, 2, null, 0], probability: [0.9, 0.8, 0.7, null, 0.5],
  faults: [false, false, false, true, false],
};

test("a mistake is called something else than it is; what is not known is none", () => {
  assert.deepEqual([0, 1, 2, 3, 4].map((i) => isMistake(REEL, i)), [false, true, false, false, true]);
  assert.deepEqual(tally(REEL), { wrong: 2, among: 3 });
  assert.equal(tally({ ...REEL, truth: [null, null, null, null, null] }), null);
});

test("mistakes first, and each group in its own order", () => {
  assert.deepEqual(orderOf(REEL, false), [0, 1, 2, 3, 4]);
  assert.deepEqual(orderOf(REEL, true), [1, 4, 0, 2, 3]);
});

test("steps end at both ends, the next mistake goes round", () => {
  const order = orderOf(REEL, true);
  assert.equal(stepTo(order, 4, 1), 0);
  assert.equal(stepTo(order, 1, -1), 1);
  assert.equal(stepTo(order, 0, Infinity), 3);
  assert.equal(stepTo(order, 0, -Infinity), 1);
  assert.equal(nextMistake(REEL, order, 1), 4);
  assert.equal(nextMistake(REEL, order, 4), 1);
  assert.equal(nextMistake(REEL, [0, 1, 2, 3, 4], 2), 4);
  assert.equal(nextMistake({ ...REEL, truth: [0, 1, null, 2, 0] }, order, 1), null, "there is no other");
});

test("only what is in sight, and a few beside it, is drawn", () => {
  assert.deepEqual(inSight(0, 640, 64, 500), [0, 13]);
  assert.deepEqual(inSight(6400, 640, 64, 500), [97, 113]);
  assert.deepEqual(inSight(31500, 640, 64, 500), [489, 500]);
  assert.deepEqual(inSight(0, 640, 64, 4), [0, 4]);
});

test("what the kernel says of a film is checked", () => {
  assert.deepEqual(decodeReel(REEL), REEL);
  assert.deepEqual(decodeReel({}).called, []);
  assert.equal(filmed({ reel: decodeReel(null) }), false);
  assert.equal(filmed({ reel: REEL }), true);
  for (const wrong of [{ called: [0] }, { truth: "01234" }, { called: [0, 1.5, 0, 0, 0] }, { probability: [NaN, 0, 0, 0, 0] },
    { called: [-1, 0, 0, 0, 0] }]) {
    assert.throws(() => decodeReel({ ...REEL, ...wrong }), Malformed);
  }
  const map = { grid: [1, 2], scale: 0.5, data: new DataView(Int8Array.of(2, -4).buffer) };
  const heats = decodeHeats({ layer: "late", variant: "gradcam", maps: [null, map] });
  assert.deepEqual(heats.maps, [null, { grid: [1, 2], values: Float32Array.of(1, -2) }]);
  assert.throws(() => decodeHeats({ maps: [{ ...map, grid: [2, 2] }] }), Malformed);
  assert.throws(() => decodeHeats({ maps: [undefined] }), Malformed);
  assert.deepEqual(decodeFrames(undefined), []);
  assert.deepEqual(decodeFrames([new DataView(Uint8Array.of(7).buffer), null]).map((one) => one.length), [1, 0]);
});
