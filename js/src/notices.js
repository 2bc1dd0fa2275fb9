/** The browser's own words in the status line: what only it knows. */

/** @typedef {import("./protocol.js").Status} Status */

/** @type {Status} */
export const ABSENT = Object.freeze({
  state: "warning", text: "This map is not in this page.", hint: "Run the notebook to compute it.",
});

/** @type {Status} */
export const ELSEWHERE = Object.freeze({
  state: "warning", text: "This picture is not in this page.", hint: "Run the notebook to look at it.",
});

/** @type {Status} */
export const GONE = Object.freeze({
  state: "error", text: "The kernel does not answer: it was restarted or shut down.", hint: "Run the cell again.",
});

/** @type {Status} */
export const NO_KERNEL = Object.freeze({ state: "warning", text: "Poking needs a kernel.", hint: "Run the notebook to poke." });

/** @type {Status} */
export const FULL = Object.freeze({
  state: "warning", text: "No more strokes: the picture holds as many as the kernel takes.", hint: "Clear them.",
});
