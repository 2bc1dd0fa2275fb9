/** The row under the class list: what is set often. The rest is behind the last icon. */

import { tip } from "../lib/keys.js";
import { h, setAttr } from "./dom.js";
import { iconButton, segmented, slider } from "./fields.js";
import { icon } from "./icons.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 */

const SIGNS = Object.freeze({ positive: "Positive", signed: "Signed", absolute: "Absolute" });

/** @param {Context} context */
export function createControls(context) {
  const { store } = context;
  const opacity = slider(context, {
    label: "Opacity", kind: "opacity", set: (value, commit) => store.set("opacity", value, { commit }),
  });
  const sign = segmented(context, {
    label: "Sign", name: "sign", kind: "sign", options: SIGNS,
    choose: (value) => store.set("sign", /** @type {any} */ (value), { commit: true }),
  });
  const display = iconButton(context, {
    kind: "display-button", title: tip("display"), label: "Display", content: icon("sliders"),
    press: () => context.act("display"),
  });
  display.setAttribute("aria-haspopup", "dialog");
  return {
    element: h("div.controls", {}, [opacity.element, sign.element, display]),
    button: display,
    /** @param {Frame} frame */
    update({ view, ui }) {
      opacity.update(view.opacity);
      sign.update(view.sign);
      setAttr(display, "aria-expanded", String(ui.menu === "display"));
    },
  };
}
