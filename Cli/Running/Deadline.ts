import type { OneShotAnswer } from '../../Peer/CommandInterface.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';
import { failureAnswer } from './Answers.ts';

/** Longest time that a timer of Node takes, in milliseconds. */
const MS_MAX = 2 ** 31 - 1;
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, '': 1_000, m: 60_000, h: 3_600_000 };

/** The end that `--timeout` sets to a command. Without one there is none. */
export class Deadline {
  /** Undefined: no deadline. */
  readonly ms: number | undefined;
  /** Aborts at the deadline, and with the command. */
  readonly signal: AbortSignal;
  readonly #over: AbortSignal | undefined;
  readonly #text: string;

  /** @param over - aborts at the deadline; replaced in tests @throws ShoalError USAGE */
  constructor(text: string | undefined, signal: AbortSignal, over?: AbortSignal) {
    this.#text = text ?? '';
    this.ms = text === undefined ? undefined : durationMs(text);
    this.#over = over ?? (this.ms === undefined ? undefined : AbortSignal.timeout(this.ms));
    this.signal = this.#over === undefined ? signal : AbortSignal.any([signal, this.#over]);
  }

  /** The answer of a command that the deadline may interrupt anywhere. @throws failures that it did not cause */
  async answerOf(work: Promise<OneShotAnswer>): Promise<OneShotAnswer> {
    try {
      return this.answer(await work);
    } catch (failure) {
      if (this.#over?.aborted !== true) throw failure;
      return this.answer(
        failureAnswer('get', new ShoalError('CANCELLED', 'interrupted', { cause: failure })),
      );
    }
  }

  /** Names the deadline as the cause of an interruption: TIMEOUT, which has an exit code of its own. */
  answer(answer: OneShotAnswer): OneShotAnswer {
    const { error } = answer;
    if (error?.code !== 'CANCELLED' || this.#over?.aborted !== true) return answer;
    const late = new ShoalError('TIMEOUT', `not complete within ${safeText(this.#text)}: ${error.message}`, {
      hint: 'Run the same command again to continue, with a longer --timeout.',
    });
    return failureAnswer('get', late);
  }
}

/** Reads `30s`, `500ms`, `5m`, `2h`, or a number of seconds. @throws ShoalError USAGE */
export function durationMs(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/i.exec(text.trim()) ?? [];
  const ms = number === undefined ? 0 : Number(number) * (UNITS[unit.toLowerCase()] ?? 0);
  if (ms >= 1 && ms <= MS_MAX) return ms;
  throw new ShoalError('USAGE', `--timeout needs a time, not "${safeText(text.slice(0, 40))}"`, {
    hint: 'Write a number and s, m or h: --timeout 30s. At most 500h.',
  });
}
