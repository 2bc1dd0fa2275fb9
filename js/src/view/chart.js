/** A few lines in a box: of 100 by 100, stretched to its place, y downwards. */

import { h, setAttr, svgOf } from "./dom.js";

/** @param {readonly string[]} kinds  classes of the lines, the lowest first */
export function chart(kinds) {
  const lines = kinds.map((kind) => svgOf("polyline", { class: `line-${kind}` }));
  const drawing = svgOf("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" });
  drawing.append(...lines);
  const element = h("div.chart", { role: "img" }, [drawing]);
  return {
    element,
    /** @param {readonly string[]} points  of each */
    draw: (points) => lines.forEach((line, i) => setAttr(line, "points", points[i])),
  };
}
