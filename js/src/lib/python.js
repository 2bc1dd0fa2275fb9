/** The view on screen as Python code that makes it again: the same text as `camwidget/as_python.py` writes. */

import { DEFAULTS } from "../selection.js";
import { equal } from "./changes.js";

/**
 * @typedef {object} Code
 * @property {readonly string[]} call  keywords of the constructor that no trait carries, as they are written
 * @property {import("../protocol.js").View} view
 * @property {number | null} against
 * @property {string} score
 * @property {readonly string[]} names
 * @property {readonly import("../protocol.js").Edit[]} [edits]
 * @property {number} [index]  of a film the picture
 */

/** Letters that would end a comment, or turn its writing. */
const UNFIT = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** @param {string} name */
const comment = (name) => name.replace(UNFIT, " ");

/** JSON's texts, numbers, lists and dicts of them are Python's. @param {unknown} value */
const literal = (value) => JSON.stringify(value);

/** Whether a keyword takes a value of its own name. @param {string} word */
const taken = (word) => word.slice(0, word.indexOf("=")) === word.slice(word.indexOf("=") + 1);

/**
 * @param {Code} of
 * @returns {string}
 */
export function pythonOf({ call, view, against, score, names, edits = [], index = 0 }) {
  const { target, layer, variant } = view;
  const lines = [
    "model,", "image,",
    ...call.map((word) => `${word},`),
    `target=${target},  # ${comment(names[target] ?? "")}`,
    `layer=${literal(layer)},`, `variant=${literal(variant)},`,
  ];
  if (against !== null) lines.push(`against=${against},  # ${comment(names[against] ?? "")}`);
  if (score !== "logit") lines.push(`score=${literal(score)},`);
  if (index) lines.push(`index=${index},`);
  for (const [name, usual] of Object.entries(DEFAULTS)) {
    const value = view[/** @type {keyof typeof DEFAULTS} */ (name)];
    if (!equal(value, usual)) lines.push(`${name}=${literal(value)},`);
  }
  const yours = ["model", "image", ...call.filter(taken).map((word) => word.split("=")[0])];
  return [
    ...(call.some((word) => word.startsWith("autocast=")) ? ["import torch"] : []),
    "from camwidget import CamWidget", "",
    `# ${yours.slice(0, -1).join(", ")} and ${yours[yours.length - 1]} are yours`,
    "w = CamWidget(", ...lines.map((line) => `    ${line}`), ")", ...(edits.length ? [`w.edits = ${literal(edits)}`] : []), "w", "",
  ].join("\n");
}
