/** Beside the grid, or in its place where there is little room: the confusion of classes, and the maps' opacity. */

import { percent } from "../../lib/format.js";
import { slider } from "../../view/fields.js";
import { h, hide, mark, setText } from "../../view/dom.js";
import { whole } from "../words.js";
import { createMatrix } from "./matrix.js";
import { createPairs } from "./pairs.js";

/** From so many classes on, pairs are listed: the table would not fit. */
const MOST_CLASSES = 20;

/** @param {import("./context.js").Context} context */
export function createPanel(context) {
  const { store } = context;
  // where it stands in the grid's place, it makes room again
  const chosen = () => {
    if (!context.ui.panel) return;
    context.patch({ panel: false });
    mark(context.root, "unfolded", false);
    context.focusGrid();
  };
  const heading = h("h2.heading", { text: "Confusion" });
  const tally = h("span.quiet.g-tally");
  const matrix = createMatrix(context, chosen);
  const pairs = createPairs(context, chosen);
  const note = h("p.g-note", { text: "A cell, a row or a column: only its items are shown." });
  const opacity = slider(/** @type {any} */ (context), {
    label: "Opacity", kind: "opacity", set: (value, commit) => store.set("opacity", value, commit),
  });
  return {
    element: h("section.g-panel", { id: "cw-panel", "aria-label": "Confusion" }, [
      h("div.g-title", {}, [heading, tally]), matrix.element, note, pairs.element, h("div.controls", {}, [opacity.element]),
    ]),
    update() {
      const { about, scores, view } = store;
      mark(context.root, "unfolded", context.ui.panel && context.size.kind === "one");
      mark(context.root, "unlabelled", !about.known);
      const few = about.names.length <= MOST_CLASSES;
      hide(matrix.element, !few || !about.known);
      hide(note, !few || !about.known);
      hide(pairs.element, few || !about.known);
      hide(heading, !about.known);
      const { wrong, among } = scores.tally;
      setText(tally, among ? `${whole(wrong)} of ${whole(among)} wrong, ${percent(wrong / among)}` : "");
      if (about.known) (few ? matrix : pairs).update();
      opacity.update(view.opacity);
    },
  };
}
