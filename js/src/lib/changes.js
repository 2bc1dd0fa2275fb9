/** What has changed: a part of the view does its work only when something that it shows has. */

/** @returns {(...parts: unknown[]) => boolean}  whether any differs from the last call's */
export function createWatch() {
  /** @type {unknown[] | null} */
  let last = null;
  return (...parts) => {
    const before = last;
    last = parts;
    return !before || parts.length !== before.length || parts.some((part, i) => part !== before[i]);
  };
}

/**
 * Whether two values of a trait say the same: numbers, text, and lists, arrays and dicts of them.
 * @param {any} a
 * @param {any} b
 * @returns {boolean}
 */
export function equal(a, b) {
  if (Object.is(a, b)) return true;
  if (Object(a) !== a || Object(b) !== b || a.length !== b.length) return false; // not both lists, arrays or dicts
  if (a.length >= 0) return Array.prototype.every.call(a, (value, i) => equal(value, b[i]));
  return Object.keys({ ...a, ...b }).every((name) => equal(a[name], b[name]));
}
