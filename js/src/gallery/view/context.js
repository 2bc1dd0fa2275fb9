/** What every part of the gallery's view is given. Types only. */

/**
 * @typedef {object} Ui  what the pointer and the keys have done
 * @property {number | null} hover  item under the pointer
 * @property {number | null} active  item that the keys stand on
 * @property {number | null} anchor  item from which a range is selected
 * @property {boolean} focused  the grid has the focus
 * @property {boolean} panel  the panel is unfolded, where there is no room beside the grid
 * @property {boolean} help
 *
 * @typedef {object} Context
 * @property {import("../store.js").GalleryStore} store
 * @property {Ui} ui
 * @property {{kind: "wide" | "medium" | "one", outer: number}} size
 * @property {number} dpr
 * @property {HTMLElement} root
 * @property {AbortSignal} signal
 * @property {(patch: Partial<Ui>) => void} patch  draws next frame
 * @property {() => void} focusGrid  where what had the focus is gone
 * @property {(target: EventTarget, type: string, listener: (event: any) => void) => void} listen  until the view goes
 */

export {};
