/** What is said of an item, of a filter and of the progress. */

import { plain, signed } from "../lib/format.js";

/** @typedef {import("./store.js").GalleryStore} Store */

/** "10 000": a thin space stays with its number. @param {number} n */
export const whole = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");

/** A count where there is little room: "342", "1.2k", "13k". @param {number} n */
export function brief(n) {
  if (n < 1000) return String(n);
  if (n < 9950) return `${(n / 1000).toFixed(1)}k`;
  return n < 999_500 ? `${Math.round(n / 1000)}k` : `${(n / 1e6).toFixed(1)}M`;
}

export const ORDER_NAMES = Object.freeze({ loss: "loss", confidence: "confidence", margin: "margin", index: "order of the data" });

/** Losses have no sign, margins do. @param {Store} store @param {number} index */
export const lossOf = ({ scores }, index) => plain(scores.loss[index]);
/** @param {Store} store @param {number} index */
export const marginOf = ({ scores }, index) => signed(scores.margin[index], 1);

/**
 * The number that an item is sorted by, where it is not written beside it anyway.
 * @param {Store} store
 * @param {number} index
 */
export function numberOf(store, index) {
  const { order } = store.view;
  if (!store.scores.has(index)) return "";
  if (order === "margin") return marginOf(store, index);
  return order === "loss" && store.about.known ? lossOf(store, index) : "";
}

/** @param {Store} store @param {number} index */
export const fileOf = (store, index) => store.about.files[index] ?? store.thumb(index)?.name ?? "";

/**
 * How many are shown: "342 of 10 000", "10 000 items".
 * @param {Store} store
 */
export const shownWords = ({ order, count }) =>
  (order.length === count ? `${whole(count)} ${count === 1 ? "item" : "items"}` : `${whole(order.length)} of ${whole(count)}`);

/**
 * A filter in words: "mistakes, true star, predicted ring".
 * @param {Store} store
 */
export function filterWords(store) {
  const { truth, predicted, mistakes } = store.view.filter;
  return [mistakes && "mistakes", truth !== null && `true ${store.nameOf(truth)}`,
    predicted !== null && `predicted ${store.nameOf(predicted)}`].filter(Boolean).join(", ");
}

/** Small maps lie unless it is said how they are scaled. */
export const MANNER = Object.freeze({ one: "each map on its own scale", both: "both maps of an item on one scale" });
