/** Beside the picture that shows where the variants differ: how alike they rank the cells, as a table and in words. */

import { createWatch } from "../lib/changes.js";
import { h, mark, setAttr, setStyle, setText } from "./dom.js";
import { className } from "./frame.js";
import { cellNoun } from "./kinds.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./compared.js").Compared} Compared
 * @typedef {import("../lib/agreement.js").Pair} Pair
 */

/** Pixels: a number of the table, the least room of a name. */
const NUMBER = 36;
const NAME = 104;

/** @param {Context} context */
export function createDisagreement({ store }) {
  const what = h("p.agreement-what");
  const head = h("tr");
  const body = h("tbody");
  const table = h("table.agreement", { "aria-label": "Rank correlations of the variants" }, [h("thead", {}, [head]), body]);
  const box = h("div.agreement-box", { tabindex: 0, role: "region", "aria-label": "Rank correlations" }, [table]);
  const most = h("span");
  const least = h("span");
  const element = h("div.disagreement", {}, [what, box, h("div.agreement-ends", {}, [most, least])]);
  const differs = createWatch();
  return {
    element,
    /** @param {Frame} frame @param {number} room  in pixels */
    update(frame, room) {
      const { compared, drawn, preview } = frame;
      // While something else is previewed on the picture, the table stays.
      if (preview) return;
      setText(what, whatText(frame));
      const fits = !compared || room >= NAME + NUMBER * compared.used.length;
      if (!differs(compared, fits, drawn.variant)) return;
      setText(most, compared?.most ? `Most alike: ${pairText(compared, compared.most)}` : "");
      setText(least, compared?.least && compared.used.length > 2 ? `Least: ${pairText(compared, compared.least)}` : "");
      if (!compared) body.replaceChildren();
      else if (fits) fill(head, body, compared);
      else fillOne(head, body, compared, Math.max(0, compared.used.findIndex(({ id }) => id === drawn.variant)));
      setAttr(table, "hidden", !compared);
      mark(table, "single", !fits);
      setText(head.firstElementChild ?? head, compared ? "Spearman" : "");
    },
  };

  /** What is drawn, and of how many cells and variants. @param {Frame} frame */
  function whatText({ compared, drawn, map }) {
    const name = `${className(store, drawn.target)} at ${drawn.layer}`;
    if (!compared) return `Maps of ${name} by all quick variants are on their way.`;
    const noun = cellNoun(store);
    const missing = compared.missing ? ` ${compared.missing} more on their way.` : "";
    return `Picture: standard deviation of ${compared.used.length} maps of ${name}, each scaled to its own maximum. ` +
      `Table: rank correlation over ${map?.values.length ?? 0} ${noun}s.${missing}`;
  }
}

/**
 * @param {Compared} compared
 * @param {Pair} pair
 */
function pairText({ used }, { first, second, value, ties }) {
  const others = ties ? `, and ${ties} more ${ties > 1 ? "pairs" : "pair"}` : "";
  return `${used[first].name} and ${used[second].name}, ${correlation(value)}${others}`;
}

/** "0.93", "−0.12", "1.00"; "–" where there is no order among the cells. @param {number} value */
export function correlation(value) {
  if (Number.isNaN(value)) return "–";
  const text = Math.abs(value).toFixed(2);
  return value < 0 && text !== "0.00" ? `−${text}` : text;
}

/**
 * All of them: each two once.
 * @param {HTMLElement} head
 * @param {HTMLElement} body
 * @param {Compared} compared
 */
function fill(head, body, { used, correlations }) {
  head.replaceChildren(h("td"), ...used.map((variant, i) => h("th", { scope: "col", text: i + 1, title: variant.name })));
  body.replaceChildren(...used.map((variant, i) => h("tr", {}, [
    rowHead(`${i + 1} ${variant.name}`),
    ...used.map((other, j) => j < i ? number(correlations[i][j], `${variant.name} and ${other.name}`) : h("td")),
  ])));
}

/**
 * Where there is room for one column: how alike the others are to the one in use.
 * @param {HTMLElement} head
 * @param {HTMLElement} body
 * @param {Compared} compared
 * @param {number} one
 */
function fillOne(head, body, { used, correlations }, one) {
  head.replaceChildren(h("td"), h("th", { scope: "col", text: `with ${used[one].name}` }));
  body.replaceChildren(...used.flatMap((variant, i) => i === one ? [] : [h("tr", {}, [
    rowHead(variant.name), number(correlations[i][one], `${variant.name} and ${used[one].name}`),
  ])]));
}

/** @param {string} text */
const rowHead = (text) => h("th", { scope: "row", title: text }, [h("span", { text })]);

/**
 * The less alike, the darker: also without reading.
 * @param {number} value
 * @param {string} title
 */
function number(value, title) {
  const exact = Number.isNaN(value) ? null : value.toFixed(4);
  const cell = h("td.agreement-number", { text: correlation(value), title, "data-value": exact });
  setStyle(cell, "--unlike", `${Number.isNaN(value) ? 0 : Math.round(14 * Math.min(1, 1 - value))}%`);
  return cell;
}
