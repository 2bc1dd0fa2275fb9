/** Where there are too many classes for a table: the pairs that are confused most, and one class at a time. */

import { createWatch } from "../../lib/changes.js";
import { h, setAttr, setStyle, swallow } from "../../view/dom.js";
import { whole } from "../words.js";
import { choice } from "./choice.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {{truth: number, predicted: number, count: number}} Pair
 */

/** So many pairs are listed. */
const MOST = 100;

/** @param {Context} context @param {() => void} chosen */
export function createPairs(context, chosen) {
  const { store } = context;
  const set = (/** @type {"truth" | "predicted"} */ name) => (/** @type {string} */ value) => {
    store.narrow({ [name]: value === "" ? null : Number(value) });
    chosen();
  };
  const truth = choice(context, { label: "True", kind: "g-class", choose: set("truth") });
  const predicted = choice(context, { label: "Predicted", kind: "g-class", choose: set("predicted") });
  const title = h("div.columns.g-most", {}, [h("span", { text: "True → predicted, most confused first" }), h("span", { text: "Items" })]);
  const list = h("div.g-list", { role: "listbox", tabindex: 0, "aria-label": "Classes that are confused most" });
  const differs = createWatch();
  const named = createWatch();
  let active = 0;
  /** @type {Pair[]} */
  let pairs = [];
  /** @param {number} index */
  const choose = (index) => {
    const { filter } = store.view;
    const pair = pairs[index];
    if (!pair) return;
    active = index;
    const again = filter.truth === pair.truth && filter.predicted === pair.predicted;
    store.narrow(again ? { truth: null, predicted: null } : { truth: pair.truth, predicted: pair.predicted, mistakes: false });
    if (!again) chosen();
  };
  listen(context, list, choose, (by) => {
    active = Math.min(pairs.length - 1, Math.max(0, active + by));
    context.patch({});
  }, () => active);
  return {
    element: h("div.g-pairs", {}, [truth.element, predicted.element, title, list]),
    update() {
      const { about, scores, view: { filter } } = store;
      if (named(about, filter)) {
        const options = /** @type {Array<[string, string]>} */ ([["", "any"], ...about.names.map((name, i) => [String(i), name])]);
        truth.update(options, filter.truth === null ? "" : String(filter.truth));
        predicted.update(options, filter.predicted === null ? "" : String(filter.predicted));
      }
      if (!differs(about, scores.scored, filter, active)) return;
      pairs = scores.confused.slice(0, MOST);
      active = Math.min(active, Math.max(0, pairs.length - 1));
      list.replaceChildren(...pairs.map((pair, i) => rowOf(store, pair, i, pairs[0].count, i === active)));
      setAttr(list, "aria-activedescendant", pairs.length ? `cw-pair-${active}` : null);
      reveal(list, active);
    },
  };
}

/**
 * @param {import("../store.js").GalleryStore} store
 * @param {Pair} pair
 * @param {number} index
 * @param {number} most  of any pair
 * @param {boolean} active
 */
function rowOf(store, { truth, predicted, count }, index, most, active) {
  const { filter } = store.view;
  const [is, called] = [store.nameOf(truth), store.nameOf(predicted)];
  const bar = h("span.bar");
  setStyle(bar, "width", `${(100 * count) / most}%`);
  return h("div", {
    class: active ? "row g-pair active" : "row g-pair", role: "option", id: `cw-pair-${index}`, "data-pair": index,
    "aria-selected": String(filter.truth === truth && filter.predicted === predicted),
    title: `true ${is}, predicted ${called}`,
  }, [
    h("span.spoken", { text: "true " }), h("span.g-is", { text: is }), h("span.quiet", { text: "→", "aria-hidden": "true" }),
    h("span.spoken", { text: "predicted " }), h("span.g-is", { text: called }), h("span.track", {}, [bar]),
    h("span.g-items", { text: whole(count) }),
  ]);
}

/** @param {HTMLElement} list @param {number} index */
function reveal(list, index) {
  const row = /** @type {HTMLElement | undefined} */ (list.children[index]);
  if (!row) return;
  list.scrollTop = Math.min(row.offsetTop, Math.max(list.scrollTop, row.offsetTop + row.offsetHeight - list.clientHeight));
}

/**
 * @param {Context} context
 * @param {HTMLElement} list
 * @param {(index: number) => void} choose
 * @param {(by: number) => void} step
 * @param {() => number} active
 */
function listen(context, list, choose, step, active) {
  context.listen(list, "click", ({ target }) => {
    const row = /** @type {HTMLElement | null} */ (target.closest("[data-pair]"));
    if (row) choose(Number(row.dataset.pair));
  });
  context.listen(list, "keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    /** @type {Record<string, number>} */
    const steps = { ArrowUp: -1, ArrowDown: 1, PageUp: -8, PageDown: 8, Home: -MOST, End: MOST };
    if (event.key in steps) step(steps[event.key]);
    else if (event.key === "Enter" || event.key === " ") choose(active());
    else return;
    swallow(event);
  });
}
