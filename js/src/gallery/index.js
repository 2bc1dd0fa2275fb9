/** The gallery's front end, as anywidget loads it. As with the widget's own, nothing lives at module level. */

import { GalleryStore } from "./store.js";
import { createSummon } from "./summon.js";
import { createView } from "./view/root.js";

export default {
  /**
   * @param {{model: import("../host.js").Model, el: HTMLElement, signal?: AbortSignal,
   *   host?: import("./summon.js").Finder}} context
   */
  render({ model, el, signal, host }) {
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
