/** Icons that only the gallery has, as strokes on a 16 px field. */

import { svg } from "../../view/dom.js";

/** @type {Readonly<Record<string, string>>} */
const PATHS = Object.freeze({
  check: "M3.5 8.5 6.5 11.5 12.5 5",
  falling: "M8 2.5v11M4 9.5l4 4 4-4",
  rising: "M8 13.5v-11M4 6.5l4-4 4 4",
  matrix: "M2.5 2.5h11v11h-11ZM2.5 6.2h11M2.5 9.8h11M6.2 2.5v11M9.8 2.5v11",
});

/** @param {string} name */
export const glyph = (name) => svg(PATHS[name], `icon icon-${name}`);
