/**
 * One item of the grid: its picture with the evidence, what it is predicted, and what it is. An element is used again for
 * other items as the grid is scrolled.
 */

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
 * @typedef {import("../store.js").GalleryStore} Store
 * @typedef {ReturnType<typeof import("./paint.js").createPainter>} Painter
 * @typedef {ReturnType<typeof import("./photos.js").createPhotos>} Photos
 * @typedef {ReturnType<typeof build>} Parts
 * @typedef {ReturnType<typeof createTile>} Tile
 */

/** @param {Context} context */
export function createTile({ store, ui }) {
  const parts = build();
  const { element } = parts;
  const says = createWatch();
  const shows = createWatch();
  let index = -1;
  /** The item whose picture is on the canvas. */
  let drawn = -1;
  return {
    element,
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
      index = item;
      hide(element, false);
      setAttr(element, "data-item", item);
      setAttr(element, "id", `cw-item-${item}`);
      const { scores, view, about } = store;
      setAttr(element, "aria-colindex", column + 1);
      setAttr(element, "aria-selected", String(store.selection.has(item)));
      mark(element, "opened", view.opened === item);
      mark(element, "active", ui.active === item);
      mark(element, "pairs", view.shows === "both");
      const { predicted, truth, loss, margin } = scores;
      if (says(item, scores.has(item), predicted[item], scores.failed.get(item), truth[item], view.order, about, loss[item], margin[item])) {
        say(parts, store, item);
      }
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
      if (!shows(index, thumb, photo, side, view.shows, view.sign, view.opacity, lut, scores.truth[index])) return;
      // what was painted of this item stays until its successor comes
      mark(element, "empty", !photo && drawn !== index);
      mark(element, "waiting", !photo);
      hide(parts.places[1], view.shows !== "both");
      hide(parts.same, true);
      hide(parts.absent, thumb !== null || store.canAsk || scores.failed.has(index));
      if (!thumb || !photo) return;
      drawn = index;
      drawMaps(parts, store, index, thumb, (canvas, map, range) => {
        paint(canvas, side, photo, map, thumb.place, { sign: view.sign, opacity: view.opacity, lut }, range);
      });
    },
  };
}

function build() {
  const canvases = [h("canvas.g-map"), h("canvas.g-map")];
  const cross = h("span.cross", { hidden: true }, [icon("cross")]);
  const why = h("span.g-why");
  const failure = h("span.g-failure", { hidden: true }, [icon("warning"), why]);
  const same = h("span.g-same", { hidden: true });
  const absent = h("span.g-same", { hidden: true, text: "no picture here" });
  const places = [
    h("span.g-place", {}, [canvases[0], absent, failure, cross, h("span.g-check", {}, [glyph("check")])]),
    h("span.g-place", {}, [canvases[1], same]),
  ];
  const [called, probability, truth, number] = ["g-called", "g-number", "g-truth", "g-number"].map((name) => h("span", { class: name }));
  const spoken = h("span.spoken");
  const element = h("div.g-tile", { role: "gridcell" }, [spoken, h("span.g-pictures", {}, places),
    h("span.g-words", {}, [called, probability]), " ", h("span.g-words", {}, [truth, number])]);
  return { element, absent, canvases, places, cross, failure, why, same, spoken, called, probability, truth, number };
}

/** @param {Parts} parts @param {Store} store @param {number} item */
function say(parts, store, item) {
  const { scores } = store;
  const failed = scores.failed.get(item);
  const called = scores.has(item) ? scores.predicted[item] : UNKNOWN;
  const wrong = scores.isMistake(item);
  mark(parts.element, "wrong", wrong);
  hide(parts.cross, !wrong);
  hide(parts.failure, failed === undefined);
  setText(parts.why, failed ?? "");
  const state = failed !== undefined ? "" : scores.has(item) ? "predicted" : "not scored yet";
  setText(parts.spoken, [`item ${item}`, fileOf(store, item), state].filter(Boolean).join(", "));
  setText(parts.called, called !== UNKNOWN ? store.nameOf(called) : failed === undefined ? "" : "unreadable");
  setText(parts.probability, called === UNKNOWN ? "" : percent(scores.confidence[item]));
  setText(parts.truth, wrong ? `is ${store.nameOf(scores.truth[item])}` : "");
  setText(parts.number, numberOf(store, item));
}

/**
 * The map of the predicted class, of the true one, or both on one scale.
 * @param {Parts} parts
 * @param {Store} store
 * @param {number} item
 * @param {import("../protocol.js").Thumb} thumb
 * @param {(canvas: HTMLCanvasElement, map: import("../protocol.js").HeatMap | null,
 *   range?: import("../../lib/heat.js").Limits | null) => void} paint
 */
function drawMaps({ canvases, same }, { scores, view }, item, { maps: [predicted, other] }, paint) {
  const known = scores.truth[item] !== UNKNOWN;
  const right = known && !scores.isMistake(item);
  if (view.shows === "predicted") paint(canvases[0], predicted);
  else if (view.shows === "truth") paint(canvases[0], other ?? (right ? predicted : null));
  else {
    const range = predicted && other ? together([predicted, other].map(({ values }) => limits(values, view.sign))) : null;
    paint(canvases[0], predicted, range);
    paint(canvases[1], other, range);
    hide(same, other !== null);
    setText(same, !known ? "no label" : right ? "same class" : "no map");
  }
}
