/** One view of a gallery: builds the parts, measures the room, draws at most once a frame. */

import base from "../../style/base.css";
import list from "../../style/list.css";
import menus from "../../style/menus.css";
import strip from "../../style/strip.css";
import confusion from "../style/confusion.css";
import gallery from "../style/gallery.css";
import tiles from "../style/tiles.css";
import { h, mark, setStyle, swallow } from "../../view/dom.js";
import { watchTheme } from "../../view/theme.js";
import { createCount } from "./count.js";
import { createGrid } from "./grid.js";
import { createHead } from "./head.js";
import { createHelp } from "./help.js";
import { listenItems, stand } from "./items.js";
import { createOpened } from "./opened.js";
import { createPanel } from "./panel.js";
import { createReadout } from "./readout.js";
import { createStatus } from "./status.js";

/**
 * @typedef {import("../store.js").GalleryStore} Store
 * @typedef {import("./context.js").Context} Context
 */

const KINDS = /** @type {const} */ (["wide", "medium", "one"]);
const WIDE = 880;
const MEDIUM = 640;

/** Milliseconds between two looks at how long an answer has been waited for. */
const TICK = 500;

/**
 * @param {Store} store
 * @param {HTMLElement} el
 * @param {import("../summon.js").Summon} summon
 * @returns {() => void} takes the view away
 */
export function createView(store, el, summon) {
  const life = new AbortController();
  const root = h("div.camwidget.gallery", { role: "group", "aria-label": "Gallery", "data-lm-suppress-shortcuts": "true" });
  el.dataset.lmSuppressShortcuts = "true";
  const shadow = el.shadowRoot ?? el.attachShadow({ mode: "open" });
  shadow.replaceChildren(h("style", { text: [base, list, menus, strip, gallery, tiles, confusion].join("") }), root);
  const painter = createPainter();
  const context = createContext(store, root, life.signal, painter.schedule);
  const parts = createParts(context, summon);
  const { grid } = parts;
  root.append(parts.head.element, parts.count.element,
    h("div.g-main", {}, [grid.room, parts.panel.element, parts.help.element]),
    parts.opened.element, parts.readout.element, parts.status.element);
  listenItems(context, grid);
  listenKeys(context, parts);
  const unsubscribe = store.subscribe((/** @type {Set<string>} */ changed) => {
    if (changed.has("sorted")) {
      context.ui.active = context.ui.anchor = null;
      grid.toStart();
    }
    if (changed.has("opened") && store.view.opened !== null) {
      const place = store.order.indexOf(store.view.opened);
      if (place >= 0) stand(context, grid, place);
    }
    if (changed.has("opened")) turn(context, parts);
    context.patch({});
  });
  const applyTheme = watchTheme(el, root, life.signal, () => context.patch({}));
  watchSize(context, () => {
    applyTheme();
    // one that was open before the page was loaded
    if (store.view.opened !== null) requestAnimationFrame(() => turn(context, parts));
  });
  painter.start(context, Object.values(parts));
  return () => {
    life.abort();
    unsubscribe();
    painter.stop();
    shadow.replaceChildren();
  };
}

/** An item was opened or closed. @param {Context} context @param {ReturnType<typeof createParts>} parts */
function turn({ store, ui }, { opened, grid }) {
  opened.update();
  const item = store.view.opened ?? ui.active;
  grid.turn(opened.open, item === null ? -1 : store.order.indexOf(item));
}

/** @param {Context} context @param {import("../summon.js").Summon} summon */
const createParts = (context, summon) => ({
  head: createHead(context),
  count: createCount(context),
  panel: createPanel(context),
  help: createHelp(context),
  readout: createReadout(context),
  status: createStatus(context),
  opened: createOpened(context, summon),
  grid: createGrid(context),
});

/**
 * @param {Store} store
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 * @param {() => void} schedule
 * @returns {Context}
 */
function createContext(store, root, signal, schedule) {
  /** @type {import("./context.js").Ui} */
  const ui = { hover: null, active: null, anchor: null, focused: false, panel: false, help: false };
  return {
    store, ui, root, signal,
    size: { kind: "wide", outer: WIDE },
    dpr: window.devicePixelRatio || 1,
    patch(patch) {
      Object.assign(ui, patch);
      schedule();
    },
    focusGrid: () => /** @type {HTMLElement | null} */ (root.querySelector(".g-grid"))?.focus({ preventScroll: true }),
    listen: (target, type, listener) => target.addEventListener(type, listener, { signal }),
  };
}

function createPainter() {
  /** @type {{context: Context, parts: Array<{update: () => unknown}>} | null} */
  let view = null;
  let pending = 0;
  let clock = 0;
  const schedule = () => {
    if (!pending && view) pending = requestAnimationFrame(draw);
  };
  const draw = () => {
    pending = 0;
    if (!view) return;
    // the grid is the last: it may leave something to the next frame
    let left = false;
    for (const part of view.parts) left = part.update() === true;
    if (left) schedule();
    clearTimeout(clock);
    // while an answer is out, time itself changes the status line
    if (view.context.store.since !== null) clock = window.setTimeout(schedule, TICK);
  };
  return {
    schedule,
    /** @param {Context} context @param {Array<{update: () => unknown}>} parts */
    start(context, parts) {
      view = { context, parts };
      schedule();
    },
    stop() {
      view = null;
      cancelAnimationFrame(pending);
      clearTimeout(clock);
    },
  };
}

/**
 * @param {Context} context
 * @param {ReturnType<typeof createParts>} parts
 */
function listenKeys(context, { status, head }) {
  const { store, ui, root } = context;
  context.listen(root, "keydown", (/** @type {KeyboardEvent} */ event) => {
    const typing = event.composedPath()[0] instanceof HTMLSelectElement;
    if (event.ctrlKey || event.altKey || event.metaKey || (typing && event.key !== "Escape")) return;
    if (event.key === "?") context.patch({ help: !ui.help });
    else if (event.key !== "Escape") return;
    else if (ui.help) {
      context.patch({ help: false });
      status.help.focus({ preventScroll: true });
    } else if (ui.panel) {
      context.patch({ panel: false });
      head.fold.focus({ preventScroll: true });
    } else if (store.view.opened !== null) {
      store.set("opened", null);
      context.focusGrid();
    } else if (store.selection.size) store.select([]);
    swallow(event);
  });
  context.listen(document, "pointerdown", (event) => {
    const inside = event.composedPath().some((/** @type {any} */ node) => node === status.help || node?.classList?.contains("g-help"));
    if (ui.help && !inside) context.patch({ help: false });
  });
}

/**
 * @param {Context} context
 * @param {() => void} arrived  the view is in the page: the host's colours can be read
 */
function watchSize(context, arrived) {
  const { root, signal } = context;
  let attached = false;
  const measure = () => {
    if (!attached && root.isConnected) {
      attached = true;
      arrived();
    }
    if (!root.clientWidth) return;
    const outer = root.clientWidth + 2;
    const kind = outer >= WIDE ? "wide" : outer >= MEDIUM ? "medium" : "one";
    context.size = { kind, outer };
    context.dpr = window.devicePixelRatio || 1;
    for (const one of KINDS) mark(root, one, one === kind);
    setStyle(root, "--outer", `${outer}px`);
    context.patch({});
  };
  const observer = new ResizeObserver(measure);
  observer.observe(root);
  context.listen(window, "resize", measure);
  signal.addEventListener("abort", () => observer.disconnect());
}
