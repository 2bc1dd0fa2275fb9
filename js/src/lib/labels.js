/** Where the numbers of contour lines stand: beside their line, inside the picture, clear of other lines and numbers. */

/**
 * @typedef {{points: ArrayLike<number>, closed: boolean, text: string, width: number}} Line  points x, y, x, y …; width
 *   of its number
 * @typedef {{text: string, x: number, y: number}} Spot  the middle of a number
 * @typedef {{left: number, top: number, right: number, bottom: number}} Box
 */

/** Places that are tried along a line. */
const TRIES = 32;

/** Between a line and its number, as a share of the number's height. */
const GAP = 0.3;

/** A line shorter than this many times its number's height is not worth one. */
const LEAST = 3;

/** What lies where is kept on a grid of cells of this share of a number's height. */
const FINE = 0.4;

const LINE = 1;
const NUMBER = 1000;

/**
 * Longer lines choose first; one that finds no place has no number.
 * @param {readonly Line[]} lines
 * @param {readonly [number, number]} size  [height, width] of the picture
 * @param {number} tall  height of a number
 * @returns {Spot[]}
 */
export function labelSpots(lines, [height, width], tall) {
  const ground = createGround(height, width, FINE * tall);
  for (const { points } of lines) for (let i = 0; i < points.length; i += 2) ground.mark(points[i], points[i + 1]);
  const long = lines.map((line) => ({ line, length: lengthOf(line) })).filter(({ length }) => length >= LEAST * tall);
  long.sort((a, b) => b.length - a.length);
  return long.flatMap(({ line }) => {
    const best = bestPlace(line, tall, ground);
    if (!best) return [];
    ground.fill(best.box);
    return [{ text: line.text, x: best.x, y: best.y }];
  });
}

/**
 * @param {Line} line
 * @param {number} tall
 * @param {ReturnType<typeof createGround>} ground
 */
function bestPlace({ points, closed, width }, tall, ground) {
  const count = points.length / 2;
  /** @type {{x: number, y: number, box: Box, cost: number} | null} */
  let best = null;
  for (let k = 0; k < TRIES; k++) {
    const i = Math.floor(((k + 0.5) * count) / TRIES);
    const [tx, ty] = tangent(points, i, count, closed);
    for (const side of [-1, 1]) {
      const [nx, ny] = [-ty * side, tx * side];
      const away = (Math.abs(nx) * width + Math.abs(ny) * tall) / 2 + GAP * tall;
      const x = points[2 * i] + nx * away;
      const y = points[2 * i + 1] + ny * away;
      const box = { left: x - width / 2, top: y - tall / 2, right: x + width / 2, bottom: y + tall / 2 };
      const cost = ground.cost(box) + 2 * Math.abs(ty); // a number reads best along a level line
      if (cost < (best?.cost ?? NUMBER)) best = { x, y, box, cost };
    }
  }
  return best;
}

/**
 * @param {ArrayLike<number>} points
 * @param {number} i
 * @param {number} count
 * @param {boolean} closed
 * @returns {[number, number]}
 */
function tangent(points, i, count, closed) {
  const at = (/** @type {number} */ k) => (closed ? (k + count) % count : Math.min(count - 1, Math.max(0, k)));
  const [from, to] = [at(i - 2), at(i + 2)];
  const dx = points[2 * to] - points[2 * from];
  const dy = points[2 * to + 1] - points[2 * from + 1];
  const length = Math.hypot(dx, dy);
  return length > 0 ? [dx / length, dy / length] : [1, 0];
}

/** @param {Line} line */
function lengthOf({ points }) {
  let sum = 0;
  for (let i = 2; i < points.length; i += 2) sum += Math.hypot(points[i] - points[i - 2], points[i + 1] - points[i - 1]);
  return sum;
}

/**
 * What lies where, coarsely.
 * @param {number} height
 * @param {number} width
 * @param {number} cell
 */
function createGround(height, width, cell) {
  const columns = Math.max(1, Math.ceil(width / cell));
  const rows = Math.max(1, Math.ceil(height / cell));
  const taken = new Uint16Array(rows * columns);
  const at = (/** @type {number} */ v, /** @type {number} */ end) => Math.min(end - 1, Math.max(0, Math.floor(v / cell)));
  /** @param {Box} box @param {(index: number) => void} visit */
  const over = ({ left, top, right, bottom }, visit) => {
    for (let row = at(top, rows); row <= at(bottom, rows); row++) {
      for (let column = at(left, columns); column <= at(right, columns); column++) visit(row * columns + column);
    }
  };
  return {
    /** @param {number} x @param {number} y */
    mark: (x, y) => void (taken[at(y, rows) * columns + at(x, columns)] = LINE),
    /** @param {Box} box */
    fill: (box) => over(box, (index) => (taken[index] = NUMBER)),
    /** How much is covered; that of a number is too much, and so is what lies outside. @param {Box} box */
    cost(box) {
      if (box.left < 0 || box.top < 0 || box.right > width || box.bottom > height) return NUMBER;
      let sum = 0;
      over(box, (index) => (sum += taken[index]));
      return sum;
    },
  };
}
