import assert from "node:assert/strict";
import { test } from "node:test";
import { actionFor, cap, SHORTCUTS, tip } from "../src/lib/keys.js";

test("no key means two things in one place, and every action is said once", () => {
  const taken = SHORTCUTS.flatMap((s) => s.keys.map((k) => `${s.where} ${k}`));
  assert.equal(new Set(taken).size, taken.length);
  const actions = SHORTCUTS.filter((s) => s.where !== "signal").map((s) => s.action);
  assert.equal(new Set(actions).size, actions.length);
  assert.equal(new Set(SHORTCUTS.map((s) => s.label)).size, SHORTCUTS.length);
});

test("arrows mean cells on the picture and classes and layers elsewhere", () => {
  assert.equal(actionFor({ key: "ArrowUp" }), "class-previous");
  assert.equal(actionFor({ key: "ArrowUp" }, "picture"), "cell-up");
  assert.equal(actionFor({ key: "Enter" }), null);
  assert.equal(actionFor({ key: "Enter" }, "picture"), "pin");
  assert.equal(actionFor({ key: "v" }, "picture"), "variant");
});

test("on a signal the arrows along it mean steps, and the others still mean classes", () => {
  assert.equal(actionFor({ key: "ArrowRight" }, "signal"), "cell-right");
  assert.equal(actionFor({ key: "ArrowUp" }, "signal"), "class-previous");
  assert.equal(actionFor({ key: "PageDown" }, "volume"), "slice-next");
  assert.equal(actionFor({ key: "PageDown" }), null);
});

test("capital letters count, the host's own chords do not", () => {
  assert.equal(actionFor({ key: "F" }), "fullscreen");
  for (const held of ["ctrlKey", "altKey", "metaKey"]) assert.equal(actionFor({ key: "f", [held]: true }), null);
  assert.equal(actionFor({ key: "w" }), null);
});

test("a key that is listed with Shift is another one, but not on the picture", () => {
  assert.equal(actionFor({ key: "ArrowUp", shiftKey: true }), "rival-previous");
  assert.equal(actionFor({ key: "ArrowUp", shiftKey: true }, "picture"), "cell-up");
  assert.equal(actionFor({ key: "?", shiftKey: true }), "help");
  assert.equal(actionFor({ key: "ArrowLeft", shiftKey: true }), "layer-previous");
  assert.equal(cap("Shift+ArrowDown"), "Shift ↓");
});

test("of a film the arrows with Shift go from picture to picture, elsewhere Shift changes nothing", () => {
  const held = { key: "ArrowRight", shiftKey: true };
  assert.equal(actionFor(held, "film"), "picture-next");
  assert.equal(actionFor({ key: "ArrowRight" }, "film"), "layer-next");
  assert.equal(actionFor(held), "layer-next");
  assert.equal(actionFor(held, "signal"), "cell-right");
  assert.equal(actionFor({ key: "N", shiftKey: true }, "film"), "mistake-next");
  assert.equal(actionFor({ key: "n" }), null);
});

test("tooltips name the key", () => {
  assert.equal(tip("fullscreen"), "Full screen (F)");
  assert.equal(tip("back", "Unpin"), "Unpin (Esc)");
  assert.equal(cap("ArrowLeft"), "←");
  assert.equal(cap(" "), "Space");
});
