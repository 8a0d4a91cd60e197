import type { InstanceId, PeerId } from '../Protocol/Ids.ts';
import {
  HEARTBEAT_GRACE_MS,
  HEARTBEAT_MAX_MS,
  HEARTBEAT_MS,
  HEARTBEAT_PEERS,
  HEARTBEATS_MISSED,
  PEERS_MAX,
  PEERS_PER_ADDRESS_MAX,
} from '../Protocol/Limits.ts';
import type { RefusalReason, RequestOf } from '../Protocol/TrackerMessages.ts';
import { type Address, formatAddress, isLoopback } from '../Shared/Address.ts';
import { EXPIRY_STEP_MS, ExpiryWheel } from './ExpiryWheel.ts';
import { fullBucket, type TokenBucket } from './TokenBucket.ts';

/** A peer that is alive, and what its last heartbeat said. */
export interface RegisteredPeer {
  /** Its place: a small number that nobody else has while it lives. */
  readonly place: number;
  readonly peerId: PeerId;
  instanceId: InstanceId;
  /** Where its datagrams come from: the host also for its TCP port. */
  udp: Address;
  port: number;
  name: string;
  files: number;
  bytes: number;
  uploads: number;
  queryToken: string;
  /** Publishes nothing and is asked by relay. */
  unlisted: boolean;
  catalogVersion: number;
  /** Forgotten at this moment; a whole number of EXPIRY_STEP_MS. */
  deadlineMs: number;
  /** A connection id it has shown, and until when that needs no second look. */
  cookie: string;
  cookieUntilMs: number;
  readonly requests: TokenBucket;
  readonly searches: TokenBucket;
  readonly pages: TokenBucket;
}

export type HeartbeatOutcome =
  /** `restarted`: the same peer, started anew; what it shared before counts no more. */
  | { readonly kind: 'joined' | 'restarted' | 'alive'; readonly peer: RegisteredPeer }
  | { readonly kind: 'refused'; readonly reason: RefusalReason };

/** Who is alive. Soft state: it fills itself again from heartbeats after a restart of the tracker. */
export class PeerRegistry {
  readonly #peersMax: number;
  readonly #byId = new Map<PeerId, RegisteredPeer>();
  readonly #byUdp = new Map<string, RegisteredPeer>();
  readonly #perHost = new Map<string, number>();
  readonly #byPlace: (RegisteredPeer | undefined)[] = [];
  readonly #freePlaces: number[] = [];
  readonly #wheel = new ExpiryWheel<RegisteredPeer>((peer) =>
    this.#byPlace[peer.place] === peer ? peer.deadlineMs : undefined,
  );

  constructor(peersMax = PEERS_MAX) {
    this.#peersMax = peersMax;
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: PeerId): RegisteredPeer | undefined {
    return this.#byId.get(id);
  }

  at(place: number): RegisteredPeer | undefined {
    return this.#byPlace[place];
  }

  /** TCP ports of the peers at this host. */
  portsAt(host: string): Set<number> {
    const ports = new Set<number>();
    if (!this.#perHost.has(host)) return ports;
    for (const peer of this.#byId.values()) if (peer.udp.host === host) ports.add(peer.port);
    return ports;
  }

  /** The peer whose datagrams come from this very address. */
  from(udp: Address): RegisteredPeer | undefined {
    return this.#byUdp.get(formatAddress(udp));
  }

  /** When the next heartbeat of everybody is due: grows with the crowd, so that the tracker's load does not. */
  intervalMs(): number {
    const grown = Math.ceil((HEARTBEAT_MS * this.size) / HEARTBEAT_PEERS);
    return Math.min(Math.max(grown, HEARTBEAT_MS), HEARTBEAT_MAX_MS);
  }

  /**
   * "Still here", or the JOIN. A newer instance of a known peer replaces the old one when it comes from the same host;
   * from another host the peer must first have fallen silent, so that nobody takes over a living peer.
   */
  heartbeat(beat: RequestOf<'heartbeat'>, from: Address, nowMs: number): HeartbeatOutcome {
    const known = this.#byId.get(beat.peerId);
    if (known === undefined) return this.#join(beat, from, nowMs);
    if (known.udp.host !== from.host || beat.instanceId < known.instanceId) {
      return { kind: 'refused', reason: 'wrong-owner' };
    }
    const restarted = beat.instanceId > known.instanceId;
    if (known.udp.port !== from.port) this.#leaveAddress(known);
    known.udp = from;
    this.#byUdp.set(formatAddress(from), known);
    this.#listen(known, beat, nowMs);
    return { kind: restarted ? 'restarted' : 'alive', peer: known };
  }

  /** The peer itself, if that is who asks. */
  owned(id: PeerId, instance: InstanceId, from: Address): RegisteredPeer | RefusalReason {
    const peer = this.#byId.get(id);
    if (peer === undefined) return 'unknown-peer';
    return peer.instanceId === instance && peer.udp.host === from.host ? peer : 'wrong-owner';
  }

  remove(peer: RegisteredPeer): void {
    this.#byId.delete(peer.peerId);
    this.#leaveAddress(peer);
    const others = (this.#perHost.get(peer.udp.host) ?? 1) - 1;
    if (others === 0) this.#perHost.delete(peer.udp.host);
    else this.#perHost.set(peer.udp.host, others);
    this.#byPlace[peer.place] = undefined;
    this.#freePlaces.push(peer.place);
  }

  /** Removes and returns everybody who has been silent for too long. */
  expire(nowMs: number): RegisteredPeer[] {
    const silent = this.#wheel.due(nowMs);
    for (const peer of silent) this.remove(peer);
    return silent;
  }

  /** The living from place `cursor` on. Who stays is met exactly once, whoever comes and goes meanwhile. */
  *startingAt(cursor: number): Generator<RegisteredPeer> {
    for (let place = cursor; place < this.#byPlace.length; place++) {
      const peer = this.#byPlace[place];
      if (peer !== undefined) yield peer;
    }
  }

  #join(beat: RequestOf<'heartbeat'>, from: Address, nowMs: number): HeartbeatOutcome {
    const neighbours = this.#perHost.get(from.host) ?? 0;
    const crowded = neighbours >= PEERS_PER_ADDRESS_MAX && !isLoopback(from.host);
    if (crowded || this.size >= this.#peersMax) return { kind: 'refused', reason: 'full' };
    const peer: RegisteredPeer = {
      place: this.#freePlaces.pop() ?? this.#byPlace.length,
      peerId: beat.peerId,
      instanceId: beat.instanceId,
      udp: from,
      port: beat.port,
      name: beat.name,
      files: 0,
      bytes: 0,
      uploads: 0,
      queryToken: beat.queryToken,
      unlisted: beat.unlisted,
      catalogVersion: 0,
      deadlineMs: 0,
      cookie: '',
      cookieUntilMs: 0,
      requests: fullBucket(nowMs),
      searches: fullBucket(nowMs),
      pages: fullBucket(nowMs),
    };
    this.#byId.set(peer.peerId, peer);
    this.#byUdp.set(formatAddress(from), peer);
    this.#byPlace[peer.place] = peer;
    this.#perHost.set(from.host, neighbours + 1);
    this.#listen(peer, beat, nowMs);
    this.#wheel.add(peer);
    return { kind: 'joined', peer };
  }

  #listen(peer: RegisteredPeer, beat: RequestOf<'heartbeat'>, nowMs: number): void {
    peer.instanceId = beat.instanceId;
    peer.port = beat.port;
    peer.name = beat.name;
    peer.files = beat.files;
    peer.bytes = beat.bytes;
    peer.uploads = beat.uploads;
    peer.queryToken = beat.queryToken;
    peer.unlisted = beat.unlisted;
    peer.catalogVersion = beat.catalogVersion;
    const deadline = nowMs + HEARTBEATS_MISSED * this.intervalMs() + HEARTBEAT_GRACE_MS;
    peer.deadlineMs = Math.ceil(deadline / EXPIRY_STEP_MS) * EXPIRY_STEP_MS;
  }

  #leaveAddress(peer: RegisteredPeer): void {
    const address = formatAddress(peer.udp);
    if (this.#byUdp.get(address) === peer) this.#byUdp.delete(address);
  }
}

/** A peer as notes name it; the name is as it came. */
export function labelOf(peer: RegisteredPeer): string {
  return `"${peer.name}" ${formatAddress({ host: peer.udp.host, port: peer.port })} ${peer.peerId.slice(0, 8)}`;
}
