/**
 * Strokes and boxes painted over a picture, in pixels of the network's input: x to the right, y down. What they cover is
 * the kernel's to say (`camwidget/edits.py`).
 */

import { MOST_EDITS, MOST_POINTS } from "../protocol.js";

/**
 * @typedef {import("../protocol.js").Edit} Edit
 * @typedef {import("../protocol.js").Stroke} Stroke
 * @typedef {import("../protocol.js").Patch} Patch
 * @typedef {import("../protocol.js").Point} Point
 * @typedef {Pick<Edit, "mode" | "fill">} Manner
 */

/** Points of a stroke nearer together than this share of its radius add nothing to see. */
const NEAR = 0.2;

/** Pixels: the kernel takes no finer brush, nor a narrower box. */
const LEAST = 0.5;

/** As the kernel rounds, so that what comes back is what was sent. */
const rounded = (/** @type {number} */ v) => Math.round(100 * v) / 100;

/**
 * A spot on the picture in pixels of the input.
 * @param {{fx: number, fy: number}} spot  in shares
 * @param {readonly number[]} input  rows, columns
 * @returns {Point}
 */
export const pixelAt = ({ fx, fy }, [rows, columns]) => [rounded(fx * columns), rounded(fy * rows)];

/**
 * @param {Point} at
 * @param {number} radius
 * @param {Manner} manner
 * @returns {Stroke}
 */
export const strokeAt = (at, radius, { mode, fill }) =>
  ({ tool: "stroke", mode, fill, points: [at], radius: Math.max(LEAST, rounded(radius)) });

/**
 * The stroke as far as this point; the same one where that is too near to be seen.
 * @param {Stroke} stroke
 * @param {Point} at
 * @param {boolean} [last]  the stroke ends here
 * @returns {Stroke}
 */
export function extended(stroke, at, last = false) {
  const { points, radius } = stroke;
  const [x, y] = points[points.length - 1];
  const far = Math.hypot(at[0] - x, at[1] - y);
  if (far === 0 || (!last && far < Math.max(LEAST, NEAR * radius))) return stroke;
  return { ...stroke, points: [...points, at] };
}

/**
 * @param {Point} from
 * @param {Point} to
 * @param {Manner} manner
 * @returns {Patch | null}  null where it is too narrow to hold a pixel
 */
export function boxOf([xa, ya], [xb, yb], { mode, fill }) {
  const [x0, x1] = xa < xb ? [xa, xb] : [xb, xa];
  const [y0, y1] = ya < yb ? [ya, yb] : [yb, ya];
  if (x1 - x0 < 2 * LEAST || y1 - y0 < 2 * LEAST) return null;
  return { tool: "box", mode, fill, points: [x0, y0, x1, y1] };
}

/** Whether the kernel would take no more. @param {readonly Edit[]} edits */
export const tooMany = (edits) =>
  edits.length > MOST_EDITS || edits.reduce((sum, { points }) => sum + points.length, 0) > MOST_POINTS;

/** @type {Readonly<Record<Edit["fill"], string>>} */
const COVERED = Object.freeze({
  mean: "After covering a part", blur: "After blurring a part", noise: "After noise over a part",
});

/** What was done to the picture, over the list of what came of it. @param {readonly Edit[]} edits */
export function headingOf(edits) {
  if (edits.some(({ mode }) => mode === "keep")) return "After keeping a part only";
  const fills = new Set(edits.filter(({ mode }) => mode === "cover").map(({ fill }) => fill));
  return fills.size === 1 ? COVERED[[...fills][0]] : "After covering a part";
}

/**
 * The classes that gained and lost most; null where none did.
 * @param {ArrayLike<number>} before
 * @param {ArrayLike<number>} now
 * @returns {{fallen: number | null, risen: number | null}}
 */
export function extremes(before, now) {
  let [fallen, risen] = [-1, -1];
  let [low, high] = [0, 0];
  for (let i = 0; i < now.length; i++) {
    const change = now[i] - before[i];
    if (change < low) [low, fallen] = [change, i];
    if (change > high) [high, risen] = [change, i];
  }
  return { fallen: fallen < 0 ? null : fallen, risen: risen < 0 ? null : risen };
}
