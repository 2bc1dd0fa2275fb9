/** One item of the grid: its picture with the evidence, what it is predicted, and what it is. An element is used again
 * for other items as the grid is scrolled. */

import { createWatch } from "../../lib/changes.js";
import { percent } from "../../lib/format.js";
import { limits } from "../../lib/heat.js";
import { together } from "../../lib/matrix.js";
import { h, hide, mark, setAttr, setText } from "../../view/dom.js";
import { icon } from "../../view/icons.js";
import { UNKNOWN } from "../protocol.js";
import { fileOf, numberOf } from "../words.js";
import { glyph } from "./glyphs.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("../protocol.js").HeatMap} HeatMap
 * @typedef {ReturnType<typeof import("./paint.js").createPainter>} Painter
 * @typedef {ReturnType<typeof import("./photos.js").createPhotos>} Photos
 * @typedef {ReturnType<typeof createTile>} Tile
 */

/** @param {Context} context */
export function createTile({ store, ui }) {
  const canvases = [h("canvas.g-map"), h("canvas.g-map")];
  const cross = h("span.cross", { hidden: true }, [icon("cross")]);
  const check = h("span.g-check", {}, [glyph("check")]);
  const failure = h("span.g-failure", { hidden: true }, [icon("warning"), h("span.g-why")]);
  const same = h("span.g-same", { hidden: true });
  const places = [h("span.g-place", {}, [canvases[0], failure, cross, check]), h("span.g-place", {}, [canvases[1], same])];
  const [called, probability, truth, number] = ["g-called", "g-number", "g-truth", "g-number"].map((name) => h("span", { class: name }));
  const spoken = h("span.spoken");
  const element = h("div.g-tile", { role: "gridcell" }, [spoken, h("span.g-pictures", {}, places),
    h("span.g-words", {}, [called, probability]), " ", h("span.g-words", {}, [truth, number])]);
  const differs = createWatch();
  const lacks = createWatch();
  let index = -1;
  return {
    element,
    get index() { return index; },
    /** Leaves the element empty, for the end of the last row. */
    clear() {
      hide(element, true);
      index = -1;
    },
    /**
     * Its words and marks.
     * @param {number} item
     * @param {number} column
     */
    update(item, column) {
      hide(element, false);
      if (item !== index) {
        index = item;
        element.dataset.item = String(item);
        setAttr(element, "id", `cw-item-${item}`);
      }
      const { scores, view } = store;
      setAttr(element, "aria-colindex", column + 1);
      setAttr(element, "aria-selected", String(store.selection.has(item)));
      mark(element, "opened", view.opened === item);
      mark(element, "active", ui.active === item);
      mark(element, "pairs", view.shows === "both");
      const has = scores.has(item);
      const failed = scores.failed.get(item);
      const predicted = has ? scores.predicted[item] : UNKNOWN;
      if (!differs(item, predicted, failed, scores.truth[item], view.order, store.about, scores.loss[item], scores.margin[item])) return;
      const wrong = scores.isMistake(item);
      setText(spoken, [`item ${item}`, fileOf(store, item), has ? (failed === undefined ? "predicted" : "") : "not scored yet"]
        .filter(Boolean).join(", "));
      mark(element, "wrong", wrong);
      hide(cross, !wrong);
      hide(failure, failed === undefined);
      setText(/** @type {HTMLElement} */ (failure.lastElementChild), failed ?? "");
      const name = failed === undefined ? "" : "unreadable";
      setText(called, predicted === UNKNOWN ? name : store.nameOf(predicted));
      setText(probability, predicted === UNKNOWN ? "" : percent(scores.confidence[item]));
      setText(truth, wrong ? `is ${store.nameOf(scores.truth[item])}` : "");
      setText(number, numberOf(store, item));
    },
    /**
     * Its pictures, where something that they show has changed.
     * @param {Painter} paint
     * @param {Photos} photos
     * @param {number} side  pixels
     */
    draw(paint, photos, side) {
      const { view, lut, scores } = store;
      const thumb = index < 0 ? null : store.thumb(index);
      const photo = thumb && photos.get(index, thumb);
      if (!lacks(index, thumb, photo, side, view.shows, view.sign, view.opacity, lut, scores.truth[index])) return;
      mark(element, "empty", !photo);
      hide(places[1], view.shows !== "both");
      hide(same, true);
      if (!thumb || !photo) return;
      const look = { sign: view.sign, opacity: view.opacity, lut };
      const [predicted, other] = thumb.maps;
      const right = !scores.isMistake(index);
      const truth = other ?? (right && scores.truth[index] !== UNKNOWN ? predicted : null);
      const range = view.shows === "both" && predicted && other
        ? together([limits(predicted.values, view.sign), limits(other.values, view.sign)]) : null;
      paint(canvases[0], side, photo, view.shows === "truth" ? truth : predicted, thumb.place, look, range);
      if (view.shows !== "both") return;
      paint(canvases[1], side, photo, other, thumb.place, look, range);
      hide(same, other !== null);
      setText(same, scores.truth[index] === UNKNOWN ? "no label" : right ? "same class" : "no map");
    },
  };
}
