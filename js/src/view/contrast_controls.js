/** How much the other class counts, and how the contrast is drawn: in place of the opacity and the sign. */

import { MOST_GAMMA } from "../protocol.js";
import { h, hide, setStyle, setText } from "./dom.js";
import { segmented } from "./fields.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 */

/** @param {Context} context */
export function createContrastControls(context) {
  const { store } = context;
  const input = h("input", { type: "range", min: 0, max: MOST_GAMMA, step: 0.01, "aria-label": "Gamma" });
  const number = h("output.number", { role: "none" });
  const gamma = h("div.slider.gamma", { title: "How much the other class counts; 0: both maps as they are" },
    [h("span.field-name", { text: "Gamma γ" }), input, number]);
  const mode = segmented(context, {
    label: "Contrast", name: "contrast", options: { swipe: "Swipe", difference: "Difference" },
    choose: (value) => store.set("contrast", /** @type {any} */ (value), { commit: true }),
  });
  const alone = store.meta.kind === "signal";
  context.listen(input, "input", () => store.set("gamma", Number(input.value), { commit: false }));
  context.listen(input, "change", () => store.set("gamma", Number(input.value), { commit: true }));
  return {
    elements: [gamma, mode.element],
    /** @param {Frame} frame */
    update({ contrast, view }) {
      hide(gamma, contrast === null);
      hide(mode.element, contrast === null || alone);
      if (!contrast) return;
      const text = view.gamma.toFixed(2);
      if (Number(input.value).toFixed(2) !== text) input.value = text;
      setStyle(input, "--fill", `${((100 * view.gamma) / MOST_GAMMA).toFixed(1)}%`);
      setText(number, text);
      mode.update(contrast.mode);
    },
  };
}
