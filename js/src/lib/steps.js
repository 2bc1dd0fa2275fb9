/** A map along one axis, on pixels: the time of a signal, the depth of a volume. */

/** @typedef {{centre: number, step: number}} Steps  where cell 0 is centred, and how far the next is, on the axis */

/**
 * Where the cells lie on an axis.
 * @param {readonly [number, number] | null | undefined} span  centre and step as shares of the input; evenly without it
 * @param {number} count  cells
 * @param {number} length  of the input, on the axis
 * @returns {Steps}
 */
export function stepsOf(span, count, length) {
  const [centre, step] = span ?? [0.5 / count, 1 / count];
  return { centre: centre * length, step: step * length };
}

/**
 * The part of the axis on which cells are centred.
 * @param {Steps} steps
 * @param {number} count
 * @param {number} length
 * @returns {[number, number]}
 */
export function covered({ centre, step }, count, length) {
  return [Math.max(0, centre - step / 2), Math.min(length, centre + (count - 0.5) * step)];
}

/**
 * The map along `width` pixels of an axis that ends at `span`: NaN where no cell is centred. Between cells it is linear;
 * of cells that share a pixel the strongest is taken, so that no peak is lost.
 * @param {ArrayLike<number>} values
 * @param {Steps} steps
 * @param {number} span
 * @param {number} width
 * @param {boolean} flat  each cell's own value up to half-way to the next
 * @returns {Float32Array}
 */
export function along(values, { centre, step }, span, width, flat) {
  const count = values.length;
  const perPixel = span / width / step;
  const out = new Float32Array(width);
  for (let x = 0; x < width; x++) {
    const at = ((x + 0.5) * span) / width / step - centre / step;
    if (!(at >= -0.5 && at <= count - 0.5)) out[x] = NaN;
    else if (perPixel > 1) out[x] = strongest(values, at - perPixel / 2, at + perPixel / 2);
    else if (flat) out[x] = values[clamp(Math.floor(at + 0.5), count)];
    else {
      const from = Math.floor(at);
      const share = at - from;
      const before = values[clamp(from, count)];
      // Not a weighted sum at the cells themselves: next to one that is no number it would be none either.
      out[x] = share === 0 ? before : before * (1 - share) + values[clamp(from + 1, count)] * share;
    }
  }
  return out;
}

/** @param {number} i @param {number} count */
const clamp = (i, count) => Math.min(count - 1, Math.max(0, i));

/**
 * @param {ArrayLike<number>} values
 * @param {number} from
 * @param {number} to
 */
function strongest(values, from, to) {
  const last = clamp(Math.floor(to), values.length);
  let best = values[clamp(Math.ceil(from), values.length)];
  for (let i = clamp(Math.ceil(from), values.length) + 1; i <= last; i++) {
    if (!(Math.abs(values[i]) <= Math.abs(best))) best = values[i];
  }
  return best;
}
