/** A stroke or a box while it is painted: it goes out as far as it has come. */

import { boxOf, extended, pixelAt, strokeAt } from "../lib/edits.js";
import { radiusOf, setBrush } from "./brush.js";

/**
 * @typedef {import("./frame.js").Spot} Spot
 * @typedef {import("../protocol.js").Edit} Edit
 * @typedef {{base: readonly Edit[], from: import("../protocol.js").Point, manner: import("../lib/edits.js").Manner,
 *   stroke: import("../protocol.js").Stroke | null}} Drag  stroke: null where a box is drawn
 */

/** @param {import("./context.js").Context} context */
export function createPainting(context) {
  const { store, ui } = context;
  /** @type {Drag | null} */
  let drag = null;
  return {
    /**
     * @param {Spot} spot
     * @param {{box?: boolean, back?: boolean}} [how]
     * @returns {boolean} whether something can be painted
     */
    begin(spot, { box = false, back = false } = {}) {
      const { mode, fill } = ui.brush;
      const manner = { mode: back ? /** @type {const} */ ("uncover") : mode, fill };
      const from = pixelAt(spot, store.meta.input);
      const base = store.edits;
      const stroke = box ? null : strokeAt(from, radiusOf(ui.brush, store.meta.input), manner);
      if (!store.paint(stroke ? [...base, stroke] : base)) return false;
      drag = { base, from, manner, stroke };
      setBrush(context, { painting: true });
      return true;
    },
    /** @param {Spot} spot @param {boolean} last */
    goOn(spot, last) {
      if (!drag) return;
      const to = pixelAt(spot, store.meta.input);
      if (!drag.stroke) {
        const box = boxOf(drag.from, to, drag.manner);
        store.paint(box ? [...drag.base, box] : drag.base);
        return;
      }
      const longer = extended(drag.stroke, to, last);
      if (longer !== drag.stroke && store.paint([...drag.base, longer])) drag.stroke = longer;
    },
    /** Takes it back. @returns {boolean} whether one was under way */
    drop() {
      if (!drag) return false;
      store.paint(drag.base);
      drag = null;
      setBrush(context, { painting: false });
      return true;
    },
    /** @returns {boolean} whether one was under way */
    end() {
      if (!drag) return false;
      drag = null;
      store.painted();
      context.patch({ touched: true });
      setBrush(context, { painting: false });
      return true;
    },
  };
}
