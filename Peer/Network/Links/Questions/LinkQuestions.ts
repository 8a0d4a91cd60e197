import { onAbort } from '../../../../Shared/Async/OnAbort.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import { type Answer, type AnswerTo, LinkRequests, type Question, refusal } from './LinkRequests.ts';

const TICK_MS = 1_000;

/** Asks one peer and awaits its answers: clock and promises around LinkRequests. */
export class LinkQuestions {
  readonly #send: (question: Question) => void;
  readonly #clock: Clock;
  readonly #requests = new LinkRequests();
  #cancelTick: (() => void) | undefined;
  #ended: ShoalError | undefined;

  constructor(send: (question: Question) => void, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
  }

  /** @throws ShoalError NOT_FOUND, REFUSED, UNREACHABLE, TIMEOUT, CANCELLED */
  ask<Q extends Question>(question: Q, signal?: AbortSignal): Promise<AnswerTo<Q>> {
    return new Promise((resolve, reject) => {
      const over = signal?.aborted ? new ShoalError('CANCELLED', 'cancelled') : this.#ended;
      if (over !== undefined) {
        reject(over);
        return;
      }
      let stopListening = () => {};
      const numbered = this.#requests.add(question, this.#clock.nowMs(), (answer) => {
        stopListening();
        if (answer instanceof ShoalError) reject(answer);
        else if (answer.type === 'refused') reject(refusal(answer.code));
        else resolve(answer as AnswerTo<Q>);
      });
      if (signal !== undefined) {
        stopListening = onAbort(signal, () => {
          this.#requests.drop(numbered.requestId);
          reject(new ShoalError('CANCELLED', 'cancelled'));
        });
      }
      this.#send(numbered);
      this.#watch();
    });
  }

  /** See LinkRequests.answer. */
  answer(answer: Answer): boolean {
    return this.#requests.answer(answer);
  }

  /** Repeats all pending questions after the link was replaced. */
  repeat(): void {
    for (const question of this.#requests.questions) this.#send(question);
  }

  /** Fails all questions: the peer is gone. */
  end(reason: ShoalError): void {
    this.#ended = reason;
    this.#requests.fail(reason);
    this.#cancelTick?.();
  }

  #watch(): void {
    this.#cancelTick ??= this.#clock.after(TICK_MS, () => {
      this.#cancelTick = undefined;
      this.#requests.tick(this.#clock.nowMs());
      if (this.#requests.size > 0) this.#watch();
    });
  }
}
