/**
 * Contour lines by marching squares, joined to polylines. Coordinates are pixels: the sample in row i, column j lies at
 * (j + 0.5, i + 0.5), the centre of its pixel.
 */

/** @typedef {{points: Float32Array, closed: boolean, area: number}} Contour  points x, y, x, y …; area in pixels² */

/**
 * Which edges of a square a line joins, by the corners at or above the level (top left 1, top right 2, bottom right 4,
 * bottom left 8). Edges: 0 top, 1 right, 2 bottom, 3 left. The saddles, 5 and 10, are decided by the mean.
 * @type {ReadonlyArray<readonly number[]>}
 */
const JOINS = [
  [], [3, 0], [0, 1], [3, 1], [1, 2], [3, 0, 1, 2], [0, 2], [3, 2],
  [2, 3], [0, 2], [0, 1, 2, 3], [1, 2], [1, 3], [0, 1], [0, 3], [],
];
const SADDLE_HIGH = [[3, 2, 0, 1], [0, 3, 1, 2]];

/**
 * Every crossed edge with its one or two neighbours. Horizontal edges are 2·(y·w + x), vertical ones one more.
 * @param {ArrayLike<number>} values
 * @param {number} h
 * @param {number} w
 * @param {number} level
 * @returns {Map<number, number[]>}
 */
function crossings(values, h, w, level) {
  /** @type {Map<number, number[]>} */
  const links = new Map();
  /** @param {number} a @param {number} b */
  const link = (a, b) => {
    const known = links.get(a);
    if (known) known.push(b);
    else links.set(a, [b]);
  };
  for (let y = 0; y + 1 < h; y++) {
    // A square's right corners are the left ones of the next.
    let right = 0;
    for (let x = -1; x + 1 < w; x++) {
      const i = y * w + x;
      const left = right;
      right = (values[i + 1] >= level ? 1 : 0) | (values[i + w + 1] >= level ? 2 : 0);
      if (x < 0 || (left === right && left % 3 === 0)) continue;
      const kind = (left & 1) | (left & 2 ? 8 : 0) | (right << 1);
      const sum = values[i] + values[i + 1] + values[i + w] + values[i + w + 1];
      if (!Number.isFinite(sum)) continue;
      const saddle = kind === 5 || kind === 10;
      const joins = saddle && sum >= 4 * level ? SADDLE_HIGH[kind === 5 ? 0 : 1] : JOINS[kind];
      const edges = [2 * i, 2 * (i + 1) + 1, 2 * (i + w), 2 * i + 1];
      for (let k = 0; k < joins.length; k += 2) {
        link(edges[joins[k]], edges[joins[k + 1]]);
        link(edges[joins[k + 1]], edges[joins[k]]);
      }
    }
  }
  return links;
}

/**
 * Follows a line from one edge to the next and takes its edges out of `links`.
 * @param {Map<number, number[]>} links
 * @param {number} start  an end of the line, or anywhere on a ring
 * @returns {{edges: number[], closed: boolean}}
 */
function walk(links, start) {
  const edges = [start];
  let before = -1;
  let at = start;
  for (;;) {
    const next = links.get(at)?.find((edge) => edge !== before);
    if (next === undefined || next === start) {
      for (const edge of edges) links.delete(edge);
      return { edges, closed: next === start };
    }
    edges.push(next);
    before = at;
    at = next;
  }
}

/**
 * @param {ArrayLike<number>} values
 * @param {number} w
 * @param {number} level
 * @param {number[]} edges
 * @returns {Float32Array}
 */
function place(values, w, level, edges) {
  const points = new Float32Array(2 * edges.length);
  edges.forEach((edge, k) => {
    const i = edge >> 1;
    const down = edge & 1;
    const from = values[i];
    const share = (level - from) / (values[down ? i + w : i + 1] - from);
    points[2 * k] = (i % w) + 0.5 + (down ? 0 : share);
    points[2 * k + 1] = Math.floor(i / w) + 0.5 + (down ? share : 0);
  });
  return points;
}

/** @param {Float32Array} p */
function areaOf(p) {
  let twice = 0;
  for (let i = 0, j = p.length - 2; i < p.length; j = i, i += 2) twice += p[j] * p[i + 1] - p[i] * p[j + 1];
  return Math.abs(twice) / 2;
}

/**
 * @param {ArrayLike<number>} values  row by row
 * @param {readonly [number, number]} size  [rows, columns]
 * @param {number} level
 * @returns {Contour[]}  open lines end at the border; their area is that of the line closed straight
 */
export function contours(values, [h, w], level) {
  const links = crossings(values, h, w, level);
  /** @type {Contour[]} */
  const out = [];
  /** @param {number} start */
  const take = (start) => {
    const { edges, closed } = walk(links, start);
    const points = place(values, w, level, edges);
    out.push({ points, closed, area: areaOf(points) });
  };
  // Open lines first, from an end: begun in the middle they would come in two pieces.
  for (const [edge, next] of links) if (next.length === 1) take(edge);
  for (const edge of links.keys()) take(edge);
  return out;
}

/** Of a level's line: its share of the colour limit, its width in CSS pixels, and where its colour is taken, spread to differ. */
const LOOKS = Object.freeze([[0, 1, 0.1], [0.25, 1.2, 0.25], [0.5, 1.5, 0.6], [0.75, 2, 0.97], [1, 2.4, 1]]);

/**
 * How wide the line of a level is: the higher, the wider.
 * @param {number} share
 */
export const widthOf = (share) => between(share, 1);

/**
 * Where on the colour map its colour is taken.
 * @param {number} share
 */
export const toneOf = (share) => between(share, 2);

/** @param {number} share @param {1 | 2} which */
function between(share, which) {
  const above = Math.max(1, LOOKS.findIndex(([at]) => at >= share));
  const [low, high] = [LOOKS[above - 1], LOOKS[above]];
  return low[which] + ((share - low[0]) / (high[0] - low[0])) * (high[which] - low[which]);
}
