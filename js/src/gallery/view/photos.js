/** The pictures of items, decoded when they are first wanted; those that were shown last are kept. */

import { createKept } from "../kept.js";

/** @typedef {import("../protocol.js").Thumb} Thumb */

/** In bytes: some screens of them. */
const MOST = 16 * 2 ** 20;

/**
 * @param {() => void} arrived  another can be drawn
 * @param {AbortSignal} signal
 */
export function createPhotos(arrived, signal) {
  /** @type {ReturnType<typeof createKept<{thumb: Thumb, bitmap: ImageBitmap}>>} */
  const kept = createKept(MOST, ({ bitmap }) => bitmap.close());
  /** @type {WeakSet<Thumb>} on their way, or not to be decoded at all */
  const begun = new WeakSet();
  /** @param {number} index @param {Thumb} thumb */
  const decode = async (index, thumb) => {
    begun.add(thumb);
    try {
      const bitmap = await createImageBitmap(new Blob([/** @type {BlobPart} */ (thumb.data)]));
      if (signal.aborted) return bitmap.close();
      kept.put(index, { thumb, bitmap }, 4 * bitmap.width * bitmap.height);
      begun.delete(thumb);
      arrived();
    } catch {
      // No picture can be drawn from these bytes; its words still stand.
    }
  };
  signal.addEventListener("abort", kept.clear);
  return {
    /** The picture, or null until it can be drawn. @param {number} index @param {Thumb} thumb */
    get(index, thumb) {
      const found = kept.get(index);
      if (found?.thumb === thumb) return found.bitmap;
      if (!begun.has(thumb)) void decode(index, thumb);
      return null;
    },
    get bytes() { return kept.bytes; },
  };
}
