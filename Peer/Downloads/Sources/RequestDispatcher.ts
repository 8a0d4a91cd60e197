import type { PeerId } from '../../../Protocol/Ids.ts';
import { RECEIVE_BUFFERS_BYTES } from '../../../Protocol/Limits.ts';
import type { Clock } from '../../../Shared/Clock.ts';
import { soon } from '../../../Shared/Soon.ts';
import type { FileHolder } from '../../Model.ts';
import { SourceScore } from './SourceScore.ts';

/** So much is under way from all peers together when they are asked again: several things at once, as each peer's window is filled. */
const REFILL_BYTES = RECEIVE_BUFFERS_BYTES / 2;

/** Somebody who asks one peer for bytes: a file, or the small files of a folder. */
export interface ChunkRequester {
  /** Number of its download: the lower one goes first. */
  readonly priority: number;
  /** Takes its turn beside the large ones, so that it never waits for gigabytes. */
  readonly small: boolean;
  /** Asks for one thing of at most `roomBytes`, and says whether it did. `no room`: it wants more than that. */
  requestNext(roomBytes: number, nowMs: number): 'requested' | 'nothing' | 'no room';
  /** The peer is silent or banned: take everything back that is asked of it. */
  cancelRequests(reason: 'silent' | 'banned'): void;
}

/** A peer that is asked by any number of downloads. */
export interface SourcePeer {
  /** As last heard of. */
  holder: FileHolder;
  readonly score: SourceScore;
  readonly requesters: Set<ChunkRequester>;
  /** Those who may have something to ask. */
  readonly ready: Set<ChunkRequester>;
  /** Bytes asked since both small and large ones wanted something. */
  readonly requestedBytes: { small: number; large: number };
}

/**
 * Shares out each peer's window among the downloads that ask it: in the order of their numbers, large and small ones side by side by
 * bytes. Work happens once per burst of news (`soon`), and only for peers of which there is news.
 *
 * All peers together have at most RECEIVE_BUFFERS_BYTES under way, except that a peer of which nothing is under way may always be
 * asked for one chunk: a chunk arrives in pieces, and idle sources are worse than a few bytes more.
 */
export class RequestDispatcher {
  readonly #clock: Clock;
  readonly #probe: (peer: FileHolder) => void;
  readonly #later: (task: () => void) => void;
  readonly #peers = new Map<PeerId, SourcePeer>();
  readonly #pending = new Set<SourcePeer>();
  /** Those who would ask if all together had room. */
  readonly #starved = new Set<SourcePeer>();
  #inFlight = 0;
  #scheduled = false;

  /** @param probe - finds out whether a quiet peer is still there; ends its link when it is not */
  constructor(clock: Clock, probe: (peer: FileHolder) => void = () => {}, later = soon) {
    this.#clock = clock;
    this.#probe = probe;
    this.#later = later;
  }

  /** Bytes under way from all peers. */
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

  /** An attached requester may have something to ask. */
  wake(peer: SourcePeer, requester: ChunkRequester): void {
    if (!peer.requesters.has(requester)) return;
    peer.ready.add(requester);
    this.#schedule(peer);
  }

  /** An requester has asked for bytes; it owes `arrived` for those that come and one `ended`. */
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

  /** @param missing - bytes of the request that never came */
  ended(peer: SourcePeer, missing: number): void {
    this.#inFlight -= missing;
    peer.score.ended(missing, this.#clock.nowMs());
    this.#schedule(peer);
  }

  /** It is our turn at a peer where a place was kept, to ask for so many bytes; or the place is gone. Undefined: no end is known. */
  turn(peer: SourcePeer, bytes: number | undefined): void {
    peer.score.turn(bytes);
    for (const requester of peer.requesters) peer.ready.add(requester);
    this.#schedule(peer);
  }

  /** To be called about twice a second while downloads run: finds silent peers, and asks again those whose rest is over. */
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

  /** Takes everything back from a peer that was banned. */
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
      // It keeps its turn until there is room: else small things would fill every gap before a large chunk.
      if (room < windowRoom) this.#starved.add(peer);
      return;
    }
  }
}

/** The lowest number of the large and of the small ones, and of these two the kind that got fewer bytes. */
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
