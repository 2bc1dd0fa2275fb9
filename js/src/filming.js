/** Which picture of a film is chosen: the user's while the answer is out, then the kernel's. */

/** @typedef {import("./host.js").Host} Host */

export class Filming {
  #host;
  /** The class that was chosen when the picture was asked for: while that stands, the kernel's is newer. */
  #from = -1;
  /** @type {number | null} the picture that was asked for, while the answer is out */
  goal = null;

  /** @param {Host} host */
  constructor(host) {
    this.#host = host;
  }

  get index() { return this.goal ?? this.#host.get("index") ?? 0; }

  /**
   * @param {number} index
   * @param {number} target  the class that is chosen
   */
  look(index, target) {
    this.goal = index;
    this.#from = target;
    this.#host.note("view");
  }

  /**
   * The kernel's class, where it followed a picture on the way to the one that is asked for; else null.
   * @param {number} target  the class that is chosen
   * @param {boolean} touched  the kernel's has changed
   * @returns {number | null}
   */
  target(target, touched) {
    if (this.goal === null || !touched || this.#from !== target) return null;
    return this.#from = this.#host.get("target");
  }

  /** All was answered, or will not be. */
  settle() {
    this.goal = null;
  }
}
