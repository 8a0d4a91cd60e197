import { PIECE_BYTES_MAX } from '../../../../Protocol/Limits.ts';
import type { NetworkClass } from '../../../../Shared/Network/Address.ts';

/** A flow that waits for bytes. */
export interface Waiter {
  readonly flow: RateFlow;
  /** Start tag of fair queueing: the lowest goes first. */
  readonly start: number;
  readonly go: () => void;
}

/** The limits of one direction, as seen by a flow. */
export interface FlowLimits {
  /** No scope has a limit: the usual case, which is to cost little. */
  readonly unlimited: boolean;
  /** Undefined: unlimited. */
  rateOf(flow: RateFlow): number | undefined;
  pieceBytesMax(flow: RateFlow): number;
  isReady(flow: RateFlow): boolean;
  /** Meters bytes that have moved. */
  moved(flow: RateFlow, bytes: number): void;
  /** Charges bytes to the limits. */
  charge(flow: RateFlow, bytes: number): void;
  wait(flow: RateFlow, go: () => void): void;
  /** Refunds the unused advance of a closed flow and releases its waiters. */
  leave(flow: RateFlow): void;
}

/** One lane's share of the limits of one direction: that of its network class, and the total. */
export class RateFlow {
  readonly kind: NetworkClass;
  /** Bytes charged so far, as fair queueing counts them. */
  served = 0;
  /** Bytes charged and not used yet; negative: used and not charged yet. */
  ahead = 0;
  /** Time of the last transfer or request. */
  activeMs = Number.NEGATIVE_INFINITY;
  readonly #limits: FlowLimits;
  #closed = false;

  constructor(limits: FlowLimits, kind: NetworkClass) {
    this.#limits = limits;
    this.kind = kind;
  }

  /** Upper bound in bytes per second for this flow alone; undefined: unlimited. */
  get rate(): number | undefined {
    return this.#limits.unlimited ? undefined : this.#limits.rateOf(this);
  }

  /** Largest piece to move at once: 2 MiB, or a few milliseconds' worth under a limit. */
  get pieceBytesMax(): number {
    return this.#limits.unlimited ? PIECE_BYTES_MAX : this.#limits.pieceBytesMax(this);
  }

  /** Whether bytes may move now. */
  get ready(): boolean {
    return this.#limits.unlimited || this.ahead > 0 || this.rate === undefined || this.#limits.isReady(this);
  }

  /** Records bytes that have moved. */
  spend(bytes: number): void {
    if (this.#closed) return;
    this.#limits.moved(this, bytes);
    if (this.rate === undefined) this.ahead = 0;
    else {
      if (this.ahead <= 0 && this.#limits.isReady(this)) this.#chargePiece();
      this.ahead -= bytes;
    }
  }

  /** Spends bytes as soon as the limits allow; returns undefined when that was at once. */
  take(bytes: number): Promise<void> | undefined {
    if (this.ready) {
      this.spend(bytes);
      return undefined;
    }
    return new Promise((resolve) => {
      this.whenReady(() => {
        this.spend(bytes);
        resolve();
      });
    });
  }

  /** Calls back, asynchronously, when a piece may move; the piece is charged already. */
  whenReady(go: () => void): void {
    this.#limits.wait(this, () => {
      this.#chargePiece();
      go();
    });
  }

  /** Resets advance and debt after a change of limits. */
  forget(): void {
    this.ahead = 0;
  }

  /** Ends the flow and releases its waiters. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#limits.leave(this);
  }

  /**
   * Charges the overdraft of the last round and one piece in advance, so that a lane of small frames gets an equal
   * share.
   */
  #chargePiece(): void {
    if (this.rate === undefined || this.#closed) return;
    const piece = this.pieceBytesMax;
    this.#limits.charge(this, piece - this.ahead);
    this.ahead = piece;
  }
}
