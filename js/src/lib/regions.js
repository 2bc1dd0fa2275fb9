/**
 * A region of the picture, a box or an outline drawn by hand: made, moved, and laid over a map's grid. In pixels of the
 * network's input; the same arithmetic as in `camwidget/region.py`.
 */

import { REGION_LINES, REGION_POINTS } from "../protocol.js";

/**
 * @typedef {import("../protocol.js").Region} Region
 * @typedef {import("../protocol.js").Box} Box
 * @typedef {import("../protocol.js").Outline} Outline
 * @typedef {import("../protocol.js").Grid} Grid
 * @typedef {import("./places.js").Place} Place
 * @typedef {readonly [number, number]} Point  x, y
 * @typedef {readonly [number, number]} Ends  from where to where
 */

/** Of an area that is worth a region, in pixels. */
const LEAST = 0.5;

/** @param {Region} region @returns {region is Box} */
export const isBox = (region) => !Array.isArray(region[0]);

/** @param {Region} region @returns {Outline} */
const outlineOf = (region) => /** @type {Outline} */ (region);

/** @param {number} v @param {number} low @param {number} high */
const within = (v, low, high) => Math.min(high, Math.max(low, v));

/** @param {unknown} v @returns {v is number} */
const finite = (v) => typeof v === "number" && Number.isFinite(v);

/**
 * What the kernel, or a saved notebook, holds as a region; null where it is none.
 * @param {any} value
 * @returns {Region | null}
 */
export function readRegion(value) {
  if (!Array.isArray(value) || value.length > REGION_POINTS) return null;
  if (value.length === 4 && value.every(finite)) return value[0] < value[2] && value[1] < value[3] ? /** @type {any} */ (value) : null;
  const pairs = value.length >= 3 && value.every((p) => Array.isArray(p) && p.length === 2 && p.every(finite));
  return pairs ? /** @type {any} */ (value) : null;
}

/**
 * The box between two corners, in whole pixels and at least one wide and high.
 * @param {Point} a
 * @param {Point} b
 * @param {Grid} input  size of the network's input
 * @returns {Box}
 */
export function boxOf([ax, ay], [bx, by], [high, wide]) {
  const side = (/** @type {number} */ a, /** @type {number} */ b, /** @type {number} */ size) => {
    const low = within(Math.round(Math.min(a, b)), 0, size - 1);
    return [low, within(Math.round(Math.max(a, b)), low + 1, size)];
  };
  const [[x0, x1], [y0, y1]] = [side(ax, bx, wide), side(ay, by, high)];
  return [x0, y0, x1, y1];
}

/**
 * The line that a hand has drawn, as an outline: tenths of a pixel, not more points than are kept; null where it goes
 * around nothing.
 * @param {readonly Point[]} points
 * @param {Grid} input
 * @returns {Outline | null}
 */
export function outlineFrom(points, [high, wide]) {
  const every = Math.ceil(points.length / REGION_POINTS);
  const round = (/** @type {number} */ v) => Math.round(10 * v) / 10;
  const kept = points.filter((_, i) => i % every === 0)
    .map(([x, y]) => /** @type {Point} */ ([round(within(x, 0, wide)), round(within(y, 0, high))]))
    .filter(([x, y], i, all) => i === 0 || x !== all[i - 1][0] || y !== all[i - 1][1]);
  return kept.length >= 3 && shareOf(kept, [high, wide]) * high * wide >= LEAST ? kept : null;
}

/** @param {Region} region @returns {Box} */
export function boundsOf(region) {
  if (isBox(region)) return region;
  const points = outlineOf(region);
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/**
 * Moved, but not out of the picture.
 * @template {Region} R
 * @param {R} region
 * @param {number} dx
 * @param {number} dy
 * @param {Grid} input
 * @returns {R}
 */
export function moved(region, dx, dy, [high, wide]) {
  const [x0, y0, x1, y1] = boundsOf(region);
  const [right, down] = [within(dx, -x0, wide - x1), within(dy, -y0, high - y1)];
  return mapped(region, (x) => x + right, (y) => y + down);
}

/**
 * Made larger or smaller at its right and lower edge, but not out of the picture, nor smaller than a pixel.
 * @template {Region} R
 * @param {R} region
 * @param {number} dx
 * @param {number} dy
 * @param {Grid} input
 * @returns {R}
 */
export function sized(region, dx, dy, [high, wide]) {
  const [x0, y0, x1, y1] = boundsOf(region);
  const [across, along] = [within(x1 + dx, x0 + 1, wide), within(y1 + dy, y0 + 1, high)];
  return mapped(region, (x) => stretched(x, x0, x1, across), (y) => stretched(y, y0, y1, along));
}

/**
 * @param {number} v
 * @param {number} from
 * @param {number} to
 * @param {number} end  where `to` comes to lie
 */
const stretched = (v, from, to, end) => (to > from ? from + ((v - from) * (end - from)) / (to - from) : v);

/**
 * @template {Region} R
 * @param {R} region
 * @param {(x: number) => number} across
 * @param {(y: number) => number} down
 * @returns {R}
 */
function mapped(region, across, down) {
  const round = (/** @type {number} */ v) => Math.round(100 * v) / 100;
  if (isBox(region)) {
    const [x0, y0, x1, y1] = region;
    return /** @type {any} */ ([round(across(x0)), round(down(y0)), round(across(x1)), round(down(y1))]);
  }
  return /** @type {any} */ (outlineOf(region).map(([x, y]) => [round(across(x)), round(down(y))]));
}

/**
 * Whether a point lies in it; an outline that crosses itself holds all that it goes around.
 * @param {Region} region
 * @param {Point} point
 */
export function contains(region, [x, y]) {
  if (isBox(region)) return x >= region[0] && x <= region[2] && y >= region[1] && y <= region[3];
  return spansAt(outlineOf(region), y).some(([from, to]) => x >= from && x <= to);
}

/**
 * How much of the picture it covers, 0 to 1.
 * @param {Region} region
 * @param {Grid} input
 */
export const shareOf = (region, input) => coverage(region, [1, 1], input, null)[0];

/**
 * How much of each cell lies in the region, 0 to 1, row by row. Of a cell that reaches beyond the picture, the part on
 * the picture counts. Of a box exact; an outline is cut by many lines, each measured exactly.
 * @param {Region} region
 * @param {Grid} grid
 * @param {Grid} input
 * @param {Place | null} place  of the cells
 * @returns {Float64Array}
 */
export function coverage(region, [h, w], [high, wide], place) {
  const rows = endsOf(h, high, place?.[0]);
  const columns = endsOf(w, wide, place?.[1]);
  const found = new Float64Array(h * w);
  if (isBox(region)) {
    const [x0, y0, x1, y1] = region;
    rows.forEach((row, i) => {
      const down = covered(row, y0, y1);
      if (down > 0) columns.forEach((column, j) => { found[i * w + j] = down * covered(column, x0, x1); });
    });
    return found;
  }
  const each = Math.max(8, Math.ceil(REGION_LINES / h));
  rows.forEach(([top, bottom], i) => {
    for (let line = 0; line < each && bottom > top; line++) {
      for (const [from, to] of spansAt(outlineOf(region), top + ((line + 0.5) / each) * (bottom - top))) {
        columns.forEach((column, j) => { found[i * w + j] += covered(column, from, to) / each; });
      }
    }
  });
  return found.map((share) => Math.min(1, share));
}

/**
 * Where a horizontal line lies in an outline.
 * @param {Outline} points
 * @param {number} y
 * @returns {Ends[]}
 */
function spansAt(points, y) {
  /** @type {Array<[number, number]>} x, and which way the outline goes there */
  const crossings = [];
  for (let i = 0; i < points.length; i++) {
    const [xa, ya] = points[i];
    const [xb, yb] = points[(i + 1) % points.length];
    if (ya <= y !== yb <= y) crossings.push([xa + ((y - ya) / (yb - ya)) * (xb - xa), yb > ya ? 1 : -1]);
  }
  crossings.sort((a, b) => a[0] - b[0]);
  /** @type {Ends[]} */
  const spans = [];
  let winding = 0;
  for (let i = 0; i + 1 < crossings.length; i++) {
    winding += crossings[i][1];
    if (winding) spans.push([crossings[i][0], crossings[i + 1][0]]);
  }
  return spans;
}

/**
 * From where to where each cell reaches on the picture.
 * @param {number} cells
 * @param {number} size
 * @param {readonly [number, number] | undefined} span
 * @returns {Ends[]}
 */
const endsOf = (cells, size, span) => Array.from({ length: cells }, (_, i) => {
  const middle = span ? span[0] + i * span[1] : (i + 0.5) / cells;
  const half = (span ? span[1] : 1 / cells) / 2;
  return [size * within(middle - half, 0, 1), size * within(middle + half, 0, 1)];
});

/** How much of an interval lies between two ends. @param {Ends} ends @param {number} low @param {number} high */
const covered = ([from, to], low, high) =>
  (to > from ? Math.max(0, Math.min(to, high) - Math.max(from, low)) / (to - from) : 0);

/**
 * The share of a map's positive values that lies in the region, 0 to 1; NaN where it has none.
 * @param {Float32Array} values
 * @param {Float64Array} cover
 */
export function positiveShare(values, cover) {
  let inside = 0;
  let all = 0;
  for (let i = 0; i < values.length; i++) {
    if (!(values[i] > 0)) continue;
    all += values[i];
    inside += values[i] * cover[i];
  }
  return all > 0 ? inside / all : NaN;
}

/**
 * "27, 128 to 193, 222": from corner to corner.
 * @param {Region} region
 */
export function cornersText(region) {
  const [x0, y0, x1, y1] = boundsOf(region).map((v) => String(Math.round(v)));
  return `${x0}, ${y0} to ${x1}, ${y1}`;
}
