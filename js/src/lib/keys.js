/** The one table of shortcuts: key handling, tooltips, the help and the docs all read it. */

/**
 * @typedef {"widget" | "picture"} Where  "picture": only while the picture has the focus, and then before "widget"
 * @typedef {"class-previous" | "class-next" | "layer-previous" | "layer-next" | "variant" | "bare" | "display"
 *   | "search" | "fullscreen" | "help" | "back" | "cell-up" | "cell-down" | "cell-left" | "cell-right" | "pin"} Action
 * @typedef {{keys: readonly string[], label: string, action: Action, where: Where}} Shortcut  keys: `KeyboardEvent.key`
 */

/** @type {ReadonlyArray<Shortcut>} */
export const SHORTCUTS = Object.freeze([
  { keys: ["ArrowUp"], label: "Previous class", action: "class-previous", where: "widget" },
  { keys: ["ArrowDown"], label: "Next class", action: "class-next", where: "widget" },
  { keys: ["ArrowLeft"], label: "Earlier layer", action: "layer-previous", where: "widget" },
  { keys: ["ArrowRight"], label: "Later layer", action: "layer-next", where: "widget" },
  { keys: ["v"], label: "Variant", action: "variant", where: "widget" },
  { keys: ["0", " "], label: "Bare photo", action: "bare", where: "widget" },
  { keys: ["d"], label: "Display", action: "display", where: "widget" },
  { keys: ["/"], label: "Search classes", action: "search", where: "widget" },
  { keys: ["f"], label: "Full screen", action: "fullscreen", where: "widget" },
  { keys: ["?"], label: "Help", action: "help", where: "widget" },
  { keys: ["Escape"], label: "Back", action: "back", where: "widget" },
  { keys: ["ArrowUp"], label: "Cell above", action: "cell-up", where: "picture" },
  { keys: ["ArrowDown"], label: "Cell below", action: "cell-down", where: "picture" },
  { keys: ["ArrowLeft"], label: "Cell to the left", action: "cell-left", where: "picture" },
  { keys: ["ArrowRight"], label: "Cell to the right", action: "cell-right", where: "picture" },
  { keys: ["Enter"], label: "Pin the cell", action: "pin", where: "picture" },
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
