/**
 * The tool that asks what a part of the picture says: drag a box, with Shift an outline; drag it, its corners or the
 * arrows move it. What is being dragged is a draft; only what is let go of is kept, and ranks the list.
 */

import { boxOf, contains, isBox, moved, outlineFrom, readRegion, sized } from "../lib/regions.js";
import { cellRect } from "../lib/cells.js";
import { cellOfIndex } from "./kinds.js";
import { pin, STEPS } from "./explore.js";
import { createOverlay } from "./region.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./frame.js").Spot} Spot
 * @typedef {import("./tools.js").Tool} Tool
 * @typedef {import("../protocol.js").Region} Region
 * @typedef {import("../lib/regions.js").Point} Point
 *
 * @typedef {object} Grip  what the pointer holds
 * @property {Point} from  where it went down
 * @property {Region | null} region  that is moved
 * @property {Point | null} fixed  the corner that stays
 * @property {Point[] | null} line  drawn so far, of an outline
 * @property {boolean} dragged
 * @property {readonly [number, number]} start  on the page
 */

/** A pointer that has not left this circle was not dragged, CSS pixels. */
const STILL = 4;

/** A run of arrow keys is one change: it ends when none came for so long, ms. */
const PAUSE = 400;

/** Arrows go so many steps over the picture. */
const ACROSS = 64;

/** A box that the keyboard makes is at least this share of the picture wide and high. */
const LEAST = 0.12;

/**
 * @param {Context} context
 * @returns {Tool}
 */
export function createBox(context) {
  const overlay = createOverlay(context);
  const { store } = context;
  const { commit, run, finish } = createCommit(context);
  /** @type {Grip | null} */
  let grip = null;
  const region = () => context.ui.draft ?? readRegion(store.view.region);
  return {
    layers: overlay.layers,
    update: overlay.update,
    down(spot, event) {
      finish();
      grip = gripAt(pointOf(context, spot), event, region());
      return true;
    },
    move(spot, event) {
      if (!grip) return quiet(context, region() !== null);
      grip.dragged ||= Math.hypot(event.clientX - grip.start[0], event.clientY - grip.start[1]) >= STILL;
      if (grip.dragged) context.patch({ draft: draftOf(grip, pointOf(context, spot), store.meta.input), hover: null });
      return true;
    },
    up(spot, event) {
      const held = grip;
      grip = null;
      if (!held) return;
      if (held.dragged && event.type === "pointerup") commit(held.line ? outlineFrom(held.line, store.meta.input) : context.ui.draft);
      else if (held.dragged) context.patch({ draft: null });
      else if (region() === null) pin(context, spot);
      else if (!held.region && !held.fixed) commit(null);
    },
    key(action, event) {
      const now = region();
      if (action === "pin" && now) finish();
      else if (action === "pin") commit(boxAround(context));
      else if (action in STEPS && now) {
        run(stepped(now, STEPS[/** @type {keyof typeof STEPS} */ (action)], event.shiftKey, store.meta.input));
      } else return false;
      return true;
    },
    back() {
      if (grip) {
        grip = null;
        context.patch({ draft: null });
        return true;
      }
      if (region() === null) return false;
      commit(null);
      return true;
    },
  };
}

/**
 * How a draft is kept: at once, or at the end of a run of keys.
 * @param {Context} context
 */
function createCommit(context) {
  let pause = 0;
  /** @param {Region | null} made */
  const commit = (made) => {
    clearTimeout(pause);
    pause = 0;
    context.store.set("region", made);
    context.patch({ draft: null, pinned: null, hover: null, touched: true });
    context.announceCell();
  };
  // Of a run that was undone meanwhile nothing is left to keep.
  const finish = () => pause && context.ui.draft && commit(context.ui.draft);
  context.signal.addEventListener("abort", () => clearTimeout(pause));
  return {
    commit,
    finish,
    /** @param {Region} draft */
    run(draft) {
      context.patch({ draft });
      clearTimeout(pause);
      pause = window.setTimeout(finish, PAUSE);
    },
  };
}

/**
 * In pixels of the network's input.
 * @param {Context} context
 * @param {Spot} spot
 * @returns {Point}
 */
function pointOf({ store }, { fx, fy }) {
  const [rows, columns] = store.meta.input;
  return [fx * columns, fy * rows];
}

/** No cell is read beside a region. @param {Context} context @param {boolean} there */
function quiet(context, there) {
  if (there && context.ui.hover) context.patch({ hover: null });
  return there;
}

/**
 * @param {Point} from
 * @param {PointerEvent} event
 * @param {Region | null} now
 * @returns {Grip}
 */
function gripAt(from, event, now) {
  const corner = /** @type {HTMLElement} */ (event.target).dataset.corner;
  const start = /** @type {const} */ ([event.clientX, event.clientY]);
  const grip = { from, start, region: null, fixed: null, line: null, dragged: false };
  if (corner && now && isBox(now)) {
    const [x, y] = corner.split("").map(Number); // of the corner, 0 or 1
    return { ...grip, fixed: [now[x ? 0 : 2], now[y ? 1 : 3]] };
  }
  if (event.shiftKey) return { ...grip, line: [from] };
  return now && contains(now, from) ? { ...grip, region: now } : grip;
}

/**
 * @param {Grip} grip
 * @param {Point} to
 * @param {import("../protocol.js").Grid} input
 * @returns {Region | null}
 */
function draftOf({ from, region, fixed, line }, to, input) {
  if (line) {
    line.push(to);
    return line.length < 3 ? null : [...line];
  }
  if (!region) return boxOf(fixed ?? from, to, input);
  const by = isBox(region) ? Math.round : (/** @type {number} */ v) => v;
  return moved(region, by(to[0] - from[0]), by(to[1] - from[1]), input);
}

/**
 * @param {Region} region
 * @param {readonly number[]} direction  rows, columns
 * @param {boolean} size
 * @param {import("../protocol.js").Grid} input
 */
function stepped(region, [down, right], size, input) {
  const [dy, dx] = [down, right].map((way, axis) => way * Math.max(1, Math.round(input[axis] / ACROSS)));
  return (size ? sized : moved)(region, dx, dy, input);
}

/**
 * A box around the cell that is read, else around the strongest one.
 * @param {Context} context
 * @returns {Region | null}
 */
function boxAround(context) {
  const frame = context.frame();
  if (!frame?.map) return null;
  const { map, place, limits, store } = frame;
  const cell = frame.cell ?? cellOfIndex(map.grid, Math.max(0, map.values.indexOf(limits.max)));
  const [rows, columns] = store.meta.input;
  const { x, y, width, height } = cellRect(cell.row, cell.col, map.grid, columns, rows, place);
  const [right, down] = [Math.max(0, LEAST * columns - width) / 2, Math.max(0, LEAST * rows - height) / 2];
  return boxOf([x - right, y - down], [x + width + right, y + height + down], store.meta.input);
}
