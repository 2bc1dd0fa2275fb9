/** How often each class is taken for each other one: a table of counts, of which every cell and heading is a filter. */

import { createWatch } from "../../lib/changes.js";
import { stepIn } from "../../lib/matrix.js";
import { h, mark, setAttr, setStyle, setText, swallow } from "../../view/dom.js";
import { brief, whole } from "../words.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {{row: number, col: number}} At  0: a heading; a class is one more than its index
 */

/** The faintest and the strongest wash of a mistake, in percent. */
const WASH = Object.freeze({ least: 8, most: 46 });

/** @param {Context} context @param {() => void} chosen */
export function createMatrix(context, chosen) {
  const { store } = context;
  const element = h("div.g-matrix", { role: "grid", "aria-label": "Confusion matrix: true classes in rows, predicted ones in columns" });
  /** @type {HTMLElement[][]} headings included */
  let cells = [];
  /** @type {At} */
  let stop = { row: 1, col: 1 };
  const built = createWatch();
  const differs = createWatch();
  /** @param {At} at */
  const filterOf = ({ row, col }) => ({ truth: row ? row - 1 : null, predicted: col ? col - 1 : null, mistakes: false });
  /** @param {At} at */
  const choose = (at) => {
    const [now, next] = [store.view.filter, filterOf(at)];
    const again = now.truth === next.truth && now.predicted === next.predicted;
    stop = at;
    store.narrow(again ? { truth: null, predicted: null } : next);
    if (!again) chosen();
  };
  listen(context, element, () => cells, (at) => (stop = at), choose);
  return {
    element,
    update() {
      const { about, scores, view } = store;
      if (built(about)) {
        cells = build(store);
        setStyle(element, "--classes", String(about.names.length));
        element.replaceChildren(...cells.map((line) => h("div.g-line", { role: "row" }, line)));
      }
      if (!differs(about, scores.scored, view.filter, stop)) return;
      fill(context, cells, stop);
    },
  };
}

/** @param {import("../store.js").GalleryStore} store */
function build({ about: { names } }) {
  const heading = (/** @type {string} */ name, /** @type {string} */ role, /** @type {string} */ what) =>
    h("span", { class: `g-heading ${role}`, role, title: `${what} ${name}`, "data-cell": "", "aria-label": `${what} ${name}` },
      [h("span.g-text", { text: name })]);
  const corner = h("span.g-corner", { role: "columnheader" }, [h("span", { text: "true ↓" }), h("span", { text: "predicted →" })]);
  const top = [corner, ...names.map((name) => heading(name, "columnheader", "predicted"))];
  return [top, ...names.map((name) =>
    [heading(name, "rowheader", "true"), ...names.map(() => h("span.g-cell", { role: "gridcell", "data-cell": "" }, [h("span.spoken"), h("span")]))])];
}

/**
 * @param {Context} context
 * @param {HTMLElement[][]} cells
 * @param {At} stop
 */
function fill({ store }, cells, stop) {
  const { scores, view: { filter } } = store;
  const most = Math.max(1, scores.confused[0]?.count ?? 1);
  cells.forEach((line, row) => line.forEach((cell, col) => {
    if (!row && !col) return;
    setAttr(cell, "tabindex", row === stop.row && col === stop.col ? 0 : -1);
    const on = filter.truth === (row ? row - 1 : null) && filter.predicted === (col ? col - 1 : null);
    setAttr(cell, "aria-selected", String(on));
    if (!row || !col) return;
    const count = scores.pair(row - 1, col - 1);
    const right = row === col;
    mark(cell, "right", right);
    mark(cell, "none", count === 0);
    const [truth, predicted] = [store.nameOf(row - 1), store.nameOf(col - 1)];
    const [spoken, shown] = /** @type {HTMLElement[]} */ ([...cell.children]);
    setText(spoken, `true ${truth}, predicted ${predicted}: ${count ? "" : "none"}`);
    setText(shown, count ? brief(count) : "");
    setAttr(cell, "title", `true ${truth}, predicted ${predicted}: ${whole(count)}`);
    // the root, so that a few mistakes beside many can be told from none
    const wash = right || !count ? 0 : WASH.least + (WASH.most - WASH.least) * Math.sqrt(count / most);
    setStyle(cell, "--wrong", `${wash.toFixed(1)}%`);
  }));
}

/**
 * @param {Context} context
 * @param {HTMLElement} element
 * @param {() => HTMLElement[][]} cells
 * @param {(at: At) => void} stand
 * @param {(at: At) => void} choose
 */
function listen(context, element, cells, stand, choose) {
  /** @param {Event} event @returns {At | null} */
  const placeOf = ({ target }) => {
    const cell = /** @type {Element} */ (target).closest?.("[data-cell]");
    const row = cells().findIndex((line) => line.some((one) => one === cell));
    return row < 0 ? null : { row, col: cells()[row].findIndex((one) => one === cell) };
  };
  context.listen(element, "click", (event) => {
    const at = placeOf(event);
    if (at) choose(at);
  });
  context.listen(element, "keydown", (/** @type {KeyboardEvent} */ event) => {
    const at = placeOf(event);
    if (!at || event.ctrlKey || event.altKey || event.metaKey) return;
    const size = cells().length;
    const next = stepIn(event.key, at, size, size);
    if (event.key === "Enter" || event.key === " ") choose(at);
    else if (next) {
      // the corner is no filter
      const to = next.row || next.col ? next : at;
      stand(to);
      context.patch({});
      const cell = cells()[to.row][to.col];
      cells().flat().forEach((one) => one.hasAttribute("tabindex") && setAttr(one, "tabindex", one === cell ? 0 : -1));
      cell.focus({ preventScroll: true });
      reveal(cell, element);
    } else return;
    swallow(event);
  });
}

/** Scrolls inside the table only: the notebook must not move. @param {HTMLElement} cell @param {HTMLElement} box */
function reveal(cell, box) {
  const [at, room] = [cell.getBoundingClientRect(), box.getBoundingClientRect()];
  box.scrollLeft += Math.min(0, at.left - room.left) + Math.max(0, at.right - room.right);
  box.scrollTop += Math.min(0, at.top - room.top) + Math.max(0, at.bottom - room.bottom);
}
