/** The channels by what they add, one a row: activation, weight, contribution. Each is a switch. */

import { createWatch } from "../lib/changes.js";
import { signed } from "../lib/format.js";
import { limits } from "../lib/heat.js";
import { axis, power, reach, shareText } from "../lib/unfold.js";
import { createCells, shapeOf } from "./cells_thumb.js";
import { h, hide, mark, setAttr, setStyle, setText, swallow } from "./dom.js";
import { look, toggle } from "./unfolded.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("../channels.js").Channel} Channel
 * @typedef {import("../channels.js").Channels} Channels
 * @typedef {ReturnType<typeof createRow>} Row
 */

const THUMB = 24;

/** @param {Context} context */
export function createRows(context) {
  const list = h("div.channels", { role: "group", "aria-label": "Channels" });
  const drawCells = createCells();
  const differs = createWatch();
  /** @type {Row[]} */
  let rows = [];
  /** @type {Channels | null} */
  let shown = null;
  /** The row that was clicked: it is looked at again once the pointer has left it. */
  let quiet = -1;
  listen(context, list, { shown: () => shown, quiet: () => quiet, hush: (k) => { quiet = k; } });
  return {
    element: list,
    /** @param {Frame} frame @param {Channels} found */
    update({ store, view, unfolded }, found) {
      if (shown !== found) {
        shown = found;
        quiet = -1;
        const focused = /** @type {ShadowRoot} */ (context.root.getRootNode()).activeElement;
        // The row that has the focus goes, and keys would go to the notebook.
        if (focused && list.contains(focused)) context.root.focus({ preventScroll: true });
        rows = found.channels.map((channel, i) => createRow(channel, i === 0));
        list.replaceChildren(...rows.map(({ element }) => element));
        list.scrollTop = 0;
      }
      for (const row of rows) {
        const off = unfolded?.off.includes(row.channel) ?? false;
        setAttr(row.element, "aria-checked", String(!off));
        mark(row.element, "active", unfolded?.alone === row.channel);
      }
      if (!differs(found, store.luts, view.colormap, context.dpr)) return;
      const side = Math.round(THUMB * context.dpr);
      // One scale, so that they can be compared; activations each have their own.
      const most = reach(found.channels.map(({ contribution }) => limits(contribution.values, "signed").hi));
      /** @type {(canvas: HTMLCanvasElement, map: import("../protocol.js").HeatMap | null, how?: {sign?: "signed", reach?: number}) => void} */
      const draw = (canvas, map, how) => drawCells(canvas, map, store.luts, view.colormap, side, shapeOf(store), how);
      for (const row of rows) {
        fill(row, found);
        const { activation, weights, contribution } = row.channel;
        draw(row.activation, activation);
        draw(row.weights, weights, { sign: "signed" });
        draw(row.contribution, contribution, { sign: "signed", reach: most });
      }
    },
  };
}

/** @param {Channel} channel @param {boolean} first */
function createRow(channel, first) {
  const [activation, weights, contribution] = [0, 1, 2].map(() => h("canvas.cells"));
  const [bar, tick] = [h("span.bar"), h("span.plain", { hidden: true })];
  const track = h("span.track.axis", {}, [bar, tick]);
  const [number, alpha, sum, share] = ["channel-number", "channel-alpha", "channel-sum", "channel-share"].map((name) => h(`span.${name}`));
  const place = h("span.weight", {}, [weights, track]);
  const element = h("button.channel", { type: "button", role: "switch", "data-channel": channel.number, tabindex: first ? 0 : -1 },
    [number, activation, place, alpha, contribution, sum, share]);
  return { element, channel, activation, weights, contribution, track, bar, tick, number, alpha, sum, share };
}

/** @param {Row} row @param {Channels} found */
function fill({ element, channel, weights, track, bar, tick, number, alpha, sum, share }, { channels, total, perCell }) {
  const most = reach(channels.flatMap(({ weight, plain }) => [weight, plain ?? 0]));
  const sums = reach(channels.map((one) => one.sum));
  const { factor, text } = power(most);
  const { zero, at } = axis(channels.flatMap(({ weight, plain }) => [weight, plain ?? 0]));
  const end = at(channel.weight);
  setStyle(track, "--zero", `${zero.toFixed(2)}%`);
  setAttr(bar, "class", `bar ${channel.weight < 0 ? "against" : "for"}`);
  setStyle(bar, "left", `${Math.min(zero, end).toFixed(2)}%`);
  setStyle(bar, "width", `${Math.abs(end - zero).toFixed(2)}%`);
  hide(tick, channel.plain === null);
  setStyle(tick, "left", `${at(channel.plain ?? 0).toFixed(2)}%`);
  hide(weights, !perCell);
  setText(number, String(channel.number));
  setText(alpha, signed(factor * channel.weight, factor * most));
  setText(sum, signed(channel.sum, sums));
  setText(share, shareText(channel.sum / total));
  const name = perCell ? "mean weight" : "alpha";
  setAttr(element, "aria-label", `Channel ${channel.number}, ${name} ${alpha.textContent}${text}, adds ${sum.textContent}, ` +
    `${share.textContent} of the map`);
}

/** @param {Event} event */
const channelOf = (event) => {
  const row = /** @type {Element} */ (event.target).closest?.("[data-channel]");
  return row ? Number(/** @type {HTMLElement} */ (row).dataset.channel) : null;
};

/**
 * @param {Context} context
 * @param {HTMLElement} list
 * @param {{shown: () => Channels | null, quiet: () => number, hush: (channel: number) => void}} state
 */
function listen(context, list, { shown, quiet, hush }) {
  context.listen(list, "pointermove", (event) => {
    const channel = channelOf(event);
    if (!context.moved() || channel === quiet()) return;
    hush(-1);
    look(context, channel);
  });
  context.listen(list, "pointerleave", () => {
    hush(-1);
    look(context, null);
  });
  context.listen(list, "click", (event) => {
    const channel = channelOf(event);
    const found = shown();
    if (channel === null || !found) return;
    // What the click has done is to be seen, not the channel alone.
    hush(channel);
    toggle(context, found, channel);
    context.announceCell();
  });
  context.listen(list, "focusin", (event) => {
    const row = /** @type {HTMLElement} */ (event.target);
    for (const other of list.children) setAttr(other, "tabindex", other === row ? 0 : -1);
    if (row.matches(":focus-visible")) look(context, channelOf(event));
  });
  context.listen(list, "focusout", () => look(context, null));
  context.listen(list, "keydown", (event) => {
    const key = /** @type {KeyboardEvent} */ (event);
    const step = { ArrowDown: 1, ArrowUp: -1 }[key.key];
    if (!step || key.ctrlKey || key.altKey || key.metaKey) return;
    const at = [...list.children].indexOf(/** @type {Element} */ (key.target));
    const next = list.children[Math.min(list.children.length - 1, Math.max(0, at + step))];
    /** @type {HTMLElement} */ (next)?.focus();
    swallow(key);
  });
}
