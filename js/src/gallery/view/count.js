/** The second band: how many items are shown and why, how far the scoring is, what is selected. */

import { createWatch } from "../../lib/changes.js";
import { h, hide, setStyle, setText } from "../../view/dom.js";
import { icon } from "../../view/icons.js";
import { shownWords, whole } from "../words.js";

/** @typedef {import("./context.js").Context} Context */

/** @param {Context} context */
export function createCount(context) {
  const { store } = context;
  const count = h("span.g-count", { role: "status" });
  const chips = h("span.g-chips");
  const again = button(context, "Sort again", () => store.sortAgain());
  const progress = h("span.g-progress.quiet");
  const bar = h("span.g-bar", { role: "progressbar", "aria-label": "Scored", "aria-valuemin": 0 });
  const selected = h("span.g-selected");
  const clear = button(context, "Clear", () => store.select([]));
  const differs = createWatch();
  return {
    element: h("div.g-band", {}, [
      count, chips, again, h("span.g-end", {}, [progress, selected, clear]), bar,
    ]),
    update() {
      const { scores, selection, view, about } = store;
      setText(count, shownWords(store));
      if (differs(view.filter, about)) chips.replaceChildren(...chipsOf(context));
      hide(again, !store.stale);
      const left = scores.scored < store.count;
      hide(progress, !left);
      hide(bar, !left);
      setText(progress, `scored ${whole(scores.scored)} of ${whole(store.count)}`);
      setStyle(bar, "--done", String(store.count ? scores.scored / store.count : 0));
      bar.setAttribute("aria-valuemax", String(store.count));
      bar.setAttribute("aria-valuenow", String(scores.scored));
      hide(selected, selection.size === 0);
      hide(clear, selection.size === 0);
      setText(selected, `${whole(selection.size)} selected`);
    },
  };
}

/** @param {Context} context @param {string} text @param {() => void} press */
function button(context, text, press) {
  const element = h("button.text-button", { type: "button", text });
  context.listen(element, "click", press);
  return element;
}

/** What narrows the list, each with a way to let go of it. @param {Context} context */
function chipsOf(context) {
  const { store } = context;
  const { truth, predicted, mistakes } = store.view.filter;
  /** @type {Array<[string, string, () => void]>} */
  const parts = [];
  if (mistakes) parts.push(["mistakes", "", () => store.narrow({ mistakes: false })]);
  if (truth !== null) parts.push(["true", store.nameOf(truth), () => store.narrow({ truth: null })]);
  if (predicted !== null) parts.push(["predicted", store.nameOf(predicted), () => store.narrow({ predicted: null })]);
  return parts.map(([what, name, drop]) => {
    const words = name ? `${what}: ${name}` : what;
    const cross = h("button.g-drop", { type: "button", title: `Not only ${words}`, "aria-label": `Not only ${words}` }, [icon("cross")]);
    context.listen(cross, "click", drop);
    const shown = name ? [h("span.quiet", { text: `${what} ` }), h("span.g-name", { text: name })] : [h("span.g-name", { text: what })];
    return h("span.g-chip", {}, [...shown, cross]);
  });
}
