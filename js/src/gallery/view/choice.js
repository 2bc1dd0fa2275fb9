/** A native select with its name before it. */

import { createWatch } from "../../lib/changes.js";
import { h } from "../../view/dom.js";

/**
 * @param {import("./context.js").Context} context
 * @param {{label: string, kind: string, choose: (value: string) => void}} spec
 */
export function choice(context, { label, kind, choose }) {
  const select = h("select.g-select", { "aria-label": label });
  const element = h("label", { class: `g-choice ${kind}` }, [h("span.field-name", { text: label, "aria-hidden": "true" }), select]);
  const differs = createWatch();
  context.listen(select, "change", () => choose(select.value));
  return {
    element,
    /**
     * @param {ReadonlyArray<readonly [string, string]>} options  value and text
     * @param {string} value
     */
    update(options, value) {
      if (differs(JSON.stringify(options))) {
        select.replaceChildren(...options.map(([one, text]) => h("option", { value: one, text })));
        select.value = value;
      }
      if (select.value !== value) select.value = value;
    },
  };
}
