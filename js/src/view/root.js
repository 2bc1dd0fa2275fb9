/** One view: builds the parts, measures the room, and draws at most once a frame, only when something changed. */

import base from "../style/base.css";
import bands from "../style/bands.css";
import contrast from "../style/contrast.css";
import film from "../style/film.css";
import inside from "../style/inside.css";
import kinds from "../style/kinds.css";
import list from "../style/list.css";
import matrix from "../style/matrix.css";
import menus from "../style/menus.css";
import narrow from "../style/narrow.css";
import poke from "../style/poke.css";
import region from "../style/region.css";
import strip from "../style/strip.css";
import trust from "../style/trust.css";
import { filmed } from "../lib/film.js";
import { createActions } from "./actions.js";
import { BRUSH } from "./brush.js";
import { createColorbar } from "./colorbar.js";
import { createComparison } from "./compared.js";
import { createPairing } from "./contrast.js";
import { createDisplay } from "./display.js";
import { h, mark, setStyle } from "./dom.js";
import { createKnown } from "./evidence.js";
import { createFilm } from "./film.js";
import { listenFilmKeys } from "./film_steps.js";
import { frameOf, LATE } from "./frame.js";
import { createHead } from "./head.js";
import { createHelp } from "./help.js";
import { linkPointer } from "./linked.js";
import { createPanels, createSwitch } from "./panels.js";
import { closed, photoLoader } from "./photo.js";
import { createPicture } from "./picture.js";
import { createReadout } from "./readout.js";
import { createSignal } from "./signal.js";
import { sizeOf } from "./size.js";
import { createStatus } from "./status.js";
import { createStrip } from "./strip.js";
import { watchTheme } from "./theme.js";
import { overTested, UNTESTED } from "./tested.js";
import { createUnfolding, NOTHING } from "./unfolded.js";
import { createVariants } from "./variants.js";
import { createVolume } from "./volume.js";

/**
 * @typedef {import("../store.js").Store} Store
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./frame.js").Ui} Ui
 */

/** The layers' line and the film are so much taller than the strip of layers alone. */
const MORE_WITH_FILM = 59;

const KINDS = Object.freeze(["wide", "medium", "one"]);

/** What is explained, by `meta.kind`, which never changes. */
const SUBJECTS = Object.freeze({ picture: createPicture, signal: createSignal, volume: createVolume });

/**
 * @param {Store} store
 * @param {HTMLElement} el
 * @returns {() => void} takes the view away
 */
export function createView(store, el) {
  const life = new AbortController();
  const root = h("div.camwidget", { tabindex: 0, role: "group", "aria-label": "Class activation map",
    "data-lm-suppress-shortcuts": "true" });
  el.dataset.lmSuppressShortcuts = "true";
  root.dataset.input = store.meta.kind;
  const shadow = el.shadowRoot ?? el.attachShadow({ mode: "open" });
  const style = h("style", {
    text: [base, bands, list, matrix, inside, menus, strip, kinds, region, poke, narrow, contrast, film, trust].join(""),
  });
  shadow.replaceChildren(style, root);

  const painter = createPainter(store);
  const context = createContext(store, root, life.signal, painter);
  linkPointer(context);
  const panels = createPanels(context);
  const parts = createParts(context, panels);
  root.append(...layout(parts));
  painter.start(context, parts);
  listenFilmKeys(context);
  context.act = createActions(context, {
    search: panels.classes.classes.input, order: panels.classes.classes.order, variantButton: parts.head.variant,
    displayButton: panels.classes.controls.button, variantsOpened: parts.variants.opened,
  });
  context.announceCell = () => {
    painter.flush();
    parts.readout.announce();
  };

  const loadPhoto = photoLoader(context);
  const unsubscribe = store.subscribe((changed) => {
    if (changed.has("classes")) panels.classes.classes.reset();
    if (changed.has("picture") || changed.has("edited")) loadPhoto();
    painter.changed(changed);
  });
  const applyTheme = watchTheme(el, root, life.signal, context.patch.bind(null, {}));
  watchSize(context, painter, applyTheme);
  loadPhoto();
  return () => {
    life.abort();
    unsubscribe();
    painter.stop();
    closed(context.photo);
    shadow.replaceChildren();
  };
}

/** @param {Context} context @param {Panels} panels */
const createParts = (context, panels) => ({
  head: createHead(context),
  picture: (SUBJECTS[context.store.meta.kind] ?? createPicture)(context),
  colorbar: createColorbar(context),
  panel: createSwitch(context, panels),
  display: createDisplay(context),
  variants: createVariants(context),
  help: createHelp(context),
  film: createFilm(context),
  strip: createStrip(context),
  readout: createReadout(context),
  status: createStatus(context),
});

/**
 * @typedef {ReturnType<typeof createParts>} Parts
 * @typedef {ReturnType<typeof createPanels>} Panels
 */

/** @param {Parts} parts */
function layout(parts) {
  const { legend = null } = /** @type {{legend?: HTMLElement}} */ (parts.picture);
  const panel = h("div.panel", {}, [
    ...parts.panel.elements, legend, parts.display.element, parts.variants.element, parts.help.element,
  ]);
  return [
    parts.head.element,
    h("div.main", {}, [parts.picture.element, parts.colorbar.element, panel]),
    parts.strip.element, parts.film.element, parts.readout.element, parts.status.element, parts.readout.spoken,
  ];
}

/**
 * @param {Store} store
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 * @param {ReturnType<typeof createPainter>} painter
 * @returns {Context}
 */
function createContext(store, root, signal, painter) {
  /** @type {Ui} */
  const ui = { tool: "explore", tab: "classes", hover: null, pinned: null, preview: null, bare: false, matrix: "classes",
    query: "", touched: false, field: false, menu: null, said: null, slice: null, draft: null, brush: BRUSH, divide: 0.5,
    inside: NOTHING, trust: UNTESTED, still: null, mistakesFirst: false };
  const motion = window.matchMedia("(prefers-reduced-motion: reduce)");
  return {
    store, ui, root, signal,
    size: sizeOf(0, 0, store.meta.kind),
    dpr: window.devicePixelRatio || 1,
    photo: null,
    poster: null,
    patch(patch) {
      Object.assign(ui, patch);
      painter.schedule();
    },
    choose(selection) {
      store.select(selection);
      this.patch({ touched: true, preview: null });
    },
    flush: () => painter.flush(),
    listen: (target, type, listener) => target.addEventListener(type, listener, { signal }),
    frame: () => painter.frame(),
    moved: watchPointer(root, signal),
    announceCell: () => {},
    act: () => {},
    tools: {},
    order: [],
    still: () => motion.matches,
  };
}

/**
 * Tells whether a pointer event is a move of the pointer. When rows change under a resting pointer, browsers send
 * events as if it had moved; a preview that nobody asked for would come up.
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 */
function watchPointer(root, signal) {
  let place = "";
  let moved = false;
  /** @param {Event} event */
  const note = (event) => {
    const { clientX, clientY } = /** @type {PointerEvent} */ (event);
    const now = `${clientX} ${clientY}`;
    moved = now !== place;
    place = now;
  };
  for (const type of ["pointermove", "pointerdown"]) root.addEventListener(type, note, { capture: true, signal });
  return () => moved;
}

/** @param {Store} store */
function createPainter(store) {
  const known = createKnown(store);
  const comparison = createComparison(store);
  const unfolding = createUnfolding(store);
  /** @type {{context: Context, parts: Parts} | null} */
  let view = null;
  /** @type {Frame | null} */
  let last = null;
  let pending = 0;
  let clock = 0;
  let due = false;
  let inSight = true;
  let pair = () => {};
  // The first frame is drawn in any case: the page must know how tall the view is.
  const seen = () => !last || (inSight && !document.hidden);
  const flush = () => {
    cancelAnimationFrame(pending);
    pending = 0;
    due = false;
    if (!view) return;
    pair();
    const frame = overTested(unfolding.over(comparison.over(frameOf(store, view.context.ui, known, Date.now()))));
    last = frame;
    for (const part of Object.values(view.parts)) part.update(frame);
    keepTime();
  };
  // While an answer is out, time itself changes what is shown: the busy line after a moment, then its seconds.
  const keepTime = () => {
    clearTimeout(clock);
    const since = store.waiting?.since ?? store.owed;
    if (since === null) return;
    store.remind();
    const age = Date.now() - since;
    clock = window.setTimeout(schedule, age < LATE ? LATE - age + 1 : 1000 - (age % 1000));
  };
  const schedule = () => {
    due = true;
    if (!pending && view && seen()) pending = requestAnimationFrame(catchUp);
  };
  const catchUp = () => {
    pending = 0;
    if (due && seen()) flush();
  };
  return {
    schedule,
    flush,
    catchUp,
    /** What is out of sight is drawn when it comes back. @param {boolean} now */
    sight(now) {
      inSight = now;
      catchUp();
    },
    /** Never older than what the pointer and the keys have done since. */
    frame() {
      if (due) flush();
      return last;
    },
    /** @param {Set<import("../inbox.js").Change>} changed */
    changed(changed) {
      if (changed.has("maps") || changed.has("listed") || changed.has("classes")) known.forget();
      schedule();
    },
    /** @param {Context} context @param {Parts} parts */
    start(context, parts) {
      view = { context, parts };
      pair = createPairing(context);
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
 * @param {ReturnType<typeof createPainter>} painter
 * @param {() => void} arrived  the view is in the page: the host's colours can be read
 */
function watchSize(context, painter, arrived) {
  const { root, signal } = context;
  let attached = false;
  const measure = () => {
    if (!attached && root.isConnected) {
      attached = true;
      arrived();
    }
    const full = document.fullscreenElement !== null && root.matches(":fullscreen");
    const size = sizeOf(root.clientWidth, full ? root.clientHeight - (filmed(context.store) ? MORE_WITH_FILM : 0) : 0,
      context.store.meta.kind);
    context.size = size;
    context.dpr = window.devicePixelRatio || 1;
    for (const kind of KINDS) mark(root, kind, kind === size.kind);
    setStyle(root, "--p", `${size.width}px`);
    setStyle(root, "--ph", `${size.height}px`);
    setStyle(root, "--rows", String(size.rows));
    painter.schedule();
    painter.catchUp();
  };
  const observer = new ResizeObserver(measure);
  observer.observe(root);
  const sight = new IntersectionObserver((entries) => painter.sight(entries[entries.length - 1].isIntersecting));
  sight.observe(root);
  context.listen(document, "visibilitychange", painter.catchUp);
  context.listen(window, "beforeprint", painter.flush);
  context.listen(window, "resize", measure);
  context.listen(root, "fullscreenchange", measure);
  signal.addEventListener("abort", () => {
    observer.disconnect();
    sight.disconnect();
  });
}
