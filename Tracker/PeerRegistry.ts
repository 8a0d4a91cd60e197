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
import { type Address, isLoopback } from '../Shared/Address.ts';
import { HashTable } from './Catalog/HashTable.ts';
import { KeyedHash } from './Catalog/KeyedHash.ts';
import { ExpiryWheel } from './ExpiryWheel.ts';
import { type HostKey, hostKey } from './HostKey.ts';
import { PeerRecords } from './PeerRecords.ts';
import { RegisteredPeer } from './RegisteredPeer.ts';

/** Tells peer ids and addresses apart from other things under the same key. */
const ID_TAG = 5;
const UDP_TAG = 6;
const ID_BYTES = 32;

export type HeartbeatOutcome =
  /** `restarted`: the same peer, started anew; what it shared before counts no more. */
  | { readonly kind: 'joined' | 'restarted' | 'alive'; readonly peer: RegisteredPeer }
  | { readonly kind: 'refused'; readonly reason: RefusalReason };

/** Who is alive. Soft state: it fills itself again from heartbeats after a restart of the tracker. */
export class PeerRegistry {
  readonly #peersMax: number;
  readonly #hash: KeyedHash;
  readonly #records = new PeerRecords();
  readonly #byId = new HashTable((place) => this.#hashOfId(this.#records.peerId(place)));
  readonly #byUdp = new HashTable((place) => this.#hashOfUdpAt(place));
  readonly #perHost = new Map<HostKey, number>();
  readonly #byPlace: (RegisteredPeer | undefined)[] = [];
  readonly #freePlaces: number[] = [];
  readonly #wheel = new ExpiryWheel<RegisteredPeer>((peer) =>
    this.#byPlace[peer.place] === peer ? peer.deadlineMs : undefined,
  );
  /** What is being looked for in the tables. */
  readonly #wantedId = Buffer.alloc(ID_BYTES);
  #wantedHost: HostKey = '';
  #wantedPort = 0;

  /** @param key - two secret 32-bit numbers, so that nobody can choose what collides in the tables */
  constructor(key: readonly [number, number], peersMax = PEERS_MAX) {
    this.#hash = new KeyedHash(key);
    this.#peersMax = peersMax;
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: PeerId): RegisteredPeer | undefined {
    this.#wantedId.write(id, 'hex');
    return this.at(this.#byId.find(this.#hashOfId(this.#wantedId), this.#hasWantedId));
  }

  at(place: number): RegisteredPeer | undefined {
    return place < 0 ? undefined : this.#byPlace[place];
  }

  /** TCP ports of the peers at this host. */
  portsAt(host: string): Set<number> {
    const ports = new Set<number>();
    if (!this.#perHost.has(hostKey(host))) return ports;
    for (const peer of this.startingAt(0)) if (peer.udp.host === host) ports.add(peer.port);
    return ports;
  }

  /** The peer whose datagrams come from this very address. */
  from(udp: Address): RegisteredPeer | undefined {
    return this.at(this.#placeOf(udp));
  }

  /** When the next heartbeat of everybody is due: grows with the crowd, so that the tracker's load does not. */
  intervalMs(): number {
    const grown = Math.ceil((HEARTBEAT_MS * this.size) / HEARTBEAT_PEERS);
    return Math.min(Math.max(grown, HEARTBEAT_MS), HEARTBEAT_MAX_MS);
  }

  /**
   * "Still here", or the JOIN. A newer instance of a known peer replaces the old one when it comes from the same host;
   * from another host the peer must first have fallen silent, so that nobody takes over a living peer. The peer itself, which
   * shows the token that only it knows, moves at once: its computer has another address.
   */
  heartbeat(beat: RequestOf<'heartbeat'>, from: Address, nowMs: number): HeartbeatOutcome {
    const known = this.get(beat.peerId);
    if (known === undefined) return this.#join(beat, from, nowMs);
    const { instanceId } = known;
    const isElsewhere = known.udp.host !== from.host;
    if (beat.instanceId < instanceId || (isElsewhere && !this.#mayMove(known, beat, from))) {
      return { kind: 'refused', reason: 'wrong-owner' };
    }
    if (isElsewhere) {
      this.#leaveHost(known.udp.host);
      this.#joinHost(from.host);
    }
    this.#settle(known, from);
    this.#records.keep(known.place, beat);
    this.stillThere(known, nowMs);
    return { kind: beat.instanceId > instanceId ? 'restarted' : 'alive', peer: known };
  }

  /** Another heartbeat from the same address that says nothing new. */
  stillThere(peer: RegisteredPeer, nowMs: number): void {
    const deadline = nowMs + HEARTBEATS_MISSED * this.intervalMs() + HEARTBEAT_GRACE_MS;
    this.#records.setDeadline(peer.place, deadline);
  }

  /** The peer itself, if that is who asks. */
  owned(id: PeerId, instance: InstanceId, from: Address): RegisteredPeer | RefusalReason {
    const peer = this.get(id);
    if (peer === undefined) return 'unknown-peer';
    return peer.instanceId === instance && peer.udp.host === from.host ? peer : 'wrong-owner';
  }

  remove(peer: RegisteredPeer): void {
    const { place, udp } = peer;
    this.#byId.remove(place, this.#hashOfId(this.#records.peerId(place)));
    this.#leaveAddress(place);
    this.#leaveHost(udp.host);
    this.#byPlace[place] = undefined;
    this.#freePlaces.push(place);
  }

  /** Removes and returns everybody who has been silent for too long. */
  expire(nowMs: number): readonly RegisteredPeer[] {
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
    const neighbours = this.#neighbours(from.host);
    const isLocal = isLoopback(from.host);
    const crowded = neighbours >= PEERS_PER_ADDRESS_MAX && !isLocal;
    if (crowded || this.size >= this.#peersMax) return { kind: 'refused', reason: 'full' };
    const peer = new RegisteredPeer(this.#freePlaces.pop() ?? this.#byPlace.length, isLocal, this.#records);
    this.#byPlace[peer.place] = peer;
    this.#records.keep(peer.place, beat);
    this.#byId.add(peer.place, this.#hashOfId(this.#records.peerId(peer.place)));
    this.#takeAddress(peer.place, from);
    this.#joinHost(from.host);
    this.stillThere(peer, nowMs);
    this.#wheel.add(peer);
    return { kind: 'joined', peer };
  }

  /** The peer sends from there now. Whoever was known there before is known by its id alone. */
  #mayMove(known: RegisteredPeer, beat: RequestOf<'heartbeat'>, { host }: Address): boolean {
    if (known.isLocal || isLoopback(host)) return false;
    if (this.#neighbours(host) >= PEERS_PER_ADDRESS_MAX) return false;
    return beat.instanceId === known.instanceId && beat.queryToken === known.beat.queryToken;
  }

  /** How many peers are at this host. */
  #neighbours(host: string): number {
    return this.#perHost.get(hostKey(host)) ?? 0;
  }

  #joinHost(host: string): void {
    this.#perHost.set(hostKey(host), this.#neighbours(host) + 1);
  }

  #leaveHost(host: string): void {
    const others = this.#neighbours(host) - 1;
    if (others <= 0) this.#perHost.delete(hostKey(host));
    else this.#perHost.set(hostKey(host), others);
  }

  #settle(peer: RegisteredPeer, udp: Address): void {
    if (this.#placeOf(udp) === peer.place) return;
    this.#leaveAddress(peer.place);
    this.#takeAddress(peer.place, udp);
  }

  #takeAddress(place: number, udp: Address): void {
    const other = this.#placeOf(udp);
    if (other >= 0) this.#leaveAddress(other);
    this.#records.setUdp(place, udp);
    this.#byUdp.add(place, this.#hashOfUdpAt(place));
  }

  #leaveAddress(place: number): void {
    const udp = this.#records.udp(place);
    if (this.#placeOf(udp) === place) this.#byUdp.remove(place, this.#hashOfUdpAt(place));
  }

  #placeOf(udp: Address): number {
    this.#wantedHost = hostKey(udp.host);
    this.#wantedPort = udp.port;
    return this.#byUdp.find(this.#hashOfUdp(this.#wantedHost, udp.port), this.#hasWantedUdp);
  }

  readonly #hasWantedId = (place: number): boolean => this.#records.hasPeerId(place, this.#wantedId);
  readonly #hasWantedUdp = (place: number): boolean =>
    this.#records.udpPort(place) === this.#wantedPort && this.#records.udpHost(place) === this.#wantedHost;

  #hashOfId(id: Buffer): number {
    return this.#hash.start(ID_TAG).bytes(id, 0, ID_BYTES).finish();
  }

  #hashOfUdpAt(place: number): number {
    return this.#hashOfUdp(this.#records.udpHost(place), this.#records.udpPort(place));
  }

  #hashOfUdp(host: HostKey, port: number): number {
    const hash = this.#hash.start(UDP_TAG);
    return (typeof host === 'number' ? hash.word(host) : hash.text(host)).word(port).finish();
  }
}
