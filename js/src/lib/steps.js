/**
 * Cells along one axis of the input: where each is centred, what it sees. All places are in samples of the input, sample
 * i spanning i to i + 1. `place` says where the network's receptive fields really lie; without it the cells are spread
 * evenly, as stretching would.
 */

/** @typedef {import("../protocol.js").Axis} Axis */
/** @typedef {{centre: number, step: number, size: number}} Steps  of cell 0, between cells; size 0: not known */

/**
 * @param {readonly number[] | null | undefined} place
 * @param {number} count  cells
 * @param {number} length  samples
 * @returns {Steps}
 */
export function stepsOf(place, count, length) {
  const [centre, step, size] = place ?? [];
  if (Number.isFinite(centre) && Number(step) > 0) {
    return { centre: Number(centre), step: Number(step), size: Number(size) > 0 ? Number(size) : 0 };
  }
  return { centre: length / count / 2, step: length / count, size: 0 };
}

/**
 * The cell that is centred nearest to a place; null beyond half a step from the outermost ones.
 * @param {number} at
 * @param {Steps} steps
 * @param {number} count
 * @returns {number | null}
 */
export function cellNear(at, { centre, step }, count) {
  const cell = Math.floor((at - centre) / step + 0.5 + 1e-9);
  return cell >= 0 && cell < count ? cell : null;
}

/** Where the cell is centred. @param {number} cell @param {Steps} steps */
export const centreOf = (cell, { centre, step }) => centre + cell * step;

/**
 * What a cell sees, as far as it is input.
 * @param {number} cell
 * @param {Steps} steps
 * @param {number} length
 * @returns {[number, number] | null}  null where that is not known
 */
export function seenBy(cell, steps, length) {
  if (!steps.size) return null;
  const at = centreOf(cell, steps);
  return [Math.max(0, at - steps.size / 2), Math.min(length, at + steps.size / 2)];
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
