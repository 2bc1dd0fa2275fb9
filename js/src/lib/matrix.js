/** How the matrix is laid out, and where its keys go. */

/** Pixels: a thumbnail with its border and the least gap to the next; the room of the rows' names, as the style sheet has it. */
const CELL = 68;
const NAME = Object.freeze({ share: 0.25, least: 88, most: 200 });

/** Rows that a page key leaps over: those in sight. */
const PAGE = 5;

/**
 * The columns that fit: the first, the last and others evenly between them; the chosen one in the place of its neighbour.
 * @param {number} count  of stages
 * @param {number} room  in pixels, the names of the rows included
 * @param {number} chosen  -1: none of them
 * @returns {number[]}  rising
 */
export function columnsIn(count, room, chosen) {
  const name = Math.min(NAME.most, Math.max(NAME.least, NAME.share * room));
  const fit = Math.max(1, Math.floor((room - name) / CELL));
  if (count <= fit) return Array.from({ length: count }, (_, i) => i);
  const picked = fit === 1 ? [count - 1] : Array.from({ length: fit }, (_, i) => Math.round((i * (count - 1)) / (fit - 1)));
  if (chosen < 0 || picked.includes(chosen)) return picked;
  const near = picked.reduce((best, at, i) => (Math.abs(at - chosen) < Math.abs(picked[best] - chosen) ? i : best), 0);
  picked[near] = chosen;
  return picked;
}

/**
 * Where a key leads in a grid; null where it is none of its keys. At an edge it stays.
 * @param {string} key  `KeyboardEvent.key`
 * @param {{row: number, col: number}} at
 * @param {number} rows
 * @param {number} columns
 * @returns {{row: number, col: number} | null}
 */
export function stepIn(key, { row, col }, rows, columns) {
  /** @type {Record<string, [number, number]>} */
  const steps = {
    ArrowUp: [row - 1, col], ArrowDown: [row + 1, col], ArrowLeft: [row, col - 1], ArrowRight: [row, col + 1],
    Home: [row, 0], End: [row, columns - 1], PageUp: [row - PAGE, col], PageDown: [row + PAGE, col],
  };
  const to = steps[key];
  if (!to) return null;
  const within = (/** @type {number} */ v, /** @type {number} */ count) => Math.min(count - 1, Math.max(0, v));
  return { row: within(to[0], rows), col: within(to[1], columns) };
}

/**
 * One scale for several maps; null for none.
 * @param {ReadonlyArray<import("./heat.js").Limits>} ranges
 * @returns {import("./heat.js").Limits | null}
 */
export function together(ranges) {
  if (!ranges.length) return null;
  const of = (/** @type {"lo" | "hi" | "max" | "min"} */ end) => ranges.map((range) => range[end]);
  return {
    lo: Math.min(...of("lo")), hi: Math.max(...of("hi")), max: Math.max(...of("max")), min: Math.min(...of("min")),
  };
}
