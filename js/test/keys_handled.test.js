import assert from "node:assert/strict";
import { test } from "node:test";
import { due, written } from "../keys_table.js";
import { SHORTCUTS } from "../src/lib/keys.js";
import { stepIn } from "../src/lib/matrix.js";
import { actionTable } from "../src/view/actions.js";
import { filmTable } from "../src/view/film_steps.js";
import { createExplore } from "../src/view/explore.js";
import { panelsFor, PANELS } from "../src/view/panels.js";
import { onSignalKey } from "../src/view/signal.js";
import { toolsFor, TOOLS } from "../src/view/tools.js";
import { onVolumeKey } from "../src/view/volume.js";

/** @typedef {import("../src/lib/keys.js").Action} Action */

/** A view without a page: what keys do to it is not looked at here. @param {string} kind @returns {any} */
const contextOf = (kind) => ({
  store: { meta: { kind, input: [4, 4, 4] }, classes: { names: ["a", "b"] }, canAsk: true, reel: { called: [] } },
  ui: { slice: 0 }, root: {}, tools: {}, frame: () => null,
  patch() {}, flush() {}, listen() {}, choose() {}, announceCell() {},
});

/** Every key of a move leads somewhere in the grid. @param {Action} action */
function inMatrix(action) {
  if (action === "map-choose") return true;
  const keys = SHORTCUTS.filter((s) => s.action === action && s.where === "matrix").flatMap((s) => s.keys);
  return keys.length > 0 && keys.every((key) => stepIn(key, { row: 7, col: 2 }, 20, 5) !== null);
}

/** Who does what a key says, by where it holds. @type {Record<string, (action: Action) => boolean>} */
const HANDLERS = {
  widget: (action) => typeof actionTable(contextOf("picture"), /** @type {any} */ ({}))[action] === "function",
  picture: (action) => createExplore(contextOf("picture")).key(action, /** @type {any} */ ({})),
  signal: (action) => onSignalKey(contextOf("signal"), action, false),
  volume: (action) => onVolumeKey(contextOf("volume"), action),
  matrix: inMatrix,
  film: (action) => typeof filmTable(contextOf("picture"))[action] === "function",
};

for (const { action, where, label } of SHORTCUTS) {
  test(`${label} (${where}) has a handler`, () => {
    assert.ok(where in HANDLERS, `say in HANDLERS who handles the keys of ${where}`);
    assert.ok(HANDLERS[where](action), action);
  });
}

test("an action that nobody knows has none", () => {
  for (const handles of Object.values(HANDLERS)) assert.ok(!handles(/** @type {any} */ ("to fly")));
});

test("each tool and each panel but the first has a key of its own", () => {
  const keys = SHORTCUTS.map(({ action }) => action);
  for (const kind of ["picture", "signal", "volume"]) {
    const { store } = contextOf(kind);
    for (const id of toolsFor(store)) assert.ok(keys.includes(TOOLS[id].action), id);
    for (const id of panelsFor(store).slice(1)) assert.ok(keys.includes(/** @type {Action} */ (PANELS[id].action)), id);
  }
});

test("README lists the keys that there are", () => {
  assert.equal(written(), due(), "run: node js/keys_table.js");
});
