import type { PeerId } from '../../Protocol/Ids.ts';
import {
  HEARTBEAT_GRACE_MS,
  HEARTBEAT_MAX_MS,
  HEARTBEAT_MS,
  HEARTBEAT_PEERS,
  HEARTBEATS_MISSED,
  PEERS_MAX,
  PEERS_PER_ADDRESS_MAX,
} from '../../Protocol/Limits.ts';
import type { RefusalReason, RequestOf } from '../../Protocol/TrackerMessages.ts';
import { type Address, isLoopback } from '../../Shared/Network/Address.ts';
import { HashTable } from '../Catalog/HashTable.ts';
import { KeyedHash } from '../Catalog/KeyedHash.ts';
import { ExpiryWheel } from './ExpiryWheel.ts';
import { type HostKey, hostKey } from './HostKey.ts';
import { PeerRecords } from './PeerRecords.ts';
import { RegisteredPeer } from './RegisteredPeer.ts';

/** Hash tags: peer ids and addresses share the key with other tables. */
const ID_TAG = 5;
const UDP_TAG = 6;
const ID_BYTES = 32;

export type HeartbeatOutcome =
  /** `restarted`: a new instance of the peer; its earlier catalog is void. */
  | { readonly kind: 'joined' | 'restarted' | 'alive'; readonly peer: RegisteredPeer }
  | { readonly kind: 'refused'; readonly reason: RefusalReason };

/** The live peers. Soft state: heartbeats restore it after a restart of the tracker. */
export class PeerRegistry {
  readonly #peersMax: number;
  readonly #hash: KeyedHash;
  readonly #records = new PeerRecords();
  readonly #byId = new HashTable((slot) => this.#hashOfId(this.#records.peerId(slot)));
  readonly #byUdp = new HashTable((slot) => this.#hashOfUdpAt(slot));
  /** One peer of each host, of a ring of all (see `nextOfHost`). */
  readonly #byHost = new Map<HostKey, number>();
  readonly #bySlot: (RegisteredPeer | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  readonly #wheel = new ExpiryWheel<RegisteredPeer>((peer) =>
    this.#bySlot[peer.slot] === peer ? peer.deadlineMs : undefined,
  );
  /** Key of the lookup in progress. */
  readonly #wantedId = Buffer.alloc(ID_BYTES);
  #wantedHost: HostKey = '';
  #wantedPort = 0;

  /** @param key - two secret 32-bit numbers, so that clients cannot choose colliding keys */
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

  at(slot: number): RegisteredPeer | undefined {
    return slot < 0 ? undefined : this.#bySlot[slot];
  }

  /** Slots of the peers of a host. */
  *slotsAt(host: string): Generator<number> {
    const first = this.#byHost.get(hostKey(host));
    for (let slot = first; slot !== undefined; ) {
      yield slot;
      slot = this.#records.nextOfHost(slot);
      if (slot === first) return;
    }
  }

  /** TCP ports of all peers of a host. */
  portsAt(host: string): Set<number> {
    return new Set(Array.from(this.slotsAt(host), (slot) => this.#records.port(slot)));
  }

  /** The peer with this source address. */
  from(udp: Address): RegisteredPeer | undefined {
    return this.at(this.#slotOf(udp));
  }

  /** Interval of heartbeats. Grows with the number of peers, which keeps the tracker's load constant. */
  intervalMs(): number {
    const grown = Math.ceil((HEARTBEAT_MS * this.size) / HEARTBEAT_PEERS);
    return Math.min(Math.max(grown, HEARTBEAT_MS), HEARTBEAT_MAX_MS);
  }

  /**
   * Registers a proven peer, or renews its lease. A newer instance replaces an older one at once, wherever it is. The
   * same instance may move to another host, but not between loopback and other hosts: it reaches this tracker both
   * ways.
   */
  heartbeat(beat: RequestOf<'heartbeat'>, from: Address, nowMs: number): HeartbeatOutcome {
    const known = this.get(beat.peerId);
    if (known === undefined) return this.#join(beat, from, nowMs);
    const { instanceId } = known;
    const isElsewhere = known.udp.host !== from.host;
    const isLocal = isLoopback(from.host);
    if (beat.instanceId < instanceId || (beat.instanceId === instanceId && known.isLocal !== isLocal)) {
      return { kind: 'refused', reason: 'wrong-owner' };
    }
    if (isElsewhere) {
      if (!isLocal && this.#isCrowded(from.host)) return { kind: 'refused', reason: 'full' };
      known.isLocal = isLocal;
      this.#leaveHost(known.slot, known.udp.host);
      this.#joinHost(known.slot, from.host);
    }
    this.#moveTo(known, from);
    this.#records.keep(known.slot, beat);
    this.renew(known, nowMs);
    return { kind: beat.instanceId > instanceId ? 'restarted' : 'alive', peer: known };
  }

  /** Renews the lease of a peer: a heartbeat without news. */
  renew(peer: RegisteredPeer, nowMs: number): void {
    const deadline = nowMs + HEARTBEATS_MISSED * this.intervalMs() + HEARTBEAT_GRACE_MS;
    this.#records.setDeadline(peer.slot, deadline);
  }

  remove(peer: RegisteredPeer): void {
    const { slot, udp } = peer;
    this.#byId.remove(slot, this.#hashOfId(this.#records.peerId(slot)));
    this.#leaveAddress(slot);
    this.#leaveHost(slot, udp.host);
    this.#bySlot[slot] = undefined;
    this.#freeSlots.push(slot);
  }

  /** Whether `expire` has left peers because of its limit. */
  get isBehind(): boolean {
    return this.#wheel.isBehind;
  }

  /** Removes and returns peers with an expired lease, at most `max`. */
  expire(nowMs: number, max = Number.POSITIVE_INFINITY): readonly RegisteredPeer[] {
    const expired = this.#wheel.due(nowMs, max);
    for (const peer of expired) this.remove(peer);
    return expired;
  }

  /**
   * Iterates live peers from slot `cursor` on. A peer present throughout is yielded exactly once, despite concurrent
   * joins and leaves.
   */
  *startingAt(cursor: number): Generator<RegisteredPeer> {
    for (let slot = cursor; slot < this.#bySlot.length; slot++) {
      const peer = this.#bySlot[slot];
      if (peer !== undefined) yield peer;
    }
  }

  #join(beat: RequestOf<'heartbeat'>, from: Address, nowMs: number): HeartbeatOutcome {
    const isLocal = isLoopback(from.host);
    const isCrowded = !isLocal && this.#isCrowded(from.host);
    if (isCrowded || this.size >= this.#peersMax) return { kind: 'refused', reason: 'full' };
    const peer = new RegisteredPeer(this.#freeSlots.pop() ?? this.#bySlot.length, isLocal, this.#records);
    this.#bySlot[peer.slot] = peer;
    this.#records.keep(peer.slot, beat);
    this.#byId.add(peer.slot, this.#hashOfId(this.#records.peerId(peer.slot)));
    this.#takeAddress(peer.slot, from);
    this.#joinHost(peer.slot, from.host);
    this.renew(peer, nowMs);
    this.#wheel.add(peer);
    return { kind: 'joined', peer };
  }

  #isCrowded(host: string): boolean {
    let peers = 0;
    for (const _slot of this.slotsAt(host)) if (++peers >= PEERS_PER_ADDRESS_MAX) return true;
    return false;
  }

  /** Adds a peer to the ring of its host. */
  #joinHost(slot: number, host: string): void {
    const key = hostKey(host);
    const other = this.#byHost.get(key);
    this.#records.setNextOfHost(slot, other === undefined ? slot : this.#records.nextOfHost(other));
    if (other === undefined) this.#byHost.set(key, slot);
    else this.#records.setNextOfHost(other, slot);
  }

  #leaveHost(slot: number, host: string): void {
    const key = hostKey(host);
    const next = this.#records.nextOfHost(slot);
    let before = next;
    while (this.#records.nextOfHost(before) !== slot) before = this.#records.nextOfHost(before);
    this.#records.setNextOfHost(before, next);
    if (next === slot) this.#byHost.delete(key);
    else this.#byHost.set(key, before);
  }

  #moveTo(peer: RegisteredPeer, udp: Address): void {
    if (this.#slotOf(udp) === peer.slot) return;
    this.#leaveAddress(peer.slot);
    this.#takeAddress(peer.slot, udp);
  }

  /** Maps a source address to this slot. A peer mapped before is found by its id only. */
  #takeAddress(slot: number, udp: Address): void {
    const other = this.#slotOf(udp);
    if (other >= 0) this.#leaveAddress(other);
    this.#records.setUdp(slot, udp);
    this.#byUdp.add(slot, this.#hashOfUdpAt(slot));
  }

  #leaveAddress(slot: number): void {
    const udp = this.#records.udp(slot);
    if (this.#slotOf(udp) === slot) this.#byUdp.remove(slot, this.#hashOfUdpAt(slot));
  }

  #slotOf(udp: Address): number {
    this.#wantedHost = hostKey(udp.host);
    this.#wantedPort = udp.port;
    return this.#byUdp.find(this.#hashOfUdp(this.#wantedHost, udp.port), this.#hasWantedUdp);
  }

  readonly #hasWantedId = (slot: number): boolean => this.#records.hasPeerId(slot, this.#wantedId);
  readonly #hasWantedUdp = (slot: number): boolean =>
    this.#records.udpPort(slot) === this.#wantedPort && this.#records.udpHost(slot) === this.#wantedHost;

  #hashOfId(id: Buffer): number {
    return this.#hash.start(ID_TAG).bytes(id, 0, ID_BYTES).finish();
  }

  #hashOfUdpAt(slot: number): number {
    return this.#hashOfUdp(this.#records.udpHost(slot), this.#records.udpPort(slot));
  }

  #hashOfUdp(host: HostKey, port: number): number {
    const hash = this.#hash.start(UDP_TAG);
    return (typeof host === 'number' ? hash.word(host) : hash.text(host)).word(port).finish();
  }
}
