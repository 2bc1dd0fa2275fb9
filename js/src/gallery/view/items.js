/** What the pointer and the keys do among the items. */

import { swallow } from "../../view/dom.js";
import { placeFor } from "../layout.js";
import { between } from "../order.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./grid.js").Grid} Grid
 */

/**
 * Stands on a place of the order, and has it in sight.
 * @param {Context} context
 * @param {Grid} grid
 * @param {number} place
 */
export function stand({ store, patch }, grid, place) {
  grid.reveal(place);
  patch({ active: store.order[place] ?? null });
}

/** @param {Context} context @param {Grid} grid */
export function listenItems(context, grid) {
  const { store, ui } = context;
  const { element } = grid;
  /** @param {Event} event @returns {number | null} */
  const itemOf = ({ target }) => {
    const tile = /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest?.("[data-item]"));
    return tile ? Number(tile.dataset.item) : null;
  };
  context.listen(element, "pointermove", (event) => {
    const hover = itemOf(event);
    store.hold(true);
    if (hover !== ui.hover) context.patch({ hover });
  });
  context.listen(element, "pointerleave", () => {
    store.hold(ui.focused);
    context.patch({ hover: null });
  });
  context.listen(element, "focusin", () => {
    store.hold(true);
    context.patch({ focused: true, active: ui.active ?? store.order[0] ?? null });
  });
  context.listen(element, "focusout", () => {
    store.hold(ui.hover !== null);
    context.patch({ focused: false });
  });
  context.listen(element, "click", (/** @type {MouseEvent} */ event) => {
    const item = itemOf(event);
    if (item === null) return;
    const place = store.order.indexOf(item);
    const ticked = /** @type {Element} */ (event.target).closest(".g-check") !== null;
    if (event.shiftKey) selectTo(context, place);
    else {
      context.patch({ anchor: item });
      if (event.ctrlKey || event.metaKey || ticked) toggle(context, item);
      else store.set("opened", item);
    }
    stand(context, grid, place);
  });
  context.listen(element, "keydown", (/** @type {KeyboardEvent} */ event) => {
    if (act(context, grid, event)) swallow(event);
  });
}

/**
 * @param {Context} context
 * @param {Grid} grid
 * @param {KeyboardEvent} event
 * @returns {boolean} whether the key is one of the grid's
 */
function act(context, grid, event) {
  const { store, ui } = context;
  const { key, shiftKey, ctrlKey, metaKey, altKey } = event;
  if (altKey) return false;
  const at = ui.active === null ? 0 : Math.max(0, store.order.indexOf(ui.active));
  const item = store.order[at];
  const { columns, page } = grid.steps;
  const next = placeFor(event, at, store.order.length, columns, page);
  if (next !== null && (key === "Home" || key === "End" || !(ctrlKey || metaKey))) {
    if (shiftKey) {
      if (ui.anchor === null) context.patch({ anchor: item });
      selectTo(context, next);
    } else context.patch({ anchor: null });
    stand(context, grid, next);
    // while one is open, its neighbours are a key away
    if (store.view.opened !== null && !shiftKey) store.set("opened", store.order[next]);
    return true;
  }
  if ((ctrlKey || metaKey) && key.toLowerCase() === "a") store.select(store.order);
  else if (ctrlKey || metaKey) return false;
  else if (key === "Enter") store.set("opened", item);
  else if (key === " ") {
    context.patch({ anchor: item });
    toggle(context, item);
  } else return false;
  return true;
}

/** @param {Context} context @param {number} item */
function toggle({ store }, item) {
  const { selection } = store;
  store.select(selection.has(item) ? [...selection].filter((other) => other !== item) : [...selection, item]);
}

/** All from where the range began. @param {Context} context @param {number} place */
function selectTo({ store, ui }, place) {
  const from = store.order.indexOf(ui.anchor ?? ui.active ?? store.order[place]);
  store.select(between(store.order, from < 0 ? place : from, place));
}
