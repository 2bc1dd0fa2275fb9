/** The widget alone on the screen, where the page may do that: frames of other sites must be allowed to. */

import { say } from "./keep.js";

const NOT_HERE = "This page may not fill the screen";

/** @param {import("./context.js").Context} context */
export async function fillScreen(context) {
  try {
    if (document.fullscreenElement) await document.exitFullscreen();
    else if (document.fullscreenEnabled) await context.root.requestFullscreen();
    else say(context, NOT_HERE);
  } catch {
    say(context, NOT_HERE);
  }
}
