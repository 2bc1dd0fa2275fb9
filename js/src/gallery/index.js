/** The gallery's front end, as anywidget loads it. As with the widget's own, nothing lives at module level. */

import { hear } from "../late.js";
import { GalleryStore } from "./store.js";
import { createSummon } from "./summon.js";
import { createView } from "./view/root.js";

export default {
  /**
   * @param {{model: import("../host.js").Model, el: HTMLElement, signal?: AbortSignal,
   *   host?: import("./summon.js").Finder}} context
   */
  async render({ model, el, signal, host }) {
    await hear(model);
    if (signal?.aborted) return undefined;
    const store = new GalleryStore(model);
    const closeView = createView(store, el, createSummon(model, host));
    const close = () => {
      closeView();
      store.destroy();
    };
    signal?.addEventListener("abort", close, { once: true });
    return close;
  },
};
