/** The row under the class list: what is set often. The rest is behind the last icon. */

import { tip } from "../lib/keys.js";
import { createBrushRow } from "./brush.js";
import { createContrastControls } from "./contrast_controls.js";
import { h, hide, setAttr } from "./dom.js";
import { iconButton, segmented, slider } from "./fields.js";
import { icon } from "./icons.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 */

const SIGNS = Object.freeze({ positive: "Positive", negative: "Negative", signed: "Signed", absolute: "Absolute" });
const BRIEF = Object.freeze({ positive: "Pos", negative: "Neg", absolute: "Abs" });

/** @param {Context} context */
export function createControls(context) {
  const { store } = context;
  const opacity = slider(context, {
    label: "Opacity", kind: "opacity", set: (value, commit) => store.set("opacity", value, { commit }),
  });
  const sign = segmented(context, {
    label: "Sign", name: "sign", options: SIGNS, short: BRIEF,
    choose: (value) => store.set("sign", /** @type {any} */ (value), { commit: true }),
  });
  const contrast = createContrastControls(context);
  const display = iconButton(context, {
    kind: "display-button", title: tip("display"), label: "Display", content: icon("sliders"),
    press: () => context.act("display"),
  });
  const brush = createBrushRow(context);
  display.setAttribute("aria-haspopup", "dialog");
  return {
    element: h("div.controls", {}, [opacity.element, sign.element, brush.element, ...contrast.elements, display]),
    button: display,
    /** @param {Frame} frame */
    update(frame) {
      const { view, ui } = frame;
      for (const one of [opacity, sign]) hide(one.element, ui.tool === "poke" || frame.contrast !== null);
      brush.update(frame);
      contrast.update(frame);
      opacity.update(view.opacity);
      sign.update(view.sign);
      setAttr(display, "aria-expanded", String(ui.menu === "display"));
    },
  };
}
