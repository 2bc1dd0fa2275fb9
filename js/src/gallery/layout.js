/** How the grid is laid out in pixels, and where its keys lead. */

/** Least side of a thumbnail, from one to the next, between the two of a pair, the words below, from row to row. */
const LEAST = 88;
const GAP = 10;
const PAIR_GAP = 4;
const WORDS = 32;
const ROW_GAP = 8;

/**
 * @typedef {object} Layout
 * @property {number} columns
 * @property {number} side  of a thumbnail, CSS pixels
 * @property {number} tile  width of an item
 * @property {number} pitch  from one item to the next
 * @property {number} row  height of a row with the gap below it
 */

/**
 * Thumbnails grow until another column fits.
 * @param {number} width  of the room, CSS pixels
 * @param {boolean} pairs  two thumbnails an item
 * @returns {Layout}
 */
export function layoutOf(width, pairs) {
  const many = pairs ? 2 : 1;
  const least = many * LEAST + (many - 1) * PAIR_GAP;
  const columns = Math.max(1, Math.floor((width + GAP) / (least + GAP)));
  const tile = Math.max(least, Math.floor((width + GAP) / columns) - GAP);
  const side = Math.floor((tile - (many - 1) * PAIR_GAP) / many);
  return { columns, side, tile: many * side + (many - 1) * PAIR_GAP, pitch: tile + GAP, row: side + WORDS + ROW_GAP };
}

/**
 * The first row in sight and the one after the last, with spare ones around them.
 * @param {number} top  how far the grid is scrolled
 * @param {number} height  of what is in sight
 * @param {number} row
 * @param {number} rows
 * @param {number} [spare]
 * @returns {[number, number]}
 */
export function rowsInSight(top, height, row, rows, spare = 0) {
  const first = Math.min(rows, Math.max(0, Math.floor(top / row) - spare));
  return [first, Math.max(first, Math.min(rows, Math.ceil((top + height) / row) + spare))];
}

/**
 * Where the grid must be scrolled to so that a row is in sight.
 * @param {number} place  of the row
 * @param {number} top
 * @param {number} height
 * @param {number} row
 */
export function revealing(place, top, height, row) {
  const least = (place + 1) * row - height;
  return Math.max(0, Math.min(place * row, Math.max(least, top)));
}

/**
 * The place that a key leads to; null where it is none of the grid's. At both ends it goes no further.
 * @param {{key: string, ctrlKey?: boolean, metaKey?: boolean}} event
 * @param {number} at
 * @param {number} count
 * @param {number} columns
 * @param {number} page  rows in sight
 */
export function placeFor({ key, ctrlKey, metaKey }, at, count, columns, page) {
  const start = at - (at % columns);
  const rows = Math.ceil(count / columns);
  const down = (/** @type {number} */ by) =>
    Math.min(rows - 1, Math.max(0, start / columns + by)) * columns + at - start;
  const whole = ctrlKey || metaKey;
  /** @type {Record<string, number>} */
  const places = {
    ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: down(-1), ArrowDown: down(1), PageUp: down(-page), PageDown: down(page),
    Home: whole ? 0 : start, End: whole ? count - 1 : start + columns - 1,
  };
  return key in places ? Math.min(count - 1, Math.max(0, places[key])) : null;
}
