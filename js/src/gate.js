/**
 * One request in flight, the newest waiting. The waiting one is no stored message: it is made when it is sent, so it
 * always asks for what is wanted by then.
 */

/** After this long without an answer (ms) a new request goes out all the same: the kernel may have lost the old one. */
export const PATIENCE = 10_000;

/** @typedef {ReturnType<typeof createGate>} Gate */

/**
 * @param {(seq: number) => void} send
 * @param {() => number} now
 */
export function createGate(send, now) {
  let seq = 0;
  let sentAt = 0;
  let flying = false;
  let pending = false;

  const waits = () => flying && now() - sentAt < PATIENCE;

  function fly() {
    pending = false;
    flying = true;
    sentAt = now();
    seq += 1;
    send(seq);
  }

  return {
    /** Something new is wanted. */
    push() {
      if (waits()) pending = true;
      else fly();
    },
    /**
     * An answer came; those to overtaken requests change nothing.
     * @param {number} answered
     * @returns {boolean} whether it was the one awaited
     */
    answer(answered) {
      if (!flying || answered < seq) return false;
      flying = false;
      if (pending) fly();
      return true;
    },
    /** Whether an answer can still be hoped for. */
    get busy() {
      return waits();
    },
  };
}
