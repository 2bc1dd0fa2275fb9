/** The photo that is drawn everywhere: the picture as it came, with what is painted over it. */

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./thumbs.js").Photo} Photo
 */

/**
 * Decodes the picture once, and what is painted over it whenever that changes; an older one that comes late is thrown
 * away. What is shown stays until its successor can be drawn.
 * @param {Context} context
 */
export function photoLoader(context) {
  const { store } = context;
  /** @type {Uint8Array | null} */
  let picture = null;
  /** @type {import("../protocol.js").Edited | null} */
  let edited = null;
  /** @type {ImageBitmap | null} the picture as it came, and its bytes */
  let base = null;
  /** @type {Uint8Array | null} */
  let decoded = null;
  return async () => {
    if (!store.picture.length || (store.picture === picture && store.edited === edited)) return;
    const mine = { picture: store.picture, edited: store.edited };
    ({ picture, edited } = mine);
    const outdated = () => store.picture !== mine.picture || store.edited !== mine.edited || context.signal.aborted;
    try {
      const below = decoded === mine.picture && base ? base : await bitmapOf(mine.picture);
      const above = mine.edited.data.length ? await bitmapOf(mine.edited.data) : null;
      if (outdated()) {
        above?.close();
        if (below !== base) below.close();
        return;
      }
      if (below !== base) base?.close();
      context.photo?.above?.close();
      [base, decoded] = [below, mine.picture];
      context.photo = { bitmap: above ? painted(below, above) : below, width: below.width, height: below.height, below, above,
        edits: mine.edited.edits };
      context.patch({});
    } catch {
      // No picture can be drawn from these bytes; maps and numbers still can.
      context.patch({});
    }
  };
}

/** @param {Photo | null} photo */
export function closed(photo) {
  photo?.below?.close();
  photo?.above?.close();
}

/** @param {Uint8Array} data */
const bitmapOf = (data) => createImageBitmap(new Blob([/** @type {BlobPart} */ (data)]));

/**
 * @param {ImageBitmap} below
 * @param {ImageBitmap} above  of any size
 */
function painted(below, above) {
  const canvas = document.createElement("canvas");
  canvas.width = below.width;
  canvas.height = below.height;
  const drawing = canvas.getContext("2d");
  drawing?.drawImage(below, 0, 0);
  drawing?.drawImage(above, 0, 0, canvas.width, canvas.height);
  return canvas;
}
