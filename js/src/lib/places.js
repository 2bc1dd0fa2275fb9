/**
 * Where the cells of a layer lie on the picture. Spread evenly, or, where the network's convolutions are unpadded or crop
 * unevenly, placed where they look. All in shares of the picture's height and width.
 */

/**
 * @typedef {import("../protocol.js").Span} Span
 * @typedef {ReadonlyArray<readonly [number, number]>} Place  an axis each: the centre of cell 0, the step to the next
 * @typedef {{x: number, y: number, width: number, height: number}} Rect
 */

/**
 * @param {unknown} spans
 * @param {number} axes
 * @returns {spans is Span[]}
 */
const known = (spans, axes) => Array.isArray(spans) && spans.length === axes && spans.every((span) =>
  Array.isArray(span) && Number.isFinite(span[0]) && span[1] > 0 && (span[2] === null || span[2] > 0));

/**
 * The place of a layer's cells, or of a thumbnail's, which are several of them pooled.
 * @param {{place?: unknown, grid: readonly number[]} | undefined} layer
 * @param {readonly number[]} input  size of the network's input
 * @param {readonly number[]} grid
 * @returns {Place | null} null: spread evenly
 */
export function placeOf(layer, input, grid) {
  const spans = layer?.place;
  if (!layer || !known(spans, input.length) || layer.grid.length !== input.length) return null;
  if (grid.some((cells, axis) => cells > layer.grid[axis])) return null; // a map of the input's size, as some variants make
  return spans.map(([centre, step], axis) => {
    const pooled = layer.grid[axis] / grid[axis];
    return [(centre + (step * (pooled - 1)) / 2) / input[axis], (step * pooled) / input[axis]];
  });
}

/**
 * Which of `cells` is at a share of the way; -1 where none is centred.
 * @param {number} at
 * @param {number} cells
 * @param {readonly [number, number] | undefined} span
 */
export function indexAt(at, cells, span) {
  if (!span) return Math.min(cells - 1, Math.floor(at * cells));
  const index = Math.floor((at - span[0]) / span[1] + 0.5);
  return index < cells ? Math.max(-1, index) : -1;
}

/**
 * The centre of a cell, as a share of the way.
 * @param {number} index
 * @param {number} cells
 * @param {readonly [number, number] | undefined} span
 */
export const centreOf = (index, cells, span) => (span ? span[0] + index * span[1] : (index + 0.5) / cells);

/**
 * From where to where a cell sees, within the picture; null where that is not known.
 * @param {{sees?: unknown} | undefined} layer
 * @param {readonly number[]} input
 * @param {readonly number[]} cell  its index on each axis
 * @returns {Array<[number, number]> | null}
 */
export function seenBy(layer, input, cell) {
  const spans = layer?.sees;
  if (!known(spans, input.length)) return null;
  return spans.map(([centre, step, size], axis) => {
    const middle = centre + cell[axis] * step;
    const half = (size ?? Infinity) / 2;
    return [Math.max(0, middle - half) / input[axis], Math.min(input[axis], middle + half) / input[axis]];
  });
}
