/**
 * What the page would like to have beside the map that is chosen: what it shows and lacks. Asked once for each subject, and
 * along with every request, since a newer request ends what an older one asked for beside its map.
 */

/**
 * @typedef {"variants" | "inside" | "tests" | "class rows" | "variant rows"} Wish  maps of all variants; what each channel
 *   adds; whether the map can be trusted; thumbnails for the matrix
 */

/** @typedef {ReturnType<typeof createWishes>} Wishes */

/**
 * @param {(wish: Wish) => string} subject  for what it is asked by now
 * @param {(wish: Wish) => boolean} lacks  whether any of it is missing
 */
export function createWishes(subject, lacks) {
  /** @type {Set<Wish>} those that hold as long as something is shown */
  const standing = new Set();
  /** @type {Set<Wish>} */
  const once = new Set();
  /** @type {Map<Wish, string>} for what they were asked */
  const asked = new Map();
  let settled = true;

  /** @param {Wish} wish @returns {boolean} whether a request must go out */
  function due(wish) {
    if (asked.get(wish) === subject(wish) || !lacks(wish)) return false;
    asked.set(wish, subject(wish));
    return true;
  }

  return {
    /** Once, and again where it did not come with the answer. @param {Wish} wish */
    want(wish) {
      if (settled) asked.delete(wish);
      if (!due(wish)) return false;
      once.add(wish);
      return true;
    },
    /** Until it is dropped; may be said with every frame. @param {Wish} wish */
    hold(wish) {
      standing.add(wish);
      return due(wish);
    },
    /** @param {Wish} wish @returns {boolean} whether a request must go out, to end what takes long */
    drop(wish) {
      standing.delete(wish);
      return asked.delete(wish) && wish === "tests" && lacks(wish);
    },
    /** No request is out any more. */
    answered() {
      settled = true;
    },
    /** What was asked for will not come: what is still wanted is asked again. */
    forget() {
      asked.clear();
    },
    /**
     * What a request that goes out now asks for: of the first two kinds one, the other with the next.
     * @returns {{want: "variants" | "inside" | null, rows: "classes" | "variants" | null, tests: boolean}}
     */
    take() {
      const lacking = [...new Set([...standing, ...once])].filter(lacks);
      const want = lacking.includes("variants") ? "variants" : lacking.includes("inside") ? "inside" : null;
      const wishes = lacking.filter((wish) => wish !== "inside" || want === "inside");
      once.clear();
      asked.clear();
      settled = false;
      for (const wish of wishes) asked.set(wish, subject(wish));
      const rows = wishes.includes("class rows") ? "classes" : wishes.includes("variant rows") ? "variants" : null;
      return { want, rows, tests: wishes.includes("tests") };
    },
  };
}
