/** Two classes against each other, A the selected one and B the rival: what of it a frame shows, and what is done to it. */

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Store} Store
 * @typedef {import("../protocol.js").Selection} Selection
 *
 * @typedef {object} Contrast
 * @property {"swipe" | "difference"} mode
 * @property {number} rival  class B
 * @property {import("../contrasts.js").Pair | null} pair  what can be drawn of it
 * @property {boolean} late  the one that is chosen is waited for, and it is time to say so
 */

/**
 * @param {Store} store
 * @param {Selection} drawn
 * @param {boolean} late
 * @returns {Contrast | null}  null while none is drawn
 */
export function contrastOf(store, drawn, late) {
  const { rival, view: { contrast: mode } } = store;
  if (rival === null || mode === "off") return null;
  const pair = store.contrast(drawn);
  // A signal has no left and right side.
  return { mode: store.meta.kind === "signal" ? "difference" : mode, rival: pair?.rival ?? rival, pair, late };
}

/**
 * Whether a hovered class, layer or variant can be shown against the rival.
 * @param {Store} store
 * @param {Selection} asked
 */
export const comparable = (store, asked) =>
  store.rival === null || (asked.target !== store.rival && store.contrast(asked)?.exact === true);

/**
 * "star − 1.00 × ring"
 * @param {string} a
 * @param {string} b
 * @param {number} gamma
 */
export const lessWords = (a, b, gamma) => (gamma === 0 ? a : `${a} − ${gamma.toFixed(2)} × ${b}`);

/** A and B change places. @param {Context} context */
export function swap(context) {
  const { rival, view } = context.store;
  if (rival === null) return;
  context.store.set("rival", view.target);
  context.choose({ target: rival });
}

/**
 * A class becomes B; the one that is A already changes places with it.
 * @param {Context} context
 * @param {number} target
 */
export function chooseRival(context, target) {
  const { store } = context;
  if (target === store.view.target) return swap(context);
  store.set("rival", target);
  context.patch({ touched: true, preview: null });
}

/**
 * The next class in the list becomes B.
 * @param {Context} context
 * @param {number[]} order
 * @param {number} by
 */
export function stepRival(context, order, by) {
  const { rival, view } = context.store;
  const others = order.filter((target) => target !== view.target);
  const at = rival === null ? 0 : others.indexOf(rival) + by;
  const next = others[Math.min(others.length - 1, Math.max(0, at))];
  if (next !== undefined) chooseRival(context, next);
}

/**
 * The tool says whether a contrast is drawn, and so does the trait, which Python may set: the one that changed leads.
 * @param {Context} context
 * @returns {() => void}  to be called before each frame
 */
export function createPairing(context) {
  const { store, ui } = context;
  /** @type {string} */
  let tool = "";
  /** @type {string} */
  let mode = "off";
  /** @type {"swipe" | "difference"} */
  let last = store.meta.kind === "signal" ? "difference" : "swipe";
  return () => {
    const chosen = ui.tool === "contrast";
    const now = store.view.contrast;
    if (now !== mode) {
      if (chosen !== (now !== "off")) ui.tool = chosen ? "explore" : "contrast";
    } else if (ui.tool !== tool && chosen !== (now !== "off")) store.set("contrast", chosen ? last : "off");
    tool = ui.tool;
    mode = store.view.contrast;
    if (mode !== "off") last = /** @type {"swipe" | "difference"} */ (mode);
  };
}
