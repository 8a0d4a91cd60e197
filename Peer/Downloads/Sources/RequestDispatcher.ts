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
  readonly turn: number;
  /** Takes its turn beside the large ones, so that it never waits for gigabytes. */
  readonly small: boolean;
  /** Asks for one thing of at most `roomBytes`, and says whether it did. `no room`: it wants more than that. */
  ask(roomBytes: number, nowMs: number): 'asked' | 'nothing' | 'no room';
  /** The peer is silent or banned: take everything back that is asked of it. */
  takeBack(reason: 'silent' | 'banned'): void;
}

/** A peer that is asked by any number of downloads. */
export interface SourcePeer {
  /** As last heard of. */
  holder: FileHolder;
  readonly score: SourceScore;
  readonly askers: Set<ChunkRequester>;
  /** Those who may have something to ask. */
  readonly ready: Set<ChunkRequester>;
  /** Bytes asked since both small and large ones wanted something. */
  readonly given: { small: number; large: number };
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
  readonly #soon: (task: () => void) => void;
  readonly #peers = new Map<PeerId, SourcePeer>();
  readonly #news = new Set<SourcePeer>();
  /** Those who would ask if all together had room. */
  readonly #starved = new Set<SourcePeer>();
  #inFlight = 0;
  #scheduled = false;

  /** @param probe - finds out whether a quiet peer is still there; ends its link when it is not */
  constructor(clock: Clock, probe: (peer: FileHolder) => void = () => {}, later = soon) {
    this.#clock = clock;
    this.#probe = probe;
    this.#soon = later;
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
    const given = { small: 0, large: 0 };
    const peer: SourcePeer = {
      holder,
      score: new SourceScore(),
      askers: new Set<ChunkRequester>(),
      ready: new Set<ChunkRequester>(),
      given,
    };
    this.#peers.set(holder.peerId, peer);
    return peer;
  }

  attach(peer: SourcePeer, asker: ChunkRequester): void {
    peer.askers.add(asker);
    this.wake(peer, asker);
  }

  detach(peer: SourcePeer, asker: ChunkRequester): void {
    peer.askers.delete(asker);
    peer.ready.delete(asker);
  }

  /** An attached asker may have something to ask. */
  wake(peer: SourcePeer, asker: ChunkRequester): void {
    if (!peer.askers.has(asker)) return;
    peer.ready.add(asker);
    this.#tell(peer);
  }

  /** An asker has asked for bytes; it owes `arrived` for those that come and one `ended`. */
  asked(peer: SourcePeer, bytes: number, small: boolean): void {
    this.#inFlight += bytes;
    peer.given[small ? 'small' : 'large'] += bytes;
    peer.score.asked(bytes, this.#clock.nowMs());
  }

  arrived(peer: SourcePeer, bytes: number): void {
    this.#inFlight -= bytes;
    peer.score.arrived(bytes);
    this.#tell(peer);
  }

  /** @param missing - bytes of the request that never came */
  ended(peer: SourcePeer, missing: number): void {
    this.#inFlight -= missing;
    peer.score.ended(missing, this.#clock.nowMs());
    this.#tell(peer);
  }

  /** It is our turn at a peer where a place was kept, to ask for so many bytes; or the place is gone. Undefined: no end is known. */
  turn(peer: SourcePeer, bytes: number | undefined): void {
    peer.score.turn(bytes);
    for (const asker of peer.askers) peer.ready.add(asker);
    this.#tell(peer);
  }

  /** To be called about twice a second while downloads run: finds silent peers, and asks again those whose rest is over. */
  tick(): void {
    const nowMs = this.#clock.nowMs();
    for (const peer of this.#peers.values()) {
      if (peer.askers.size === 0) continue;
      if (peer.score.wantsProbe(nowMs)) this.#probe(peer.holder);
      if (peer.score.turnedSilent(nowMs)) for (const asker of [...peer.askers]) asker.takeBack('silent');
      for (const asker of peer.askers) peer.ready.add(asker);
      this.#tell(peer);
    }
  }

  /** Takes everything back from a peer that was banned. */
  ban(peer: SourcePeer): void {
    for (const asker of [...peer.askers]) asker.takeBack('banned');
  }

  #tell(peer: SourcePeer): void {
    if (peer.ready.size > 0) this.#news.add(peer);
    if (this.#scheduled || (this.#news.size === 0 && this.#starved.size === 0)) return;
    this.#scheduled = true;
    this.#soon(() => this.#pump());
  }

  #pump(): void {
    this.#scheduled = false;
    const nowMs = this.#clock.nowMs();
    const peers = new Set([...this.#starved, ...this.#news]);
    this.#starved.clear();
    this.#news.clear();
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
      const window = score.roomBytes(nowMs);
      if (window <= 0) return;
      const asker = nextAsker(peer);
      if (asker === undefined) return;
      const room = score.open > 0 ? Math.min(window, RECEIVE_BUFFERS_BYTES - this.#inFlight) : window;
      const answer = room <= 0 ? 'no room' : asker.ask(room, nowMs);
      if (answer === 'nothing') ready.delete(asker);
      if (answer !== 'no room') continue;
      // It keeps its turn until there is room: else small things would fill every gap before a large chunk.
      if (room < window) this.#starved.add(peer);
      return;
    }
  }
}

/** The lowest number of the large and of the small ones, and of these two the kind that got fewer bytes. */
function nextAsker(peer: SourcePeer): ChunkRequester | undefined {
  let small: ChunkRequester | undefined;
  let large: ChunkRequester | undefined;
  for (const asker of peer.ready) {
    if (asker.small) small = small === undefined || asker.turn < small.turn ? asker : small;
    else large = large === undefined || asker.turn < large.turn ? asker : large;
  }
  if (small !== undefined && large !== undefined) {
    return peer.given.small <= peer.given.large ? small : large;
  }
  peer.given.small = 0;
  peer.given.large = 0;
  return small ?? large;
}
