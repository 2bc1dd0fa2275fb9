/** Search over class names: what people type is a word's beginning, a fragment, an abbreviation, or the index. */

const LETTER = /[\p{L}\p{N}]/u;

/**
 * Lower case, without accents.
 * @param {string} text
 */
function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/**
 * @param {string} name
 * @param {string} query
 */
function isSubsequence(name, query) {
  let at = 0;
  for (const letter of name) if (letter === query[at] && ++at === query.length) return true;
  return false;
}

/**
 * 0 is best; Infinity is no match.
 * @param {string} name
 * @param {string} query
 * @param {string} squeezed  the query without its spaces
 */
function quality(name, query, squeezed) {
  if (name === query) return 1;
  let best = Infinity;
  for (let at = name.indexOf(query); at >= 0; at = name.indexOf(query, at + 1)) {
    const begins = !LETTER.test(name[at - 1] ?? "");
    const ends = !LETTER.test(name[at + query.length] ?? "");
    best = Math.min(best, begins && ends ? 2 : begins ? (at ? 4 : 3) : 5);
  }
  // One or two letters are a subsequence of nearly everything.
  return best === Infinity && squeezed.length > 2 && isSubsequence(name, squeezed) ? 6 : best;
}

/**
 * Indices of the best matches, best first: the class of that index, a name, a whole word of it, a name's
 * beginning, a word's beginning, a fragment, a subsequence; ties by score. An empty query ranks all by score.
 * @param {readonly string[]} names
 * @param {string} query
 * @param {ArrayLike<number>} scores
 * @param {number} limit
 * @returns {number[]}
 */
export function search(names, query, scores, limit) {
  const wanted = fold(query.trim()).replace(/\s+/g, " ");
  const squeezed = wanted.replaceAll(" ", "");
  /** @type {Array<{index: number, quality: number, score: number}>} */
  const hits = [];
  names.forEach((name, index) => {
    const q = wanted === String(index) ? 0 : wanted === "" ? 1 : quality(fold(name), wanted, squeezed);
    const score = scores[index];
    if (q < Infinity) hits.push({ index, quality: q, score: score > -Infinity ? score : -Number.MAX_VALUE });
  });
  hits.sort((a, b) => a.quality - b.quality || b.score - a.score || a.index - b.index);
  return hits.slice(0, limit).map((hit) => hit.index);
}
