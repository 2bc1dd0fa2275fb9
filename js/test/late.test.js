/** A model that dropped what its kernel sent listens again, and no other is touched. */

import assert from "node:assert/strict";
import test from "node:test";
import { hear } from "../src/late.js";

/** @typedef {{content: {data: {method?: string}}}} Message */

class Base {
  layout = {};
  heard = /** @type {string[]} */ ([]);
  sent = /** @type {object[]} */ ([]);
  listeners = /** @type {Array<(message: Message) => Promise<void>>} */ ([]);
  comm = {
    /** @param {(message: Message) => Promise<void>} listener */
    on_msg: (listener) => void this.listeners.push(listener),
    /** @param {object} data */
    send: (data) => void this.sent.push(data),
  };
  /** @param {Promise<void>} ready */
  constructor(ready) {
    this.ready = ready;
  }
  get() {
    return this.layout;
  }
  /** @param {Message} message */
  async _handle_comm_msg(message) {
    const { method } = message.content.data;
    if (method) this.heard.push(method);
  }
}

/** As anywidget 0.11 has it. */
class AnyModel extends Base {
  /** @override @param {Message} message */
  async _handle_comm_msg(message) {
    await this.ready;
    return super._handle_comm_msg(message);
  }
}

const late = () => {
  const ready = /** @type {Promise<void>} */ (Promise.reject(new Error("[anywidget] Failed to initialize model.")));
  ready.catch(() => {});
  return new AnyModel(ready);
};

/**
 * What a front end is handed.
 * @param {Base} model
 * @param {Record<string, Promise<unknown>>} models
 */
const proxy = (model, models) => ({ get: () => model.layout, widget_manager: { _models: models } });

const UPDATE = { content: { data: { method: "update" } } };

test("a model that was too late hears again and is told what it missed", async () => {
  const [other, own] = [late(), late()];
  const models = { a: Promise.resolve(other), b: new Promise(() => {}), c: Promise.reject(new Error("no")), d: Promise.resolve(own) };
  models.c.catch(() => {});
  await Promise.all([hear(proxy(own, models)), hear(proxy(own, models))]); // two views, then one more
  await hear(proxy(own, models));
  assert.deepEqual([own.sent, own.listeners.length], [[{ method: "request_state" }], 1]);
  await own.listeners[0]?.(UPDATE);
  assert.deepEqual(own.heard, ["update"]);
  assert.deepEqual([other.sent, other.listeners.length], [[], 0]);
});

test("a model that was in time is left as it is", async () => {
  const own = new AnyModel(Promise.resolve());
  await hear(proxy(own, { own: Promise.resolve(own) }));
  assert.deepEqual([own.sent, own.listeners.length, own.heard], [[], 0, []]);
});

for (const [what, manager] of Object.entries({
  "no manager": undefined,
  "a manager without a list": {},
  "a list without it": { _models: { a: Promise.resolve(late()) } },
})) {
  test(`${what}: nothing happens`, async () => {
    await hear({ get: () => ({}), widget_manager: manager });
  });
}

test("a host that refuses to hand out its manager is let be", async () => {
  await hear({ get: () => ({}), get widget_manager() { throw new Error("not here"); } });
});
