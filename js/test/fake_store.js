/** A store on a fake model, whose clock the test turns. */

import { createStore } from "../src/store.js";
import { FakeModel } from "./fake_model.js";

export function setUp() {
  const model = new FakeModel();
  let clock = 1000;
  const store = createStore(model, { now: () => clock });
  return { model, store, sleep: (/** @type {number} */ t) => void (clock += t) };
}

/** What is looked at, in a line. @param {{target: number, layer: string, variant: string}} s */
export const short = ({ target, layer, variant }) => `${target} ${layer} ${variant}`;
