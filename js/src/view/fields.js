/** Small form controls on native elements: they bring roles, roving focus and arrow keys with them. */

import { h, setStyle, setText } from "./dom.js";

/** @typedef {import("./context.js").Context} Context */

/**
 * A row of radio buttons that looks like one switch.
 * @param {Context} context
 * @param {{label: string, name: string, options: Readonly<Record<string, string>>,
 *   short?: Readonly<Record<string, string>>, choose: (value: string) => void}} spec  options: value and text; short: of
 *   those that are too long where there is little room
 */
export function segmented(context, { label, name, options, short = {}, choose }) {
  const inputs = Object.keys(options).map((value) =>
    h("input", { type: "radio", name: `cw-${name}`, value, "aria-label": short[value] && options[value] }));
  const labels = inputs.map((input) => {
    const { [input.value]: text } = options;
    const brief = short[input.value];
    return h("label.segment", { title: brief && text },
      [input, ...(brief ? [h("span.long", { text }), h("span.short", { text: brief })] : [h("span", { text })])]);
  });
  const element = h("div", { class: `segments ${name}`, role: "radiogroup", "aria-label": label }, labels);
  context.listen(element, "change", (event) => choose(/** @type {HTMLInputElement} */ (event.target).value));
  return {
    element,
    /** @param {string} value */
    update(value) {
      for (const input of inputs) if (input.checked !== (input.value === value)) input.checked = input.value === value;
    },
  };
}

/**
 * A slider with its number beside it: redraws while dragged, is kept when let go.
 * @param {Context} context
 * @param {{label: string, kind: string, set: (value: number, commit: boolean) => void}} spec  percent
 */
export function slider(context, { label, kind, set }) {
  const input = h("input", { type: "range", min: 0, max: 100, step: 1, "aria-label": label });
  const number = h("output.number", { role: "none" });
  const element = h("div", { class: `slider ${kind}` }, [h("span.field-name", { text: label }), input, number]);
  context.listen(input, "input", () => set(Number(input.value) / 100, false));
  context.listen(input, "change", () => set(Number(input.value) / 100, true));
  return {
    element,
    /** @param {number} share */
    update(share) {
      const percent = String(Math.round(100 * share));
      if (input.value !== percent) input.value = percent;
      setStyle(input, "--fill", `${percent}%`);
      setText(number, `${percent} %`);
    },
  };
}

/**
 * @param {Context} context
 * @param {{kind: string, title: string, label: string, content: Node, press: () => void}} spec
 */
export function iconButton(context, { kind, title, label, content, press }) {
  const element = h("button", { type: "button", class: `icon-button ${kind}`, title, "aria-label": label }, [content]);
  context.listen(element, "click", press);
  return element;
}
