import { every } from '../../../Shared/Clock.ts';
import type { ShoalError } from '../../../Shared/ShoalError.ts';
import type { ChunkOrder, ChunkReceipt } from './ChunkReceipt.ts';
import { Lane, type LaneOptions } from './Lane.ts';
import type { RateFlow } from './RateFlow.ts';

/** What all lanes of a peer have in common. */
export interface LaneKeeperOptions extends Omit<LaneOptions, 'ended' | 'limiter'> {
  /** A share of the limits for one lane. */
  readonly flow: () => RateFlow;
}

/** A lane without requests is closed after this. */
const LANE_IDLE_MS = 60_000;
/** Lanes that broke one after the other, without bringing anything, until the peer counts as gone. */
const FAILURES_MAX = 2;

/** Opens a lane to one peer when one is needed, once more after it broke, and closes it when it is idle. */
export class LaneKeeper {
  readonly #options: LaneKeeperOptions;
  readonly #gone: (reason: ShoalError) => void;
  #lane: Lane | undefined;
  #failures = 0;
  #stopIdling: (() => void) | undefined;

  /** @param gone - the lane cannot be had, or the other side broke the protocol */
  constructor(options: LaneKeeperOptions, gone: (reason: ShoalError) => void) {
    this.#options = options;
    this.#gone = gone;
  }

  request(order: ChunkOrder): ChunkReceipt {
    this.#lane ??= this.#open();
    return this.#lane.request(order);
  }

  /** As Lane.withdraw. */
  withdraw(receipt: ChunkReceipt): void {
    if (this.#lane === undefined) receipt.end({ kind: 'rejected', code: 'cancelled' });
    else this.#lane.withdraw(receipt);
  }

  /** Keeps a place in the other side's queue until it tells that it is our turn, or the lane is gone. */
  lineUp(): void {
    this.#lane ??= this.#open();
    this.#lane.lineUp();
  }

  cancel(receipt: ChunkReceipt): void {
    if (this.#lane === undefined) receipt.end({ kind: 'cancelled' });
    else this.#lane.cancel(receipt);
  }

  /** Ends a request as `lost` and tells the other side that it is not wanted. */
  drop(receipt: ChunkReceipt, reason: ShoalError): void {
    if (this.#lane === undefined) receipt.end({ kind: 'lost', reason });
    else this.#lane.cancel(receipt, { kind: 'lost', reason });
  }

  /** Open requests end as `lost`. The next request opens a lane again. */
  close(reason?: ShoalError): void {
    const lane = this.#lane;
    this.#forget();
    lane?.close(reason);
  }

  #open(): Lane {
    const lane: Lane = new Lane({
      ...this.#options,
      limiter: this.#options.flow(),
      received: (bytes) => {
        this.#failures = 0;
        this.#options.received(bytes);
      },
      ended: (reason, lost) => this.#ended(lane, reason, lost),
    });
    this.#stopIdling = every(this.#options.clock, LANE_IDLE_MS / 2, () => {
      if (lane.idleMs >= LANE_IDLE_MS) this.close();
    });
    lane.start();
    return lane;
  }

  #ended(lane: Lane, reason: ShoalError | undefined, lost: number): void {
    if (this.#lane !== lane) return;
    this.#forget();
    if (reason === undefined) return;
    if (lost > 0) this.#failures++;
    if (reason.code === 'BAD_FRAME' || this.#failures >= FAILURES_MAX) this.#gone(reason);
  }

  #forget(): void {
    this.#stopIdling?.();
    this.#stopIdling = undefined;
    this.#lane = undefined;
  }
}
