import { LINK_REQUEST_TIMEOUT_MS } from '../../../Protocol/Limits.ts';
import type { ControlOf } from '../../../Protocol/PeerMessages.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';

/** What is asked over a control link, and the answer each question gets unless it is refused. */
interface Questions {
  list: 'listPage';
  describe: 'description';
  laneRequest: 'laneGrant';
  query: 'hits';
}
export type Question = { [Q in keyof Questions]: ControlOf<Q> }[keyof Questions];
export type Answer = ControlOf<Questions[keyof Questions] | 'refused'>;
export type AnswerTo<Q extends Question> = ControlOf<Questions[Q['type']]>;

const ANSWER_TYPE: { readonly [Q in keyof Questions]: Questions[Q] } = {
  list: 'listPage',
  describe: 'description',
  laneRequest: 'laneGrant',
  query: 'hits',
};

interface Open {
  readonly question: Question;
  readonly deadlineMs: number;
  readonly settle: (answer: Answer | ShoalError) => void;
}

/** Questions to one peer that wait for their answers, found again by number; they move along when the link is replaced. */
export class LinkRequests {
  readonly #open = new Map<number, Open>();
  #nextId = 1;

  get size(): number {
    return this.#open.size;
  }

  /** All that wait, to be sent again on a new link. */
  get questions(): readonly Question[] {
    return [...this.#open.values()].map(({ question }) => question);
  }

  /** Numbers a question (whatever number it has). `settle` is called once. */
  add<Q extends Question>(question: Q, nowMs: number, settle: (answer: Answer | ShoalError) => void): Q {
    const requestId = this.#nextId;
    this.#nextId = (requestId % 0xffff_ffff) + 1;
    const numbered = { ...question, requestId };
    this.#open.set(requestId, { question: numbered, deadlineMs: nowMs + LINK_REQUEST_TIMEOUT_MS, settle });
    return numbered;
  }

  /** Forgets a question; its answer will be ignored. */
  drop(requestId: number): void {
    this.#open.delete(requestId);
  }

  /** False: an answer of the wrong kind. One that nobody waits for any more is ignored. */
  answer(answer: Answer): boolean {
    const open = this.#open.get(answer.requestId);
    if (open === undefined) return true;
    if (answer.type !== 'refused' && answer.type !== ANSWER_TYPE[open.question.type]) return false;
    this.#open.delete(answer.requestId);
    open.settle(answer);
    return true;
  }

  /** Fails what waited too long. */
  tick(nowMs: number): void {
    for (const [id, open] of this.#open) {
      if (open.deadlineMs > nowMs) continue;
      this.#open.delete(id);
      open.settle(new ShoalError('TIMEOUT', 'the peer did not answer in time'));
    }
  }

  /** Fails everything. */
  fail(reason: ShoalError): void {
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const { settle } of open) settle(reason);
  }
}

/** Why a peer refused, as our own error. */
export function refusal(code: ControlOf<'refused'>['code']): ShoalError {
  if (code === 'not-found') return new ShoalError('NOT_FOUND', 'the peer does not have the file');
  if (code === 'changed') return new ShoalError('NOT_FOUND', 'the file has just changed there');
  return new ShoalError('REFUSED', `the peer refused (${code})`);
}
