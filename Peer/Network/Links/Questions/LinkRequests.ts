import { LINK_REQUEST_TIMEOUT_MS } from '../../../../Protocol/Limits.ts';
import type { ControlOf } from '../../../../Protocol/PeerMessages.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';

/** Questions over a control link, and the type of each answer unless it is refused. */
interface Questions {
  list: 'listPage';
  describe: 'description';
  laneRequest: 'laneGrant';
  query: 'hits';
  dialLane: 'dialled';
  callPeer: 'dialled';
  testDial: 'dialled';
  relayTo: 'relayGrant';
}
export type Question = { [Q in keyof Questions]: ControlOf<Q> }[keyof Questions];
export type Answer = ControlOf<Questions[keyof Questions] | 'refused'>;
export type AnswerTo<Q extends Question> = ControlOf<Questions[Q['type']]>;

const ANSWER_TYPE: { readonly [Q in keyof Questions]: Questions[Q] } = {
  list: 'listPage',
  describe: 'description',
  laneRequest: 'laneGrant',
  query: 'hits',
  dialLane: 'dialled',
  callPeer: 'dialled',
  testDial: 'dialled',
  relayTo: 'relayGrant',
};

interface Open {
  readonly question: Question;
  readonly deadlineMs: number;
  readonly settle: (answer: Answer | ShoalError) => void;
}

/** Pending questions to one peer, matched to answers by request id. They survive a replaced link. */
export class LinkRequests {
  readonly #open = new Map<number, Open>();
  #nextId = 1;

  get size(): number {
    return this.#open.size;
  }

  /** All pending questions. */
  get questions(): readonly Question[] {
    return [...this.#open.values()].map(({ question }) => question);
  }

  /** Assigns a request id and registers the question. `settle` is called once. */
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

  /** Returns false for an answer of the wrong type. An answer to a forgotten question is ignored. */
  answer(answer: Answer): boolean {
    const open = this.#open.get(answer.requestId);
    if (open === undefined) return true;
    if (answer.type !== 'refused' && answer.type !== ANSWER_TYPE[open.question.type]) return false;
    this.#open.delete(answer.requestId);
    open.settle(answer);
    return true;
  }

  /** Fails questions past their deadline. */
  tick(nowMs: number): void {
    for (const [id, open] of this.#open) {
      if (open.deadlineMs > nowMs) continue;
      this.#open.delete(id);
      open.settle(new ShoalError('TIMEOUT', 'the peer did not answer in time'));
    }
  }

  /** Fails all questions. */
  fail(reason: ShoalError): void {
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const { settle } of open) settle(reason);
  }
}

/** Translates a refusal code. */
export function refusal(code: ControlOf<'refused'>['code']): ShoalError {
  if (code === 'not-found') return new ShoalError('NOT_FOUND', 'the peer does not have the file');
  if (code === 'changed') return new ShoalError('NOT_FOUND', 'the file was changed at the peer');
  return new ShoalError('REFUSED', `the peer refused (${code})`);
}
