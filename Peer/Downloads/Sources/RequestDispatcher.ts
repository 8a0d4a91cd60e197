import type { PeerId } from '../../../Protocol/Ids.ts';
import { RECEIVE_BUFFERS_BYTES } from '../../../Protocol/Limits.ts';
import { soon } from '../../../Shared/Async/Soon.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import type { FileHolder } from '../../Model.ts';
import { SourceScore } from './SourceScore.ts';

/** Pending bytes of all peers below which requests go out again: several at once, as for the window of each peer. */
const REFILL_BYTES = RECEIVE_BUFFERS_BYTES / 2;

/** A requester of bytes from one peer: a file, or the small files of a folder. */
export interface ChunkRequester {
  /** Number of its download; lower numbers are served first. */
  readonly priority: number;
  /** Alternates with large requesters, so that small files never wait for gigabytes. */
  readonly small: boolean;
  /**
   * Requests one chunk or bundle of at most `roomBytes`, and returns the result. `no room`: the next one is
   * longer.
   */
  requestNext(roomBytes: number, nowMs: number): 'requested' | 'nothing' | 'no room';
  /** Cancels all requests to the peer, because it is silent or banned. */
  cancelRequests(reason: 'silent' | 'banned'): void;
}

/** A peer and its requesters over all downloads. */
export interface SourcePeer {
  /** Latest contact. */
  holder: FileHolder;
  readonly score: SourceScore;
  readonly requesters: Set<ChunkRequester>;
  /** Requesters that may have something to request. */
  readonly ready: Set<ChunkRequester>;
  /** Bytes requested since both a small and a large requester were ready. */
  readonly requestedBytes: { small: number; large: number };
}

/**
 * Shares the request window of each peer among the downloads: in the order of their numbers, with large and small
 * requesters alternating by bytes. Events are batched (`later`), and only peers with events are served.
 *
 * The pending bytes of all peers are limited to RECEIVE_BUFFERS_BYTES. A peer without pending requests may always
 * be asked for one chunk: idle sources are worse than a slightly larger total.
 */
export class RequestDispatcher {
  readonly #clock: Clock;
  readonly #probe: (peer: FileHolder) => void;
  readonly #later: (task: () => void) => void;
  readonly #peers = new Map<PeerId, SourcePeer>();
  readonly #pending = new Set<SourcePeer>();
  /** Peers that wait for room in the total. */
  readonly #starved = new Set<SourcePeer>();
  #inFlight = 0;
  #scheduled = false;

  /** @param probe - checks whether a silent peer is alive and ends its link when it is not */
  constructor(clock: Clock, probe: (peer: FileHolder) => void = () => {}, later = soon) {
    this.#clock = clock;
    this.#probe = probe;
    this.#later = later;
  }

  /** Pending bytes of all peers. */
  get inFlight(): number {
    return this.#inFlight;
  }

  peer(holder: FileHolder): SourcePeer {
    const known = this.#peers.get(holder.peerId);
    if (known !== undefined) {
      known.holder = holder;
      return known;
    }
    const requestedBytes = { small: 0, large: 0 };
    const peer: SourcePeer = {
      holder,
      score: new SourceScore(),
      requesters: new Set<ChunkRequester>(),
      ready: new Set<ChunkRequester>(),
      requestedBytes,
    };
    this.#peers.set(holder.peerId, peer);
    return peer;
  }

  attach(peer: SourcePeer, requester: ChunkRequester): void {
    peer.requesters.add(requester);
    this.wake(peer, requester);
  }

  detach(peer: SourcePeer, requester: ChunkRequester): void {
    peer.requesters.delete(requester);
    peer.ready.delete(requester);
  }

  /** Marks an attached requester as ready. */
  wake(peer: SourcePeer, requester: ChunkRequester): void {
    if (!peer.requesters.has(requester)) return;
    peer.ready.add(requester);
    this.#schedule(peer);
  }

  /** Records a request. The requester then reports `arrived` for its bytes and `ended` once. */
  requested(peer: SourcePeer, bytes: number, small: boolean): void {
    this.#inFlight += bytes;
    peer.requestedBytes[small ? 'small' : 'large'] += bytes;
    peer.score.requested(bytes, this.#clock.nowMs());
  }

  arrived(peer: SourcePeer, bytes: number): void {
    this.#inFlight -= bytes;
    peer.score.arrived(bytes);
    this.#schedule(peer);
  }

  /** @param missing - bytes of the request that did not arrive */
  ended(peer: SourcePeer, missing: number): void {
    this.#inFlight -= missing;
    peer.score.ended(missing, this.#clock.nowMs());
    this.#schedule(peer);
  }

  /** Starts a turn of `bytes` at a peer. Undefined: the turn is unlimited, or the reservation is gone. */
  turn(peer: SourcePeer, bytes: number | undefined): void {
    peer.score.turn(bytes);
    for (const requester of peer.requesters) peer.ready.add(requester);
    this.#schedule(peer);
  }

  /** Detects silent peers and retries after backoffs. Called every TICK_MS while downloads run. */
  tick(): void {
    const nowMs = this.#clock.nowMs();
    for (const peer of this.#peers.values()) {
      if (peer.requesters.size === 0) continue;
      if (peer.score.wantsProbe(nowMs)) this.#probe(peer.holder);
      if (peer.score.turnedSilent(nowMs))
        for (const requester of [...peer.requesters]) requester.cancelRequests('silent');
      for (const requester of peer.requesters) peer.ready.add(requester);
      this.#schedule(peer);
    }
  }

  /** Cancels all requests to a banned peer. */
  ban(peer: SourcePeer): void {
    for (const requester of [...peer.requesters]) requester.cancelRequests('banned');
  }

  #schedule(peer: SourcePeer): void {
    if (peer.ready.size > 0) this.#pending.add(peer);
    if (this.#scheduled || (this.#pending.size === 0 && this.#starved.size === 0)) return;
    this.#scheduled = true;
    this.#later(() => this.#dispatch());
  }

  #dispatch(): void {
    this.#scheduled = false;
    const nowMs = this.#clock.nowMs();
    const peers = new Set([...this.#starved, ...this.#pending]);
    this.#starved.clear();
    this.#pending.clear();
    for (const peer of peers) this.#serve(peer, nowMs);
  }

  #serve(peer: SourcePeer, nowMs: number): void {
    const { score, ready } = peer;
    if (!score.wantsMore(nowMs)) return;
    if (score.open > 0 && this.#inFlight > REFILL_BYTES) {
      this.#starved.add(peer);
      return;
    }
    for (;;) {
      const windowRoom = score.roomBytes(nowMs);
      if (windowRoom <= 0) return;
      const requester = nextRequester(peer);
      if (requester === undefined) return;
      const room = score.open > 0 ? Math.min(windowRoom, RECEIVE_BUFFERS_BYTES - this.#inFlight) : windowRoom;
      const answer = room <= 0 ? 'no room' : requester.requestNext(room, nowMs);
      if (answer === 'nothing') ready.delete(requester);
      if (answer !== 'no room') continue;
      // The requester stays first until there is room: otherwise small requests would fill every gap before a
      // large chunk.
      if (room < windowRoom) this.#starved.add(peer);
      return;
    }
  }
}

/**
 * Picks the lowest number among the large and among the small requesters, and of these two the kind with fewer
 * bytes.
 */
function nextRequester(peer: SourcePeer): ChunkRequester | undefined {
  let small: ChunkRequester | undefined;
  let large: ChunkRequester | undefined;
  for (const requester of peer.ready) {
    if (requester.small)
      small = small === undefined || requester.priority < small.priority ? requester : small;
    else large = large === undefined || requester.priority < large.priority ? requester : large;
  }
  if (small !== undefined && large !== undefined) {
    return peer.requestedBytes.small <= peer.requestedBytes.large ? small : large;
  }
  peer.requestedBytes.small = 0;
  peer.requestedBytes.large = 0;
  return small ?? large;
}
