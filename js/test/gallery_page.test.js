import assert from "node:assert/strict";
import { test } from "node:test";

import { GalleryStore } from "../src/gallery/store.js";
import { columnsOf, FakeGallery, ROWS, thumbsOf } from "./fake_gallery.js";

/** What a page without a kernel was given: all scores, of three items the pictures. @param {Record<string, any>} [over] */
function page(over = {}) {
  const [content, buffers] = thumbsOf([1, 4, 7]);
  const messages = [{ content: { kind: "scores", from: 0, to: 10 }, buffers: [columnsOf(ROWS)] },
    { content: { kind: "failed", items: { 2: "could not be read" } }, buffers: [] }, { content, buffers }];
  const { traits } = new FakeGallery({ kept: { messages }, ...over });
  return { get: (/** @type {string} */ name) => traits[name], on() {}, off() {} };
}

test("a page without a kernel sorts, filters and shows what it was given", () => {
  const store = new GalleryStore(page());
  assert.equal(store.canAsk, false);
  assert.equal(store.scores.scored, 10);
  assert.deepEqual([...store.order], [7, 4, 1, 8, 5, 2, 9, 6, 3, 0].sort((a, b) => ROWS[b].loss - ROWS[a].loss || a - b));
  assert.deepEqual([1, 2, 4, 7].map((index) => store.thumb(index) !== null), [true, false, true, true]);
  assert.equal(store.pictures, 3);
  assert.equal(store.scores.failed.get(2), "could not be read");
  store.narrow({ mistakes: true });
  assert.deepEqual([...store.order].sort((a, b) => a - b), [0, 3, 6, 9]);
});

test("it opens the item that it has, and no other", () => {
  const store = new GalleryStore(page({ opened: 4, child: "anywidget:full" }));
  store.set("opened", 7);
  assert.equal(store.view.opened, 4);
  assert.equal(store.refused, true);
  store.set("opened", null);
  assert.deepEqual([store.view.opened, store.refused], [null, false]);
  store.set("opened", 4);
  assert.equal(store.view.opened, 4);
});

test("what a host has lost is asked for again, from the first item that is lacking", () => {
  const model = new FakeGallery();
  const store = new GalleryStore(model);
  model.tell({ kind: "scores", from: 0, to: 4 }, [columnsOf(ROWS.slice(0, 4))]);
  model.tell({ kind: "scores", from: 7, to: 10 }, [columnsOf(ROWS.slice(7))]);
  model.tell({ kind: "more" });
  assert.deepEqual(model.sent.at(-1), { kind: "scores?", from: 4 });
  model.tell({ kind: "scores", from: 4, to: 10 }, [columnsOf(ROWS.slice(4))]);
  const { length } = model.sent;
  model.tell({ kind: "more" });
  assert.equal(model.sent.length, length);
  store.destroy();
});
