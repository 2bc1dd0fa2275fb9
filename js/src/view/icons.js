/** Icons as stroke paths on a 16 px field; drawn in the current colour. */

import { svg } from "./dom.js";

/** @type {Readonly<Record<string, string>>} */
const PATHS = Object.freeze({
  search: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.4 10.4 14 14",
  chevron: "M4.5 6.5 8 10l3.5-3.5",
  sliders: "M2 5h6.4M11.8 5H14M10.1 3.3a1.7 1.7 0 1 1 0 3.4 1.7 1.7 0 0 1 0-3.4" +
    "M2 11h2.2M7.6 11H14M5.9 9.3a1.7 1.7 0 1 1 0 3.4 1.7 1.7 0 0 1 0-3.4",
  full: "M2.5 5.5v-3h3M10.5 2.5h3v3M13.5 10.5v3h-3M5.5 13.5h-3v-3",
  warning: "M8 2.2 14.3 13.5H1.7ZM8 6.4v3.4M8 11.6v.1",
});

/**
 * @param {string} name
 * @returns {SVGSVGElement}
 */
export const icon = (name) => svg(PATHS[name], `icon icon-${name}`);
