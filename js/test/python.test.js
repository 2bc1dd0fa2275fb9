import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { pythonOf } from "../src/lib/python.js";

const CASES = JSON.parse(readFileSync(new URL("fixtures/python.json", import.meta.url), "utf8"));

test("the button copies what w.to_code() gives", () => {
  assert.ok(CASES.length > 3);
  for (const { code, meta, classes, against, score, edited, index, ...view } of CASES) {
    assert.equal(pythonOf({ call: meta.call, view, against, score, names: classes.names, edits: edited?.edits, index }), code);
  }
});

test("a name cannot leave its comment", () => {
  const names = ["x\nimport os\r\u2028\u0085y"];
  const view = { ...CASES[0], target: 0 };
  const line = pythonOf({ call: [], view, against: null, score: "logit", names }).split("\n").find((l) => l.includes("#  x") || l.includes("# x"));
  assert.match(line ?? "", /target=0, {2}# x import os/);
});
