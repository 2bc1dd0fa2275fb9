/** How the room is divided: the picture's side first, all else follows. */

const PADDING = 12;
const BORDER = 2;
const WIDE = 880;
const MEDIUM = 640;
const SIDE = Object.freeze({ wide: 376, least: 264, share: 0.42, mostAlone: 440 });

/** Heights around the class list's rows: search, column names, note, controls. */
const AROUND_ROWS = 115;
const ROW = 29;
const ROWS_ALONE = 5;

/** Bands other than the main one, for full screen. */
const OTHER_BANDS = 172;

/** The colour bar; the list beside a signal, where the sign has a row of its own below the opacity, and the legend
 * one below that. */
const BAR = 64;
const LIST = Object.freeze({ wide: 300, medium: 232 });
const ROW_OF_SIGNS = 84;

/** The colour bar's words above and below it, and its lock. */
const BAR_ENDS = 60;

/**
 * @param {number} width  of the widget inside its border, CSS pixels; 0 before it is measured
 * @param {number} full  its height if it fills the screen, else 0
 * @param {string} [input]  what is explained: a signal is as wide as can be, and leaves the list what it needs
 * @returns {import("./context.js").Size}
 */
export function sizeOf(width, full, input = "picture") {
  const outer = (width || WIDE) + BORDER;
  if (outer < MEDIUM) {
    const inside = outer - BORDER - 2 * PADDING;
    const height = Math.min(inside, SIDE.mostAlone);
    return { kind: "one", full: full > 0, outer, width: inside, height, bar: 0, rows: ROWS_ALONE };
  }
  const kind = outer >= WIDE ? "wide" : "medium";
  let side = kind === "wide" ? SIDE.wide : Math.round(Math.min(SIDE.wide, Math.max(SIDE.least, SIDE.share * outer)));
  if (full) side = Math.max(side, Math.min(Math.round(0.6 * outer), full - OTHER_BANDS - 2 * PADDING));
  const signal = input === "signal";
  const rows = Math.max(3, Math.floor((side - AROUND_ROWS - (signal ? ROW_OF_SIGNS : 0)) / ROW));
  if (signal) {
    const room = outer - BORDER - 4 * PADDING - BAR - LIST[kind];
    return { kind, full: full > 0, outer, width: room, height: side, bar: side - BAR_ENDS, rows };
  }
  return { kind, full: full > 0, outer, width: side, height: side, bar: side - BAR_ENDS, rows };
}
