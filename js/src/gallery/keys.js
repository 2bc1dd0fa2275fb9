/** The gallery's keys: what handles them, the tooltips and the help read this table. */

/** @type {ReadonlyArray<readonly [string, readonly string[]]>} what it does, and the keys as they are printed */
export const KEYS = Object.freeze([
  ["Next item", ["↑", "↓", "←", "→"]],
  ["First, last of the row", ["Home", "End"]],
  ["First, last of all", ["Ctrl Home", "Ctrl End"]],
  ["A page up, down", ["PgUp", "PgDn"]],
  ["Open the item", ["Enter"]],
  ["Select it", ["Space"]],
  ["Select a range", ["Shift ↑ ↓ ← →"]],
  ["Select all that are shown", ["Ctrl A"]],
  ["Close, or let the selection go", ["Esc"]],
]);
