/** "Why star?"; of a film's mistake a switch between what it was called and what it is. */

import { tip } from "../lib/keys.js";
import { h, hide, setAttr, setText } from "./dom.js";
import { mistake } from "./film_steps.js";
import { className } from "./frame.js";

/** @param {import("./context.js").Context} context */
export function createQuestion(context) {
  const subject = h("b");
  const end = h("span");
  const text = h("h2.question", {}, ["Why ", subject, end]);
  const options = /** @type {const} */ (["called", "truth"]).map((id) => {
    const input = h("input", { type: "radio", name: "cw-mistake", value: id });
    const name = h("span.segment-name");
    return { id, input, name, element: h("label.segment", {}, [input, name]) };
  });
  const choice = h("div.segments.mistake", { role: "radiogroup", "aria-label": "Explain", hidden: true },
    options.map(({ element }) => element));
  context.listen(choice, "change", (event) => {
    const found = mistake(context.store);
    const id = /** @type {"called" | "truth"} */ (/** @type {HTMLInputElement} */ (event.target).value);
    if (found) context.choose({ target: found[id] });
  });
  return {
    elements: [text, choice],
    /** @param {import("./frame.js").Frame} frame */
    update({ store, selected, contrast }) {
      const found = contrast ? null : mistake(store);
      setText(subject, className(store, selected.target));
      setText(end, contrast ? ` and not ${className(store, contrast.rival)}?` : "?");
      setAttr(text, "title", text.textContent);
      hide(text, found !== null);
      hide(choice, found === null);
      for (const { id, input, name: words, element } of found ? options : []) {
        const target = found?.[id] ?? 0;
        setText(words, `${id === "called" ? "called" : "is"} ${className(store, target)}`);
        setAttr(element, "title", tip("truth", id === "called" ? "What it was called" : "What it is"));
        if (input.checked !== (selected.target === target)) input.checked = selected.target === target;
      }
    },
  };
}
