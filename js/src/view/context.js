/** What every part of the view is given. Types only. */

/**
 * @typedef {object} Size
 * @property {"wide" | "medium" | "one"} kind
 * @property {number} outer  width of the widget
 * @property {boolean} full  fills the screen
 * @property {number} width  of the picture's box, CSS pixels
 * @property {number} height
 * @property {number} bar  length of an upright colour bar
 * @property {number} rows  classes that fit into the list
 *
 * @typedef {object} Context
 * @property {import("../store.js").Store} store
 * @property {import("./frame.js").Ui} ui
 * @property {Size} size
 * @property {number} dpr
 * @property {import("./thumbs.js").Photo | null} photo
 * @property {import("./thumbs.js").Photo | null} poster  the slice of a volume that thumbnails lie over
 * @property {AbortSignal} signal
 * @property {HTMLElement} root
 * @property {(patch: Partial<import("./frame.js").Ui>) => void} patch  changes what the pointer does; draws next frame
 * @property {() => void} flush  draws now, where what follows needs it drawn
 * @property {(selection: Partial<import("../protocol.js").Selection>) => void} choose  keeps what was previewed
 * @property {(target: EventTarget, type: string, listener: (event: Event) => void) => void} listen  until the view goes
 * @property {() => import("./frame.js").Frame | null} frame  what is on the screen
 * @property {() => boolean} moved  whether the pointer really moved with this pointermove
 * @property {() => void} announceCell  says the read-out's content to screen readers
 * @property {(action: import("../lib/keys.js").Action) => void} act
 * @property {Partial<Record<import("./tools.js").ToolId, import("./tools.js").Tool>>} tools  of the picture
 * @property {readonly number[]} order  the pictures of a film as they stand
 * @property {() => boolean} still  the reader wants no motion
 */

export {};
