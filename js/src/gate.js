/**
 * One request in flight, the newest waiting. The waiting one is no stored message: it is made when it is sent, so it
 * always asks for what is wanted by then.
 */

/**
 * After this long without an answer (ms) a new request goes out all the same, since the old one may be lost: at once
 * where something new is wanted, and in any case when the time is up; then after twice as long, for a kernel that is
 * merely busy will find them all.
 */
export const PATIENCE = 10_000;

/** After this long without a word (ms) it is tried whether the kernel that has announced something is still there. */
export const PROBE = 5_000;

/** A name no other page has; `randomUUID` needs https. */
export const makeNonce = () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;

/** @typedef {ReturnType<typeof createGate>} Gate */

/**
 * @param {(seq: number) => void} send
 * @param {() => void} probe  sends what needs no answer
 * @param {() => number} now
 */
export function createGate(send, probe, now) {
  let seq = 0;
  let sentAt = 0;
  let flying = false;
  let pending = false;
  let tries = 0;

  const waits = (patience = PATIENCE) => flying && now() - sentAt < patience;

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
      tries = 0;
      if (waits()) pending = true;
      else fly();
    },
    /** Time has passed. @param {number} since  something is waited for */
    remind(since) {
      if (!flying && now() - Math.max(sentAt, since) >= PROBE) {
        sentAt = now();
        probe();
      }
      if (!flying || waits(PATIENCE * 2 ** tries)) return;
      tries += 1;
      fly();
    },
    /**
     * An answer came; those to overtaken requests change nothing.
     * @param {number} answered
     * @returns {boolean} whether it was the one awaited
     */
    answer(answered) {
      if (!flying || answered < seq) return false;
      flying = false;
      tries = 0;
      if (pending) fly();
      return true;
    },
    /** Nothing can be sent: no answer will come. */
    giveUp() {
      flying = pending = false;
    },
    /** Whether one is out, however long. */
    get out() {
      return flying;
    },
    /** Whether an answer can still be hoped for. */
    get busy() {
      return waits(PATIENCE * 2 ** tries);
    },
  };
}
