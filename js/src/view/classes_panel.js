/** The first panel: the class list, and below it what is set often. */

import { createClasses } from "./classes.js";
import { createControls } from "./controls.js";
import { h } from "./dom.js";

/** @param {import("./context.js").Context} context */
export function createClassesPanel(context) {
  const classes = createClasses(context);
  const controls = createControls(context);
  return {
    element: h("div.of-classes", {}, [classes.element, controls.element]),
    classes,
    controls,
    /** @param {import("./frame.js").Frame} frame */
    update(frame) {
      classes.update(frame);
      controls.update(frame);
    },
  };
}
