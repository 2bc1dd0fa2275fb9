import assert from "node:assert/strict";
import { test } from "node:test";
import { luminance, theme } from "../src/lib/theme.js";

test("luminance of every spelling a computed style has", () => {
  const whites = ["#fff", "#ffffff", "#FFFFFFFF", "rgb(255, 255, 255)", "rgb(255 255 255 / 1)", "color(srgb 1 1 1)"];
  for (const white of whites) {
    assert.ok(Math.abs((luminance(white) ?? NaN) - 1) < 1e-9, white);
  }
  assert.equal(luminance("rgba(0, 0, 0, 1)"), 0);
  assert.ok(Math.abs((luminance("rgb(255, 0, 0)") ?? NaN) - 0.2126) < 1e-9);
});

test("what is see-through or unknown says nothing", () => {
  const clear = ["transparent", "rgba(0, 0, 0, 0)", "#0003", "rgb(0 0 0 / 20%)"];
  for (const css of [...clear, "", "linear-gradient(red, blue)", "rgb(a, b, c)"]) {
    assert.equal(luminance(css), null, css);
  }
});

test("theme of hosts' surfaces, nearest telling one first", () => {
  assert.equal(theme("#ffffff"), "light");
  assert.equal(theme("rgb(33, 33, 33)"), "dark");
  assert.equal(theme(["rgba(0, 0, 0, 0)", "rgb(17, 17, 17)", "#fff"]), "dark");
  assert.equal(theme(["transparent"]), "light");
});
