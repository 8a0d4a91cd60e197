import type { PeerId } from '../../../Protocol/Ids.ts';
import {
  SLOT_BYTES,
  SMALL_UPLOAD_BYTES,
  SMALL_UPLOAD_SLOTS,
  TURN_UNLIMITED,
  UPLOAD_SLOTS,
} from '../../../Protocol/Limits.ts';

/** Most slots added while the pipe is not full. */
const EXTRA_SLOTS_MAX = 24;
/** A limit counts as reached from this share on. */
const FULL_RATIO = 0.9;
/** A slot was worth it when the rate grew by this much. */
const GROWTH_RATIO = 1.05;
/** Who waits waits about so long at most, or for SLOT_BYTES: a turn costs messages and a round trip, so that fast ones should be long. */
const WAIT_SECONDS = 0.5;

interface Client {
  /** Bytes it waits for, all its requests together. */
  demand: number;
  slot: 'large' | 'small' | undefined;
  /** Bytes served in this turn. */
  turnBytes: number;
  /** All bytes served, and what those who came before had then: who has least is next. */
  bytes: number;
}

/**
 * Who is served now, and who is next. A slot belongs to a peer, not to a file, and passes on when others wait, after 16 MiB, or what is
 * sent in half a second if that is more, divided by their number, so that nobody waits for much more than that; next is who has had the
 * fewest bytes, so that peers who want all the time get equal bytes whatever the size of their chunks and the speed of their
 * connection. Extra small slots serve what fits in 512 KiB, so that a picture need not wait for films.
 */
export class UploadSlots {
  readonly #heldOf: (peer: PeerId) => number;
  readonly #clients = new Map<PeerId, Client>();
  #queue: PeerId[] = [];
  #extra = 0;
  #rateBefore = 0;
  /** Bytes sent in the last second. */
  #rate = 0;
  readonly #used = { large: 0, small: 0 };

  /** @param heldOf - how much a peer has of what it fetches: of those with equally many bytes from us, who has least is next */
  constructor(heldOf: (peer: PeerId) => number = () => 0) {
    this.#heldOf = heldOf;
  }

  /** Large slots there are now. */
  get slots(): number {
    return UPLOAD_SLOTS + this.#extra;
  }

  get serving(): readonly PeerId[] {
    return [...this.#clients].filter(([, client]) => client.slot !== undefined).map(([peer]) => peer);
  }

  get waiting(): readonly PeerId[] {
    return this.#queue;
  }

  isServing(peer: PeerId): boolean {
    return this.#clients.get(peer)?.slot !== undefined;
  }

  /** What a peer waits for now, in bytes; 0 gives its slot or its place back. */
  setDemand(peer: PeerId, bytes: number): void {
    const client = this.#clients.get(peer);
    if (bytes <= 0) {
      if (client !== undefined) this.#forget(peer, client);
    } else if (client !== undefined) {
      client.demand = bytes;
    } else {
      this.#clients.set(peer, { demand: bytes, slot: undefined, turnBytes: 0, bytes: this.#entryBytes() });
      this.#line(peer);
    }
    this.#assign();
  }

  served(peer: PeerId, bytes: number): void {
    const client = this.#clients.get(peer);
    if (client === undefined) return;
    client.turnBytes += bytes;
    client.bytes += bytes;
  }

  /** Bytes that a turn lasts now. */
  get turnBytes(): number {
    if (this.#queue.length === 0) return TURN_UNLIMITED;
    return Math.ceil(Math.max(SLOT_BYTES, this.#rate * WAIT_SECONDS) / this.#queue.length);
  }

  /** A chunk is whole: the moment at which a slot may pass on. Returns whether the peer still has one. */
  turn(peer: PeerId): boolean {
    const client = this.#clients.get(peer);
    if (client?.slot === undefined) return false;
    const quota = client.slot === 'small' ? SMALL_UPLOAD_BYTES : this.turnBytes;
    if (client.turnBytes < quota || !this.#wanted(peer, client.slot)) return true;
    this.#release(client);
    this.#line(peer);
    this.#assign();
    return client.slot !== undefined;
  }

  /** It does not take what it is sent: its slot passes on at once when others wait, and it lines up behind them. */
  passOn(peer: PeerId): void {
    const client = this.#clients.get(peer);
    const last = this.#queue.at(-1);
    if (client?.slot === undefined || last === undefined) return;
    this.#release(client);
    client.bytes = Math.max(client.bytes, this.#bytesOf(last));
    this.#line(peer);
    this.#assign();
  }

  /** Place in the queue, 1 for the next; 0: it is served, or wants nothing. */
  placeOf(peer: PeerId): number {
    return this.#queue.indexOf(peer) + 1;
  }

  /**
   * Called once a second with what was sent in it: one more slot while others wait and the pipe is not full. Under a
   * limit that shows by itself; without one a slot that brought no more bytes is taken as the sign of a full pipe.
   */
  pace(bytesPerSecond: number, limit: number | undefined): void {
    this.#rate = bytesPerSecond;
    if (this.#queue.length === 0) {
      // Who has a slot keeps it for its turn.
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

  /** Whether somebody waits who should have the slot instead. */
  #wanted(owner: PeerId, slot: 'large' | 'small'): boolean {
    if (slot === 'large' || !this.#isSmall(owner)) return this.#queue.length > 0;
    return this.#queue.some((peer) => this.#isSmall(peer));
  }

  /** Where a newcomer starts: behind those who wait, level with those who are served. */
  #entryBytes(): number {
    const last = this.#queue.at(-1);
    if (last !== undefined) return this.#bytesOf(last);
    const served = [...this.#clients.values()].map(({ bytes }) => bytes);
    return served.length === 0 ? 0 : Math.min(...served);
  }

  #bytesOf(peer: PeerId): number {
    return this.#clients.get(peer)?.bytes ?? 0;
  }

  /** Takes its place in the queue: behind all who had fewer bytes, or as few and have no more of what they fetch. */
  #line(peer: PeerId): void {
    const [bytes, held] = [this.#bytesOf(peer), this.#heldOf(peer)];
    const before = this.#queue.findLastIndex((other) => {
      const otherBytes = this.#bytesOf(other);
      return otherBytes < bytes || (otherBytes === bytes && this.#heldOf(other) <= held);
    });
    this.#queue.splice(before + 1, 0, peer);
  }

  #isSmall(peer: PeerId): boolean {
    return (this.#clients.get(peer)?.demand ?? Number.POSITIVE_INFINITY) <= SMALL_UPLOAD_BYTES;
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

  #give(peer: PeerId, slot: 'large' | 'small'): void {
    const client = this.#clients.get(peer);
    if (client === undefined) throw new RangeError('somebody unknown waits for a slot');
    client.slot = slot;
    client.turnBytes = 0;
    this.#used[slot]++;
  }

  #release(client: Client): void {
    if (client.slot !== undefined) this.#used[client.slot]--;
    client.slot = undefined;
  }

  #forget(peer: PeerId, client: Client): void {
    this.#release(client);
    this.#clients.delete(peer);
    this.#queue = this.#queue.filter((other) => other !== peer);
  }
}
