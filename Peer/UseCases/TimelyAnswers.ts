import { onAbort } from '../../Shared/Async/OnAbort.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import type { Clock } from '../../Shared/Time/Clock.ts';

/** Time after which the received answers are used without the pending ones. */
const PATIENCE_MS = 3_000;
/**
 * The same for peers that are probably gone, and interval of that check: time for a call by a tracker and the dial of
 * the called peer on a local network, and no more than the list of 20,000 files takes.
 */
const REVIEW_MS = 150;

export interface TimelyAnswersOptions<P, T> {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Whether these answers suffice after the timeout. */
  readonly suffice: (answers: readonly T[]) => boolean;
  /** Whether a pending peer is probably gone. Omitted: none is. */
  readonly isGone?: (peer: P) => boolean;
}

/**
 * Asks several peers at once. Resolves with all answers, or as soon as the received ones suffice: after REVIEW_MS
 * without the peers that are probably gone, after PATIENCE_MS without all others. A peer that fails gives no answer.
 * @param ask - must end soon after its signal aborts
 * @returns also the number of peers without an answer yet
 * @throws ShoalError CANCELLED
 */
export function timelyAnswers<P, T>(
  peers: readonly P[],
  ask: (peer: P, signal: AbortSignal) => Promise<T>,
  { clock, signal, suffice, isGone }: TimelyAnswersOptions<P, T>,
): Promise<{ readonly answers: readonly T[]; readonly late: number }> {
  return new Promise((resolve, reject) => {
    const asking = new AbortController();
    /** By the position of the peer. */
    const answers = new Map<number, T>();
    const pending = new Map(peers.entries());
    const reviewMs = isGone === undefined ? PATIENCE_MS : REVIEW_MS;
    let waitedMs = 0;
    let cancelTimer = () => {};
    const end = () => {
      stopListening();
      cancelTimer();
      asking.abort();
    };
    const finish = () => {
      const given = [...answers].toSorted(([one], [other]) => one - other).map(([, answer]) => answer);
      const expected = [...pending.values()].filter(
        (peer) => waitedMs < REVIEW_MS || isGone?.(peer) !== true,
      );
      const isTimely = expected.length === 0 || waitedMs >= PATIENCE_MS;
      if (pending.size > 0 && !(isTimely && suffice(given))) return;
      end();
      resolve({ answers: given, late: pending.size });
    };
    const reviewLater = () => {
      cancelTimer = clock.after(reviewMs, () => {
        waitedMs += reviewMs;
        if (waitedMs < PATIENCE_MS) reviewLater();
        finish();
      });
    };
    const stopListening = onAbort(signal, () => {
      end();
      reject(new ShoalError('CANCELLED', 'interrupted'));
    });
    reviewLater();
    if (signal.aborted) {
      end();
      return reject(new ShoalError('CANCELLED', 'interrupted'));
    }
    for (const [index, peer] of peers.entries()) {
      ask(peer, asking.signal)
        .then(
          (answer) => void answers.set(index, answer),
          () => {}, // Other peers may answer.
        )
        .finally(() => {
          if (asking.signal.aborted) return;
          pending.delete(index);
          finish();
        });
    }
    finish();
  });
}
