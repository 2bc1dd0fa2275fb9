/** Every map seen for the current image, least recently used out first, bounded in bytes. */

/** @typedef {import("./protocol.js").HeatMap} HeatMap */

const OVERHEAD = 256; // bytes an entry costs besides its values

/** @typedef {ReturnType<typeof createCache>} Cache */

/** @param {number} limit  bytes */
export function createCache(limit) {
  /** @type {Map<string, HeatMap>} in order of use */
  const entries = new Map();
  let bytes = 0;

  /** @param {HeatMap} map */
  const cost = (map) => map.values.byteLength + OVERHEAD;

  /** @param {string} key */
  function remove(key) {
    const old = entries.get(key);
    if (!old) return;
    entries.delete(key);
    bytes -= cost(old);
  }

  return {
    /**
     * The same object each time, so that callers may key their own derived data by it.
     * @param {string} key
     * @returns {HeatMap | null}
     */
    get(key) {
      const map = entries.get(key);
      if (!map) return null;
      entries.delete(key);
      entries.set(key, map);
      return map;
    },
    /** @param {string} key */
    has(key) {
      return entries.has(key);
    },
    /**
     * @param {string} key
     * @param {HeatMap} map
     */
    put(key, map) {
      remove(key);
      entries.set(key, map);
      bytes += cost(map);
      for (const oldest of entries.keys()) {
        if (bytes <= limit || oldest === key) break;
        remove(oldest);
      }
    },
    clear() {
      entries.clear();
      bytes = 0;
    },
    get bytes() {
      return bytes;
    },
  };
}
