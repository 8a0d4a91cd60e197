import type { InstanceId } from '../../../Protocol/Ids.ts';
import type { RefusalReason, ReplyOf } from '../../../Protocol/TrackerMessages.ts';
import type { SessionState } from './SessionTypes.ts';

/** How we stand with one tracker: what it last said, and whether it still speaks. */
export class Standing {
  #state: SessionState = 'connecting';
  #reason: string | undefined;
  #refusal: RefusalReason | undefined;
  #alive: ReplyOf<'alive'> | undefined;
  #aliveMs = Number.NEGATIVE_INFINITY;
  #lastReplyMs = Number.NEGATIVE_INFINITY;
  #registered = false;

  get state(): SessionState {
    return this.#state;
  }

  /** Why it is not connected; safe to print. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** What the last heartbeat was refused for. */
  get refusal(): RefusalReason | undefined {
    return this.#refusal;
  }

  /** The last answer to a heartbeat. */
  get alive(): ReplyOf<'alive'> | undefined {
    return this.#alive;
  }

  /** When that came. */
  get aliveMs(): number {
    return this.#aliveMs;
  }

  /** When it last answered anything at all. */
  get lastReplyMs(): number {
    return this.#lastReplyMs;
  }

  get instanceId(): InstanceId | undefined {
    return this.#alive?.trackerInstance;
  }

  /** Connected, and it has not said since that it does not know us. */
  get registered(): boolean {
    return this.#state === 'connected' && this.#registered;
  }

  replied(nowMs: number): void {
    this.#lastReplyMs = nowMs;
  }

  heartbeatAnswered(reply: ReplyOf<'alive'>, nowMs: number): void {
    this.#state = 'connected';
    this.#registered = true;
    this.#reason = undefined;
    this.#refusal = undefined;
    this.#alive = reply;
    this.#aliveMs = nowMs;
  }

  unregistered(): void {
    this.#registered = false;
  }

  /** @param refusal - undefined: it is silent */
  lost(reason: string, refusal: RefusalReason | undefined): void {
    this.#state = 'lost';
    this.#reason = reason;
    this.#refusal = refusal;
  }
}
