/** The one table of shortcuts: key handling, tooltips, the help and the docs all read it. */

/**
 * @typedef {"widget" | "picture" | "signal" | "volume"} Where  where not "widget": only while what is explained has the focus,
 *   and then before "widget"; a volume's slice is a picture
 * @typedef {"class-previous" | "class-next" | "layer-previous" | "layer-next" | "variant" | "bare" | "display"
 *   | "field" | "search" | "fullscreen" | "help" | "back" | "cell-up" | "cell-down" | "cell-left" | "cell-right" | "pin"
 *   | "slice-previous" | "slice-next"} Action
 * @typedef {{keys: readonly string[], label: string, action: Action, where: Where}} Shortcut  keys: `KeyboardEvent.key`
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
    ["Bare photo", "bare", "0", " "],
    ["Display", "display", "d"],
    ["What a cell sees", "field", "r"],
    ["Search classes", "search", "/"],
    ["Full screen", "fullscreen", "f"],
    ["Help", "help", "?"],
    ["Back", "back", "Escape"],
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
]);

/** @type {Readonly<Record<string, string>>} */
const CAPS = Object.freeze({
  ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", " ": "Space",
});

/**
 * What a key does, or null. Keys with Ctrl, Alt or Meta belong to the host; Shift only makes the letter.
 * @param {{key: string, ctrlKey?: boolean, altKey?: boolean, metaKey?: boolean}} event
 * @param {Where} [where]
 * @returns {Action | null}
 */
export function actionFor(event, where = "widget") {
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const hits = SHORTCUTS.filter((s) => s.keys.includes(key) && (s.where === where || s.where === "widget"));
  return (hits.find((s) => s.where === where) ?? hits[0])?.action ?? null;
}

/**
 * A key as it is printed on the keyboard.
 * @param {string} key
 * @returns {string}
 */
export function cap(key) {
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
