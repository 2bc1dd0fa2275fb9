import assert from "node:assert/strict";
import { test } from "node:test";

import { photoLoader } from "../src/view/photo.js";

const rest = () => new Promise((done) => setTimeout(done));

test("strokes that are decoded late, when they are gone from the store, are not drawn", async (t) => {
  /** @type {Map<number, (bitmap: any) => void>} what is being decoded, by its first byte */
  const waiting = new Map();
  /** @type {string[]} */
  const closed = [];
  /** @type {any} */
  const page = globalThis;
  page.createImageBitmap = (/** @type {Blob} */ blob) => new Promise((done) => {
    blob.arrayBuffer().then((bytes) => waiting.set(new Uint8Array(bytes)[0], done));
  });
  page.document = { createElement: () => ({ getContext: () => null }) };
  t.after(() => {
    delete page.createImageBitmap;
    delete page.document;
  });
  const bitmap = (/** @type {string} */ name) => ({ name, width: 4, height: 4, close: () => closed.push(name) });
  /** @type {any} */
  const none = { edits: [], data: new Uint8Array() };
  const store = { picture: new Uint8Array([1]), edited: none };
  /** @type {any} */
  const context = { store, signal: { aborted: false }, photo: null, patch: () => {} };
  const load = photoLoader(context);

  load();
  await rest();
  waiting.get(1)?.(bitmap("picture"));
  await rest();
  assert.equal(context.photo.bitmap.name, "picture");

  store.edited = { edits: [{}], data: new Uint8Array([2]) };
  load();
  await rest();
  store.edited = none;
  load();
  await rest();
  waiting.get(2)?.(bitmap("strokes"));
  await rest();
  assert.equal(context.photo.above, null);
  assert.equal(context.photo.bitmap.name, "picture");
  assert.deepEqual(closed, ["strokes"]);
});
