/** Every map seen for the current image, least recently used out first, bounded in bytes. */

/**
 * @typedef {import("./protocol.js").HeatMap} HeatMap
 * @typedef {HeatMap & {views?: Array<HeatMap | undefined>}} Entry  one map, or with `views` those of all classes in one:
 *   `values` holds one after another, and a view is made when its class is first asked for
 */

const OVERHEAD = 256; // bytes a map costs besides its values; a view that is not made yet counts as if it were

/** @typedef {ReturnType<typeof createCache>} Cache */

/** @param {number} limit  bytes */
export function createCache(limit) {
  /** @type {Map<string, Entry>} in order of use */
  const entries = new Map();
  let bytes = 0;

  /** @param {Entry} entry */
  const cost = ({ values, views }) => values.byteLength + OVERHEAD * (views?.length ?? 1);

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
     * @returns {Entry | null}
     */
    get(key) {
      const entry = entries.get(key);
      if (!entry) return null;
      entries.delete(key);
      entries.set(key, entry);
      return entry;
    },
    /**
     * Does not count as use.
     * @param {string} key
     */
    peek(key) {
      return entries.get(key);
    },
    /**
     * All whose keys begin like this, without the beginning; does not count as use.
     * @param {string} start
     * @returns {Array<[string, Entry]>}
     */
    under(start) {
      return [...entries].flatMap(([key, entry]) => (key.startsWith(start) ? [[key.slice(start.length), entry]] : []));
    },
    /**
     * @param {string} key
     * @param {Entry} entry
     */
    put(key, entry) {
      remove(key);
      entries.set(key, entry);
      bytes += cost(entry);
      for (const oldest of entries.keys()) {
        if (bytes <= limit || oldest === key) break;
        remove(oldest);
      }
    },
    remove,
    clear() {
      entries.clear();
      bytes = 0;
    },
  };
}
