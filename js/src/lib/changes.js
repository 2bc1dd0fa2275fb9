/** What depends on what: a part of the view does its work only when something that it shows has changed. */

/** @returns {(...parts: unknown[]) => boolean}  whether any differs from the last call's */
export function createWatch() {
  /** @type {unknown[] | null} */
  let last = null;
  return (...parts) => {
    const before = last;
    last = parts;
    return !before || parts.some((part, i) => part !== before[i]);
  };
}
