/** The last line: what lies on the pictures and how it is to be read; or what is the matter, and the way out. */

import { createWatch } from "../../lib/changes.js";
import { grid } from "../../lib/format.js";
import { h } from "../../view/dom.js";
import { icon } from "../../view/icons.js";
import { MANNER, whole } from "../words.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {{kind: "ready" | "busy" | "warning" | "error", text: string, side: string}} Line
 */

/** Milliseconds: answers that come sooner need no words. */
export const LATE = 600;

/** After so many the kernel may be gone. */
const LOST = 10_000;

/** @param {Context} context */
export function createStatus(context) {
  const lead = h("span.lead");
  const words = h("span.words", { role: "status" });
  const side = h("span.side");
  const help = h("button.help-button", { type: "button", text: "?", title: "Help (?)", "aria-label": "Help" });
  const element = h("div.status", {}, [lead, words, side, help]);
  const differs = createWatch();
  context.listen(help, "click", () => context.patch({ help: !context.ui.help }));
  return {
    element,
    help,
    update() {
      const line = lineOf(context);
      if (!differs(line.kind, line.text, line.side)) return;
      element.dataset.kind = line.kind;
      const warns = line.kind === "warning" || line.kind === "error";
      lead.replaceChildren(warns ? icon("warning") : h("span", { class: line.kind === "busy" ? "ring" : "led" }));
      words.textContent = words.title = line.text;
      side.textContent = side.title = line.side;
    },
  };
}

/** @param {Context} context @returns {Line} */
function lineOf({ store, size }) {
  const { status, view, about, since } = store;
  const short = size.kind === "one";
  const age = since === null ? 0 : performance.now() - since;
  if (status.state === "error" || status.state === "warning") {
    return { kind: status.state, text: [status.text, status.hint].filter(Boolean).join(" "), side: "" };
  }
  if (!store.canAsk && (store.refused || !store.scores.scored)) {
    const text = store.refused ? "Opening an item needs a kernel: run the notebook." : "No kernel is here to ask: run the cell to see the items.";
    return { kind: "warning", text, side: "" };
  }
  if (age > LOST) return { kind: "busy", text: "The kernel does not answer. It is busy, or was restarted: then run the cell again.", side: "" };
  if (status.state === "busy") return { kind: "busy", text: status.text, side: "" };
  if (age > LATE) return { kind: "busy", text: "Kernel is busy. What is on screen is answered first.", side: "" };
  const layer = about.layers.find(({ name }) => name === view.layer);
  const variant = about.variants.find(({ id }) => id === view.variant)?.name ?? view.variant;
  const some = store.canAsk || store.pictures >= store.count ? "" : `${whole(store.pictures)} pictures of ${whole(store.count)}`;
  const facts = [status.text, some, about.model, `${view.layer} ${layer ? grid(layer.grid) : ""}`.trim(), variant, short ? "" : about.device];
  return { kind: "ready", text: facts.filter(Boolean).join("  ·  "), side: short ? "" : MANNER[view.shows === "both" ? "both" : "one"] };
}
