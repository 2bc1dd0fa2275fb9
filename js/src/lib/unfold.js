/** The sum that a map is: what is left without some channels, and how much of it the shown ones carry. */

/**
 * @typedef {import("../protocol.js").HeatMap} HeatMap
 * @typedef {import("../channels.js").Channel} Channel
 * @typedef {import("../channels.js").Channels} Channels
 */

/**
 * The signed map without what these channels add to it.
 * @param {HeatMap} map
 * @param {readonly Channel[]} channels
 * @returns {HeatMap}
 */
export function without({ values, grid }, channels) {
  // Added up in double precision: what is left of a sum whose parts cancel is small beside them.
  const left = Float64Array.from(values);
  for (const { contribution } of channels) for (let i = 0; i < left.length; i++) left[i] -= contribution.values[i];
  return { values: Float32Array.from(left), grid };
}

/** What the shown channels add together. @param {Channels} found */
export const carried = ({ channels }) => channels.reduce((sum, channel) => sum + channel.sum, 0);

/** The largest of some magnitudes that are numbers. @param {readonly number[]} values */
export const reach = (values) => values.reduce((most, v) => Math.max(most, Number.isFinite(v) ? Math.abs(v) : 0), 0);

/**
 * An axis that holds these numbers and zero, in percent of its length.
 * @param {readonly number[]} values
 */
export function axis(values) {
  const lo = Math.min(0, ...values.filter(Number.isFinite));
  const hi = Math.max(0, ...values.filter(Number.isFinite));
  const at = (/** @type {number} */ v) => (hi > lo && Number.isFinite(v) ? (100 * (v - lo)) / (hi - lo) : 0);
  return { zero: at(0), at };
}

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/**
 * A power of ten that brings numbers of this size near 1, and how it is written; none where they are near it.
 * @param {number} size
 * @returns {{factor: number, text: string}}
 */
export function power(size) {
  if (!(size > 0) || (size >= 0.05 && size < 1000)) return { factor: 1, text: "" };
  const n = -Math.floor(Math.log10(size));
  const digits = [...String(Math.abs(n))].map((d) => RAISED[Number(d)]).join("");
  return { factor: 10 ** n, text: ` · 10${n < 0 ? "⁻" : ""}${digits}` };
}

/**
 * A share of the whole in words: "27 %", "−12 %", "3.1 %"; beyond ten times the whole it says nothing any more.
 * @param {number} share
 */
export function shareText(share) {
  if (!Number.isFinite(share) || Math.abs(share) >= 10) return "–";
  const size = Math.abs(100 * share);
  const text = size.toFixed(size < 9.95 ? 1 : 0);
  return `${share < 0 && Number(text) ? "−" : ""}${text} %`;
}
