/**
 * The widget's front end, as anywidget loads it. One store a view: hosts hand every view its own proxy of the model, so
 * a store cannot be found again by the model's identity, and nothing may live at module level: one module may serve a
 * whole page.
 */

import { hear } from "./late.js";
import { createStore } from "./store.js";
import { createView } from "./view/root.js";

/** @typedef {Parameters<typeof createStore>[0]} Model */

export default {
  /** @param {{model: Model, el: HTMLElement, signal?: AbortSignal}} context */
  async render({ model, el, signal }) {
    await hear(model);
    if (signal?.aborted) return undefined;
    const store = createStore(model);
    const closeView = createView(store, el);
    const close = () => {
      closeView();
      store.destroy();
    };
    signal?.addEventListener("abort", close, { once: true });
    return close;
  },
};
