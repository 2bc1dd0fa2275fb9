/** The one table of shortcuts: key handling, tooltips, the help and the docs all read it. */

/**
 * @typedef {"widget" | "film" | "picture" | "signal" | "volume" | "matrix"} Where  where not "widget": only while what is
 *   explained, or the matrix, has the focus, and then before "widget"; a volume's slice is a picture. "film": wherever the
 *   focus is, where there are several pictures
 * @typedef {"class-previous" | "class-next" | "layer-previous" | "layer-next" | "variant" | "bare" | "display"
 *   | "field" | "search" | "fullscreen" | "help" | "back" | "cell-up" | "cell-down" | "cell-left" | "cell-right" | "pin"
 *   | "slice-previous" | "slice-next" | "explore" | "box" | "undo" | "redo" | "copy" | "poke" | "brush-smaller"
 *   | "brush-larger" | "contrast" | "swap" | "rival-previous" | "rival-next" | "matrix" | "map-step" | "map-end" | "map-leap"
 *   | "map-choose" | "inside" | "trust" | "picture-previous" | "picture-next" | "mistake-next" | "truth"} Action
 * @typedef {{keys: readonly string[], label: string, action: Action, where: Where}} Shortcut  keys: `KeyboardEvent.key`,
 *   with "Shift+" before it where that is held
 */

/**
 * @param {Where} where
 * @param {Array<[string, Action, ...string[]]>} rows  label, action, keys
 * @returns {Shortcut[]}
 */
const listed = (where, rows) => rows.map(([label, action, ...keys]) => ({ keys, label, action, where }));

/** @type {ReadonlyArray<Shortcut>} */
export const SHORTCUTS = Object.freeze([
  ...listed("widget", [
    ["Previous class", "class-previous", "ArrowUp"],
    ["Next class", "class-next", "ArrowDown"],
    ["Earlier layer", "layer-previous", "ArrowLeft"],
    ["Later layer", "layer-next", "ArrowRight"],
    ["Variant", "variant", "v"],
    ["Explore", "explore", "e"],
    ["Box (Shift-drag: outline)", "box", "b"],
    ["Poke: paint over the picture", "poke", "p"],
    ["Smaller brush", "brush-smaller", "["],
    ["Larger brush", "brush-larger", "]"],
    ["Contrast", "contrast", "s"],
    ["Swap A and B", "swap", "x"],
    ["Previous B", "rival-previous", "Shift+ArrowUp"],
    ["Next B", "rival-next", "Shift+ArrowDown"],
    ["Matrix", "matrix", "m"],
    ["Inside: what each channel adds", "inside", "i"],
    ["Trust: the map put to the test", "trust", "q"],
    ["Undo", "undo", "z"],
    ["Redo", "redo", "Shift+z"],
    ["Bare photo", "bare", "0", " "],
    ["Display", "display", "d"],
    ["What a cell sees", "field", "r"],
    ["Search classes", "search", "/"],
    ["Copy as Python", "copy", "c"],
    ["Full screen", "fullscreen", "f"],
    ["Help", "help", "?"],
    ["Back", "back", "Escape"],
  ]),
  ...listed("film", [
    ["Previous picture", "picture-previous", "Shift+ArrowLeft"],
    ["Next picture", "picture-next", "Shift+ArrowRight"],
    ["Next mistake", "mistake-next", "n"],
    ["Called, or label", "truth", "t"],
  ]),
  ...listed("picture", [
    ["Cell above", "cell-up", "ArrowUp"],
    ["Cell below", "cell-down", "ArrowDown"],
    ["Cell to the left", "cell-left", "ArrowLeft"],
    ["Cell to the right", "cell-right", "ArrowRight"],
    ["Pin the cell", "pin", "Enter"],
  ]),
  ...listed("signal", [
    ["Earlier step", "cell-left", "ArrowLeft"],
    ["Later step (Shift: ten)", "cell-right", "ArrowRight"],
    ["Pin the step", "pin", "Enter"],
  ]),
  ...listed("volume", [
    ["Slice before", "slice-previous", "PageUp"],
    ["Slice after", "slice-next", "PageDown"],
  ]),
  ...listed("matrix", [
    ["Next map", "map-step", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"],
    ["First, last of the row", "map-end", "Home", "End"],
    ["Five rows up, down", "map-leap", "PageUp", "PageDown"],
    ["Choose the map", "map-choose", "Enter", " "],
  ]),
]);

/** @type {Readonly<Record<string, string>>} */
const CAPS = Object.freeze({
  ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", " ": "Space", PageUp: "PgUp",
  PageDown: "PgDn",
});

/**
 * What a key does, or null. Keys with Ctrl, Alt or Meta belong to the host; Shift only makes the letter, but for keys
 * that are listed with it.
 * @param {{key: string, shiftKey?: boolean, ctrlKey?: boolean, altKey?: boolean, metaKey?: boolean}} event
 * @param {Where} [where]
 * @returns {Action | null}
 */
export function actionFor(event, where = "widget") {
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const held = event.shiftKey ? [`Shift+${key}`, key] : [key];
  const places = where === "widget" ? [where] : [where, "widget"];
  const order = places.flatMap((place) => held.map((one) => /** @type {const} */ ([place, one])));
  const hits = order.map(([place, one]) => SHORTCUTS.find((s) => s.where === place && s.keys.includes(one)));
  return hits.find((hit) => hit)?.action ?? null;
}

/**
 * A key as it is printed on the keyboard.
 * @param {string} key
 * @returns {string}
 */
export function cap(key) {
  if (key.startsWith("Shift+")) return `Shift ${cap(key.slice(6))}`;
  return CAPS[key] ?? (key.length > 1 ? key : key.toUpperCase());
}

/**
 * A tooltip's text with its key: "Full screen (F)".
 * @param {Action} action
 * @param {string} [label]  other words for the same action
 * @returns {string}
 */
export function tip(action, label) {
  const shortcut = SHORTCUTS.find((s) => s.action === action);
  return shortcut ? `${label ?? shortcut.label} (${cap(shortcut.keys[0])})` : label ?? "";
}
