import type { NetworkClass } from '../../../Shared/Address.ts';

/** Who waits for bytes. */
export interface Waiting {
  readonly flow: RateFlow;
  /** Its turn by byte-fair order: the lowest goes first. */
  readonly start: number;
  readonly go: () => void;
}

/** What a flow needs of the limits that it shares with others. */
export interface FlowHome {
  /** Undefined: no limit holds for it. */
  rateOf(flow: RateFlow): number | undefined;
  pieceBytesMax(flow: RateFlow): number;
  isReady(flow: RateFlow): boolean;
  /** Bytes have moved: for the meters. */
  moved(flow: RateFlow, bytes: number): void;
  /** Takes bytes off the limits. */
  charge(flow: RateFlow, bytes: number): void;
  wait(flow: RateFlow, go: () => void): void;
  /** It is over: gives back what it had in advance and lets its waiters go. */
  leave(flow: RateFlow): void;
}

/** One lane's share of the limits of one direction: of its class, and of the total. */
export class RateFlow {
  readonly kind: NetworkClass;
  /** Charged so far, as the fair order counts. */
  served = 0;
  /** Charged and not used yet; below zero: used and not charged yet. */
  ahead = 0;
  /** When it last moved or wanted to. */
  activeMs = Number.NEGATIVE_INFINITY;
  readonly #home: FlowHome;
  #closed = false;

  constructor(home: FlowHome, kind: NetworkClass) {
    this.#home = home;
    this.kind = kind;
  }

  /** Bytes a second that it gets at most, alone; undefined: no limit. */
  get rate(): number | undefined {
    return this.#home.rateOf(this);
  }

  /** Most bytes to move at once: 2 MiB, or a few milliseconds' worth under a limit. */
  get pieceBytesMax(): number {
    return this.#home.pieceBytesMax(this);
  }

  /** Whether bytes may move now. */
  get ready(): boolean {
    return this.ahead > 0 || this.rate === undefined || this.#home.isReady(this);
  }

  /** Bytes have moved. */
  spend(bytes: number): void {
    if (this.#closed) return;
    this.#home.moved(this, bytes);
    if (this.rate === undefined) this.ahead = 0;
    else {
      if (this.ahead <= 0 && this.#home.isReady(this)) this.#payTurn();
      this.ahead -= bytes;
    }
  }

  /** Spends as soon as bytes may move; undefined: they were spent at once. */
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

  /** Calls back, later, when a piece may move, which is charged already. */
  whenReady(go: () => void): void {
    this.#home.wait(this, () => {
      this.#payTurn();
      go();
    });
  }

  /** Limits have changed: what was paid, or is owed, by the old ones counts no more. */
  forget(): void {
    this.ahead = 0;
  }

  /** Nothing more moves here. Whoever waits may go. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#home.leave(this);
  }

  /** Pays for what went too far in the last turn, and for a piece: a lane of small frames has as much of a turn as others. */
  #payTurn(): void {
    if (this.rate === undefined || this.#closed) return;
    const piece = this.pieceBytesMax;
    this.#home.charge(this, piece - this.ahead);
    this.ahead = piece;
  }
}
