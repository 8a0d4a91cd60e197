import type { PeerId } from '../../../../Protocol/Ids.ts';
import { BoundedMap } from '../../../../Shared/BoundedMap.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import { fullBucket, type Rate, takeToken } from '../../../../Shared/Time/TokenBucket.ts';

/** Time for which a call is not repeated. */
const REPEAT_MS = 5_000;
/** Peers whose last call is remembered. Beyond this the oldest is evicted. */
const CALLS_MAX = 1_024;
/** Linked peers that are asked to pass on one call when no tracker does. */
const FANOUT = 8;
/** Dials caused by the calls of others. */
const CALLED_RATE: Rate = { burst: 32, perSecond: 4 };

/** A linked peer that may pass a call on. */
export interface CallHelper {
  readonly dials: { readonly acceptsDialBack: boolean; callPeer(peerId: PeerId): Promise<void> };
}

export interface CallsOptions {
  readonly clock: Clock;
  readonly linked: () => readonly CallHelper[];
  /** Passes a call on by a tracker. Undefined: there is none. @throws ShoalError */
  readonly byTracker: ((peerId: PeerId) => Promise<void>) | undefined;
}

/**
 * Calls: requests that a peer dials us because we cannot dial it, passed on by a tracker or by a common linked peer.
 */
export class Calls {
  readonly #options: CallsOptions;
  readonly #recent = new BoundedMap<PeerId, { readonly atMs: number; readonly passed: Promise<void> }>(
    CALLS_MAX,
  );
  readonly #called: ReturnType<typeof fullBucket>;

  constructor(options: CallsOptions) {
    this.#options = options;
    this.#called = fullBucket(options.clock.nowMs());
  }

  /** Resolves when the call was passed on. @throws ShoalError NOT_FOUND when nobody is linked to the peer */
  call(peerId: PeerId): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    const last = this.#recent.get(peerId);
    if (last !== undefined && nowMs - last.atMs < REPEAT_MS) return last.passed;
    const passed = this.#pass(peerId);
    passed.catch(() => {}); // The callers handle it.
    this.#recent.set(peerId, { atMs: nowMs, passed });
    return passed;
  }

  /** Whether the peer was called, as far as that is remembered. */
  hasCalled(peerId: PeerId): boolean {
    return this.#recent.has(peerId);
  }

  /** Whether a call of another peer may make us dial now. */
  mayAnswer(): boolean {
    return takeToken(this.#called, CALLED_RATE, this.#options.clock.nowMs());
  }

  /** Forgets past calls after a change of the network. */
  reset(): void {
    this.#recent.clear();
  }

  async #pass(peerId: PeerId): Promise<void> {
    const { byTracker, linked } = this.#options;
    const isPassed = await (byTracker?.(peerId) ?? Promise.reject()).then(
      () => true,
      () => false,
    );
    if (isPassed) return;
    const helpers = linked()
      .filter(({ dials }) => dials.acceptsDialBack)
      .slice(0, FANOUT);
    await Promise.any(helpers.map(({ dials }) => dials.callPeer(peerId))).catch(() => {
      throw new ShoalError('NOT_FOUND', 'no tracker and no linked peer knows that peer');
    });
  }
}
