/** The contrast on the picture: B's side of it, the divider between both, and which class is which. */

import { h, hide, mark, setAttr, setStyle, setText, swallow } from "./dom.js";
import { className } from "./frame.js";
import { icon } from "./icons.js";
import { createOverlay } from "./overlay.js";
import { lessWords, swap } from "./contrast.js";
import { tip } from "../lib/keys.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./tools.js").Tool} Tool
 */

const STEP = 0.02;
const LEAP = 0.1;

/**
 * @param {Context} context
 * @returns {Tool}
 */
export function createContrastTool(context) {
  const heat = h("canvas.heat-right");
  const divider = h("div.divider", {
    role: "slider", tabindex: 0, "aria-label": "Divider", "aria-valuemin": 0, "aria-valuemax": 100,
    title: "Drag, or use ← →",
  }, [h("span.grip", {}, [icon("divide")])]);
  const tags = [createTag(context, "a"), createTag(context, "b")];
  const drawHeat = createOverlay(heat, null);
  let dragging = false;
  let shown = false;
  const move = (/** @type {number} */ to) => context.patch({ divide: Math.min(1, Math.max(0, to)) });
  context.listen(divider, "keydown", (event) => {
    const to = stepped(/** @type {KeyboardEvent} */ (event), context.ui.divide);
    if (to === null) return;
    move(to);
    swallow(event);
  });
  return {
    layers: [heat, divider, ...tags.map(({ element }) => element)],
    update(frame, width, height) {
      const { contrast, ui } = frame;
      const pair = contrast?.pair ?? null;
      const swipe = contrast?.mode === "swipe" && pair !== null;
      const fit = heat.parentElement;
      if (fit) {
        mark(fit, "divided", swipe);
        setStyle(fit, "--divide", `${(100 * ui.divide).toFixed(2)}%`);
      }
      for (const part of [heat, divider]) hide(part, !swipe);
      if (swipe) drawHeat(context, { ...frame, map: frame.right }, width, height);
      showTags(tags, frame);
      const percent = Math.round(100 * ui.divide);
      const [a, b] = namesOf(frame);
      setAttr(divider, "aria-valuenow", percent);
      setAttr(divider, "aria-valuetext", `${percent} %: ${a} left of it, ${b} right of it`);
      // Whoever took the tool by its key goes on with the arrows.
      if (swipe && !shown && focused(context) === context.root) divider.focus({ preventScroll: true });
      shown = swipe;
    },
    down(_spot, event) {
      dragging = divider.contains(/** @type {Node} */ (event.target));
      return dragging;
    },
    move({ fx }) {
      if (dragging) move(fx);
      return dragging;
    },
    up() {
      dragging = false;
    },
  };
}

/** @param {Context} context */
const focused = ({ root }) => /** @type {ShadowRoot} */ (root.getRootNode()).activeElement;

/** @param {Frame} frame */
const namesOf = ({ store, drawn, contrast }) =>
  [drawn.target, contrast?.rival ?? drawn.target].map((target) => className(store, target));

/**
 * @param {KeyboardEvent} event
 * @param {number} at
 * @returns {number | null}
 */
function stepped({ key, shiftKey }, at) {
  const step = shiftKey ? LEAP : STEP;
  if (key === "ArrowRight" || key === "ArrowUp") return at + step;
  if (key === "ArrowLeft" || key === "ArrowDown") return at - step;
  if (key === "PageUp") return at + LEAP;
  if (key === "PageDown") return at - LEAP;
  if (key === "Home") return 0;
  return key === "End" ? 1 : null;
}

/** @param {"a" | "b"} side */
const badge = (side) => h("span", { class: `letter letter-${side}`, text: side.toUpperCase() });

/**
 * A class's letter and name; pressed, both change places.
 * @param {Context} context
 * @param {"a" | "b"} side
 */
function createTag(context, side) {
  const name = h("span.tag-name");
  const element = h("button", { type: "button", class: `tag tag-${side}`, title: tip("swap"), hidden: true },
    [badge(side), name]);
  context.listen(element, "click", (event) => {
    swap(context);
    swallow(event);
  });
  return { element, name };
}

/**
 * @param {ReturnType<typeof createTag>[]} tags
 * @param {Frame} frame
 */
function showTags([left, right], frame) {
  const { contrast } = frame;
  const pair = contrast?.pair ?? null;
  const swipe = contrast?.mode === "swipe";
  const [a, b] = namesOf(frame);
  hide(left.element, pair === null);
  hide(right.element, pair === null || !swipe);
  if (!pair) return;
  setText(left.name, swipe ? a : lessWords(a, b, pair.gamma));
  setText(right.name, b);
}
