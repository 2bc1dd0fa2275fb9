/** What is kept by item, least recently used out first, bounded in bytes. */

/**
 * @template T
 * @param {number} limit  bytes
 * @param {(value: T) => void} [dispose]  is told of what is let go of
 */
export function createKept(limit, dispose) {
  /** @type {Map<number, {value: T, cost: number}>} in order of use */
  const entries = new Map();
  let bytes = 0;
  /** @param {number} key */
  function remove(key) {
    const old = entries.get(key);
    if (!old) return;
    entries.delete(key);
    bytes -= old.cost;
    dispose?.(old.value);
  }
  return {
    get bytes() { return bytes; },
    get size() { return entries.size; },
    /** @param {number} key @returns {T | null} */
    get(key) {
      const entry = entries.get(key);
      if (!entry) return null;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    /** Does not count as use. @param {number} key */
    has: (key) => entries.has(key),
    /** @param {number} key @param {T} value @param {number} cost  bytes */
    put(key, value, cost) {
      remove(key);
      entries.set(key, { value, cost });
      bytes += cost;
      for (const oldest of entries.keys()) {
        if (bytes <= limit || oldest === key) break;
        remove(oldest);
      }
    },
    clear() {
      for (const key of [...entries.keys()]) remove(key);
    },
  };
}
