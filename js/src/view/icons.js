/** Icons as stroke paths on a 16 px field; drawn in the current colour. */

import { svg } from "./dom.js";

/** @type {Readonly<Record<string, string>>} */
const PATHS = Object.freeze({
  explore: "M8 4.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7M8 1.5v3M8 11.5v3M1.5 8h3M11.5 8h3",
  box: "M2.5 5V3.5h2M7 3.5h2M11.5 3.5h2V5M13.5 7.2v1.6M13.5 11v1.5h-2M9 12.5H7M4.5 12.5h-2V11M2.5 8.8V7.2",
  undo: "M5.5 2.8 2.5 5.8l3 3M2.5 5.8h7a3.6 3.6 0 0 1 0 7.2H6",
  redo: "M10.5 2.8l3 3-3 3M13.5 5.8h-7a3.6 3.6 0 0 0 0 7.2H10",
  poke: "M11 2.4l2.6 2.6-7.4 7.4-3.4.8.8-3.4ZM9.2 4.2l2.6 2.6M9.5 13.5h4",
  contrast: "M2.5 3h11v10h-11ZM8 1.5v13M5 6v4M3.8 8h2.4",
  divide: "M6 4.5 2.5 8 6 11.5M10 4.5 13.5 8 10 11.5",
  lock: "M4 7.5h8v6H4ZM5.7 7.5V5a2.3 2.3 0 0 1 4.6 0v2.5",
  unlock: "M4 7.5h8v6H4ZM5.7 7.5V4.4a2.3 2.3 0 0 1 4.5-.7",
  search: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.4 10.4 14 14",
  chevron: "M4.5 6.5 8 10l3.5-3.5",
  sliders: "M2 5h6.4M11.8 5H14M10.1 3.3a1.7 1.7 0 1 1 0 3.4 1.7 1.7 0 0 1 0-3.4" +
    "M2 11h2.2M7.6 11H14M5.9 9.3a1.7 1.7 0 1 1 0 3.4 1.7 1.7 0 0 1 0-3.4",
  code: "M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5",
  save: "M8 2.5v7.2M4.8 6.7 8 9.9l3.2-3.2M2.5 11v2.5h11V11",
  full: "M2.5 5.5v-3h3M10.5 2.5h3v3M13.5 10.5v3h-3M5.5 13.5h-3v-3",
  cross: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  warning: "M8 2.2 14.3 13.5H1.7ZM8 6.4v3.4M8 11.6v.1",
});

/**
 * @param {string} name
 * @returns {SVGSVGElement}
 */
export const icon = (name) => svg(PATHS[name], `icon icon-${name}`);
