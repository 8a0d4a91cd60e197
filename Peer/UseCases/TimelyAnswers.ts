import type { Clock } from '../../Shared/Clock.ts';
import { onAbort } from '../../Shared/OnAbort.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';

/** Time after which the answers that are there are used without the slower ones. */
const PATIENCE_MS = 3_000;

export interface TimelyAnswersOptions<T> {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Whether these answers suffice when the time is over. */
  readonly suffice: (answers: readonly T[]) => boolean;
}

/**
 * Asks several peers at once. Resolves with all answers, or after PATIENCE_MS with those that are there, as soon as they
 * suffice: the slowest peer delays nobody. A peer that fails gives no answer.
 * @param ask - must end soon after its signal aborts
 * @returns also the number of peers that were too slow
 * @throws ShoalError CANCELLED
 */
export function timelyAnswers<P, T>(
  peers: readonly P[],
  ask: (peer: P, signal: AbortSignal) => Promise<T>,
  { clock, signal, suffice }: TimelyAnswersOptions<T>,
): Promise<{ readonly answers: readonly T[]; readonly late: number }> {
  return new Promise((resolve, reject) => {
    const asking = new AbortController();
    /** By the order of the peers. */
    const answers = new Map<number, T>();
    let pending = peers.length;
    let hurried = false;
    const end = () => {
      stopListening();
      cancelTimer();
      asking.abort();
    };
    const finish = () => {
      const given = [...answers].toSorted(([one], [other]) => one - other).map(([, answer]) => answer);
      if (pending > 0 && !(hurried && suffice(given))) return;
      end();
      resolve({ answers: given, late: pending });
    };
    const stopListening = onAbort(signal, () => {
      end();
      reject(new ShoalError('CANCELLED', 'interrupted'));
    });
    const cancelTimer = clock.after(PATIENCE_MS, () => {
      hurried = true;
      finish();
    });
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
          pending--;
          finish();
        });
    }
    finish();
  });
}
