/** One class against another: which two, and the maps of one less so many times the other. */

/**
 * @typedef {import("../protocol.js").HeatMap} HeatMap
 * @typedef {import("../protocol.js").View} View
 */

/**
 * Class B, as the kernel has it, too: what was chosen; or else the true class, so that a mistake stands beside what it
 * should have been; or else the first other class that is listed.
 * @param {Pick<View, "target" | "rival">} view
 * @param {readonly number[]} listed
 * @param {number} count  of classes
 * @param {number | null} [truth]
 * @returns {number | null}  null where there is none
 */
export function rivalOf({ target, rival }, listed, count, truth = null) {
  const fits = (/** @type {number | null} */ one) =>
    Number.isInteger(one) && one !== target && Number(one) >= 0 && Number(one) < count;
  return [rival, truth].find(fits) ?? listed.find((other) => other !== target) ?? null;
}

/**
 * Cell by cell; null where the grids differ.
 * @param {HeatMap} a
 * @param {HeatMap} b
 * @param {number} gamma
 * @returns {HeatMap | null}
 */
export function less(a, b, gamma) {
  if (String(a.grid) !== String(b.grid)) return null;
  return gamma === 0 ? a : { values: a.values.map((v, i) => v - gamma * b.values[i]), grid: a.grid };
}
