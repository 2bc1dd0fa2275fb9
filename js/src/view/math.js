/** Formulas as MathML, which browsers draw by themselves; read aloud in words. */

import { setAttr } from "./dom.js";

const MATHML = "http://www.w3.org/1998/Math/MathML";

/** @typedef {import("../lib/methods.js").Node} Tree */

/**
 * @param {Tree} tree
 * @returns {Element | Text}
 */
function node(tree) {
  if (typeof tree === "string") return document.createTextNode(tree);
  const [tag, ...children] = tree;
  const element = document.createElementNS(MATHML, tag);
  element.append(...children.map(node));
  return element;
}

/**
 * @param {Tree} tree
 * @param {string} words
 * @returns {Element}
 */
export function formula(tree, words) {
  const math = document.createElementNS(MATHML, "math");
  setAttr(math, "role", "math");
  setAttr(math, "aria-label", words);
  math.append(node(tree));
  return math;
}
