import {
  SLOT_BYTES,
  SMALL_UPLOAD_BYTES,
  SMALL_UPLOAD_SLOTS,
  TURN_UNLIMITED,
  UPLOAD_SLOTS,
} from '../../../../Protocol/Limits.ts';

/** Slots added at most while the upload capacity is not used up. */
const EXTRA_SLOTS_MAX = 24;
/** Share of a limit from which it counts as reached. */
const FULL_RATIO = 0.9;
/** Growth in throughput that justifies one more slot. */
const GROWTH_RATIO = 1.05;
/**
 * Upper bound on queueing time. Turns on fast links are longer than SLOT_BYTES because every turn costs a round trip.
 */
const WAIT_SECONDS = 0.5;

interface Leecher {
  /** Bytes of all its pending requests. */
  demand: number;
  slot: 'large' | 'small' | undefined;
  /** Bytes served in this turn. */
  turnBytes: number;
  /** Fair-queueing tag: bytes served, plus the tag of the queue at entry. The lowest is served next. */
  bytes: number;
}

/**
 * Upload slots, and the queue for them. A slot belongs to a client, not to a file. A client is named by its key. It
 * passes on when others wait, after 16 MiB or half a second of throughput (whichever is more), divided by their
 * number. Next is the peer with the fewest bytes, so that busy peers get equal bytes, whatever their chunk size and
 * speed. Extra small slots serve demands up to 512 KiB, so that a picture need not wait for films.
 */
export class UploadSlots {
  readonly #heldOf: (peer: string) => number;
  readonly #leechers = new Map<string, Leecher>();
  #queue: string[] = [];
  #extra = 0;
  #rateBefore = 0;
  /** Bytes sent in the last second. */
  #rate = 0;
  readonly #used = { large: 0, small: 0 };

  /** @param heldOf - chunks a peer has of the file it fetches: breaks ties in bytes, fewest first */
  constructor(heldOf: (peer: string) => number = () => 0) {
    this.#heldOf = heldOf;
  }

  /** Current number of large slots. */
  get slots(): number {
    return UPLOAD_SLOTS + this.#extra;
  }

  get serving(): readonly string[] {
    return [...this.#leechers].filter(([, leecher]) => leecher.slot !== undefined).map(([peer]) => peer);
  }

  get waiting(): readonly string[] {
    return this.#queue;
  }

  isServing(peer: string): boolean {
    return this.#leechers.get(peer)?.slot !== undefined;
  }

  /** Sets a peer's pending bytes; 0 gives up its slot or queue place. */
  setDemand(peer: string, bytes: number): void {
    const leecher = this.#leechers.get(peer);
    if (bytes <= 0) {
      if (leecher !== undefined) this.#forget(peer, leecher);
    } else if (leecher !== undefined) {
      leecher.demand = bytes;
    } else {
      this.#leechers.set(peer, { demand: bytes, slot: undefined, turnBytes: 0, bytes: this.#entryBytes() });
      this.#line(peer);
    }
    this.#assign();
  }

  served(peer: string, bytes: number): void {
    const leecher = this.#leechers.get(peer);
    if (leecher === undefined) return;
    leecher.turnBytes += bytes;
    leecher.bytes += bytes;
  }

  /** Bytes of a turn at present. */
  get turnBytes(): number {
    if (this.#queue.length === 0) return TURN_UNLIMITED;
    return Math.ceil(Math.max(SLOT_BYTES, this.#rate * WAIT_SECONDS) / this.#queue.length);
  }

  /** Ends a turn that has used its bytes. Called after each chunk. Returns whether the peer still has a slot. */
  endTurn(peer: string): boolean {
    const leecher = this.#leechers.get(peer);
    if (leecher?.slot === undefined) return false;
    const quota = leecher.slot === 'small' ? SMALL_UPLOAD_BYTES : this.turnBytes;
    if (leecher.turnBytes < quota || !this.#wanted(peer, leecher.slot)) return true;
    this.#release(leecher);
    this.#line(peer);
    this.#assign();
    return leecher.slot !== undefined;
  }

  /** Takes the slot of a stalled peer if others wait, and queues it last. */
  preempt(peer: string): void {
    const leecher = this.#leechers.get(peer);
    const last = this.#queue.at(-1);
    if (leecher?.slot === undefined || last === undefined) return;
    this.#release(leecher);
    leecher.bytes = Math.max(leecher.bytes, this.#bytesOf(last));
    this.#line(peer);
    this.#assign();
  }

  /** Queue place from 1; 0: being served, or without demand. */
  placeOf(peer: string): number {
    return this.#queue.indexOf(peer) + 1;
  }

  /**
   * Adapts the number of slots once a second: one more while peers wait and capacity is left. Under a limit,
   * throughput shows that; without one, a slot that brought no growth means that capacity is used up.
   */
  pace(bytesPerSecond: number, limit: number | undefined): void {
    this.#rate = bytesPerSecond;
    if (this.#queue.length === 0) {
      // A peer with a slot keeps it for its turn.
      this.#extra = 0;
      return;
    }
    const full =
      limit !== undefined
        ? bytesPerSecond >= limit * FULL_RATIO
        : this.#extra > 0 && bytesPerSecond < this.#rateBefore * GROWTH_RATIO;
    if (full || this.#extra >= EXTRA_SLOTS_MAX) return;
    this.#rateBefore = bytesPerSecond;
    this.#extra++;
    this.#assign();
  }

  /** Whether a waiting peer should have the slot instead. */
  #wanted(owner: string, slot: 'large' | 'small'): boolean {
    if (slot === 'large' || !this.#isSmall(owner)) return this.#queue.length > 0;
    return this.#queue.some((peer) => this.#isSmall(peer));
  }

  /** Tag of a new peer: that of the last in the queue, or the lowest of those being served. */
  #entryBytes(): number {
    const last = this.#queue.at(-1);
    if (last !== undefined) return this.#bytesOf(last);
    const served = [...this.#leechers.values()].map(({ bytes }) => bytes);
    return served.length === 0 ? 0 : Math.min(...served);
  }

  #bytesOf(peer: string): number {
    return this.#leechers.get(peer)?.bytes ?? 0;
  }

  /** Queues a peer behind all with fewer bytes, or with equal bytes and no more chunks. */
  #line(peer: string): void {
    const [bytes, held] = [this.#bytesOf(peer), this.#heldOf(peer)];
    const before = this.#queue.findLastIndex((other) => {
      const otherBytes = this.#bytesOf(other);
      return otherBytes < bytes || (otherBytes === bytes && this.#heldOf(other) <= held);
    });
    this.#queue.splice(before + 1, 0, peer);
  }

  #isSmall(peer: string): boolean {
    return (this.#leechers.get(peer)?.demand ?? Number.POSITIVE_INFINITY) <= SMALL_UPLOAD_BYTES;
  }

  #assign(): void {
    while (this.#used.large < this.slots) {
      const peer = this.#queue.shift();
      if (peer === undefined) return;
      this.#give(peer, 'large');
    }
    while (this.#used.small < SMALL_UPLOAD_SLOTS) {
      const at = this.#queue.findIndex((peer) => this.#isSmall(peer));
      const peer = this.#queue[at];
      if (peer === undefined) return;
      this.#queue.splice(at, 1);
      this.#give(peer, 'small');
    }
  }

  #give(peer: string, slot: 'large' | 'small'): void {
    const leecher = this.#leechers.get(peer);
    if (leecher === undefined) throw new RangeError('somebody unknown waits for a slot');
    leecher.slot = slot;
    leecher.turnBytes = 0;
    this.#used[slot]++;
  }

  #release(leecher: Leecher): void {
    if (leecher.slot !== undefined) this.#used[leecher.slot]--;
    leecher.slot = undefined;
  }

  #forget(peer: string, leecher: Leecher): void {
    this.#release(leecher);
    this.#leechers.delete(peer);
    this.#queue = this.#queue.filter((other) => other !== peer);
  }
}
