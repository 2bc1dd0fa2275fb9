/** What each wish is about, and whether any of it is missing. */

/**
 * @typedef {import("./wishes.js").Wish} Wish
 * @typedef {import("./protocol.js").Selection} Selection
 * @typedef {import("./inbox.js").Inbox} Inbox
 */

/**
 * @param {Wish} wish
 * @param {Inbox} inbox
 * @param {Selection} view
 * @returns {string}
 */
export function subjectOf(wish, { meta, listed }, { target, layer, variant }) {
  const about = { variants: [target, layer], "class rows": [variant, ...listed], "variant rows": [target], inside: [target, layer, variant],
    tests: [target, layer, variant] };
  return [meta.image, ...about[wish]].join("\u0000");
}

/**
 * What is slow is made only when it is chosen, and does not count.
 * @param {Wish} wish
 * @param {Inbox} inbox
 * @param {Selection} view
 */
export function lacks(wish, inbox, { target, layer, variant }) {
  if (wish === "inside") {
    const weights = inbox.variants.find(({ id }) => id === variant)?.weights ?? "none";
    return weights !== "none" && !inbox.kept.channels.get({ target, layer, variant });
  }
  if (wish === "tests") return !inbox.kept.trust.get({ target, layer, variant })?.done;
  const quick = inbox.variants.filter(({ slow }) => !slow).map(({ id }) => id);
  if (wish === "variants") return quick.some((id) => !inbox.has({ target, layer, variant: id }));
  const stages = inbox.layers.filter(({ stage }) => stage);
  const missing = (/** @type {number} */ t, /** @type {string} */ v) =>
    stages.some(({ name }) => !inbox.hasThumb({ target: t, layer: name, variant: v }));
  if (wish === "variant rows") return quick.some((id) => missing(target, id));
  return quick.includes(variant) && inbox.listed.some((t) => missing(t, variant));
}
