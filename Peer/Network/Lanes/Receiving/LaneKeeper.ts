import type { ShoalError } from '../../../../Shared/ShoalError.ts';
import { every } from '../../../../Shared/Time/Clock.ts';
import type { RateFlow } from '../Limits/RateFlow.ts';
import type { ChunkReceipt, LaneRequest } from './ChunkReceipt.ts';
import { Lane, type LaneOptions } from './Lane.ts';

/** Options shared by all lanes to a peer. */
export interface LaneKeeperOptions extends Omit<LaneOptions, 'ended' | 'limiter'> {
  /** Opens a flow under the limits for one lane. */
  readonly flow: () => RateFlow;
}

/** Idle time after which a lane is closed. */
const LANE_IDLE_MS = 60_000;
/** Consecutive lanes that broke without delivering a byte, after which the peer counts as gone. */
const FAILURES_MAX = 2;

/** Opens a lane to a peer on demand, reopens it once after a failure, and closes it when idle. */
export class LaneKeeper {
  readonly #options: LaneKeeperOptions;
  readonly #gone: (reason: ShoalError) => void;
  #lane: Lane | undefined;
  #failures = 0;
  #stopIdling: (() => void) | undefined;

  /** @param gone - called when no lane can be opened, or after a protocol violation by the remote side */
  constructor(options: LaneKeeperOptions, gone: (reason: ShoalError) => void) {
    this.#options = options;
    this.#gone = gone;
  }

  /** Whether a lane is open or opening. It closes when idle. */
  get isOpen(): boolean {
    return this.#lane !== undefined;
  }

  /** See Source.lane. */
  get state(): 'opening' | 'open' | undefined {
    if (this.#lane === undefined) return undefined;
    return this.#lane.isConnected ? 'open' : 'opening';
  }

  request(order: LaneRequest): ChunkReceipt {
    this.#lane ??= this.#open();
    return this.#lane.request(order);
  }

  /** See Lane.withdraw. */
  withdraw(receipt: ChunkReceipt): void {
    if (this.#lane === undefined) receipt.end({ kind: 'rejected', code: 'cancelled' });
    else this.#lane.withdraw(receipt);
  }

  /** Keeps a place in the remote queue until a turn is granted or the lane is gone. */
  lineUp(): void {
    this.#lane ??= this.#open();
    this.#lane.lineUp();
  }

  cancel(receipt: ChunkReceipt): void {
    if (this.#lane === undefined) receipt.end({ kind: 'cancelled' });
    else this.#lane.cancel(receipt);
  }

  /** Cancels a request with the outcome `lost`. */
  drop(receipt: ChunkReceipt, reason: ShoalError): void {
    if (this.#lane === undefined) receipt.end({ kind: 'lost', reason });
    else this.#lane.cancel(receipt, { kind: 'lost', reason });
  }

  /** Ends open requests as `lost`. The next request opens a new lane. */
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
