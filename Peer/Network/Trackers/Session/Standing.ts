import type { InstanceId } from '../../../../Protocol/Ids.ts';
import type { RefusalReason, ReplyOf } from '../../../../Protocol/TrackerMessages.ts';
import { formatAddress } from '../../../../Shared/Network/Address.ts';
import type { SessionState } from './SessionTypes.ts';

/** This peer's registration state at one tracker: the last answers, and whether the tracker still responds. */
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

  /** Why the tracker is not connected; safe to print. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Reason of the last refused heartbeat. */
  get refusal(): RefusalReason | undefined {
    return this.#refusal;
  }

  /** Last answer to a heartbeat. */
  get alive(): ReplyOf<'alive'> | undefined {
    return this.#alive;
  }

  /** Time of the last answer to a heartbeat. */
  get aliveMs(): number {
    return this.#aliveMs;
  }

  /** Time of the last reply of any kind. */
  get lastReplyMs(): number {
    return this.#lastReplyMs;
  }

  get instanceId(): InstanceId | undefined {
    return this.#alive?.trackerInstance;
  }

  /** Connected, and registered as far as the tracker has reported. */
  get registered(): boolean {
    return this.#state === 'connected' && this.#registered;
  }

  replied(nowMs: number): void {
    this.#lastReplyMs = nowMs;
  }

  /** @returns whether the tracker names a cluster, and other members of it than before */
  heartbeatAnswered(reply: ReplyOf<'alive'>, nowMs: number): boolean {
    const isNamed = reply.cluster !== undefined && clusterText(reply) !== clusterText(this.#alive);
    this.#state = 'connected';
    this.#registered = true;
    this.#reason = undefined;
    this.#refusal = undefined;
    this.#alive = reply;
    this.#aliveMs = nowMs;
    return isNamed;
  }

  unregistered(): void {
    this.#registered = false;
  }

  /** @param refusal - undefined: the tracker is silent */
  lost(reason: string, refusal: RefusalReason | undefined): void {
    this.#state = 'lost';
    this.#reason = reason;
    this.#refusal = refusal;
  }
}

function clusterText(reply: ReplyOf<'alive'> | undefined): string {
  return [reply?.cluster ?? '', ...(reply?.trackers ?? []).map(formatAddress)].join(' ');
}
