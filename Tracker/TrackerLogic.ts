import { ByteReader } from '../Protocol/Codec.ts';
import type { InstanceId } from '../Protocol/Ids.ts';
import { DATAGRAM_BYTES_MAX, PEERS_MAX } from '../Protocol/Limits.ts';
import {
  CONNECT_ID,
  decodeRequestHeader,
  encodeReply,
  isRequestAction,
  type RefusalReason,
  type ReplyOf,
  type RequestHeader,
  type RequestOf,
  type TrackerReply,
  type TrackerRequest,
} from '../Protocol/TrackerMessages.ts';
import { type Address, formatAddress, isLoopback } from '../Shared/Address.ts';
import type { WallClock } from '../Shared/Clock.ts';
import { CatalogAssembly } from './Catalog/CatalogAssembly.ts';
import { CatalogIndex } from './Catalog/CatalogIndex.ts';
import { ConnectionCookie, minuteOf } from './ConnectionCookie.ts';
import { type Datagram, Lookups, type Sender } from './Lookups.ts';
import { PeerRegistry } from './PeerRegistry.ts';
import { PeerTokens } from './PeerTokens.ts';
import { PortAssignment } from './PortAssignment.ts';
import { RateLimits } from './RateLimits.ts';
import { labelOf, type RegisteredPeer } from './RegisteredPeer.ts';
import { Registrations } from './Registrations.ts';
import { peersPage } from './ReplyPages.ts';
import {
  HEADER_BYTES,
  isRepeatedHeartbeat,
  normalAddress,
  purposeOf,
  readRequest,
  transactionOf,
} from './Requests.ts';
import { noCounts } from './TrackerCounts.ts';

/** Expired peers removed with a datagram, and in a step between datagrams: about a millisecond of work. */
const EXPIRED_PER_DATAGRAM = 2;
const EXPIRED_PER_STEP = 16;
/** Entries in the index on account of one host, loopback exempt: a tenth of all. */
const ENTRIES_PER_HOST_MAX = 500_000;

export interface TrackerLogicOptions {
  readonly instanceId: InstanceId;
  /** At least 32 random bytes, new at every start. */
  readonly secret: Uint8Array;
  readonly wallClock: WallClock;
  readonly peersMax?: number;
  /** Holds no catalogs; relays every search to all peers. */
  readonly relayOnly?: boolean;
  /** Receives a line for each event, for a verbose log. The text may hold unescaped names of strangers. */
  readonly note?: (text: string) => void;
}

/**
 * The tracker as a function: from a datagram, its source and the time to the datagrams to send. Never throws, whatever the
 * bytes. Without a valid connection id the only state kept is a rate limit for the host, and the reply is no longer than the
 * request. docs/reference/protocol.md, "Tracker".
 */
export class TrackerLogic {
  readonly registry: PeerRegistry;
  readonly catalogs: CatalogIndex;
  readonly counts = noCounts();
  readonly tokens: PeerTokens;
  readonly #instanceId: InstanceId;
  readonly #note: ((text: string) => void) | undefined;
  readonly #relayOnly: boolean;
  readonly #cookie: ConnectionCookie;
  readonly #assembly: CatalogAssembly;
  readonly #limits = new RateLimits();
  readonly #lookups: Lookups;
  readonly #registrations: Registrations;
  readonly #ports = new PortAssignment();
  #successor: Address | undefined;

  constructor(options: TrackerLogicOptions) {
    const secret = Buffer.from(options.secret);
    this.#instanceId = options.instanceId;
    this.#note = options.note;
    this.#relayOnly = options.relayOnly === true;
    this.#cookie = new ConnectionCookie(secret);
    // The first 16 bytes are the cookie's alone: relay numbers are visible to the queried peers.
    const tables = [secret.readUInt32LE(16), secret.readUInt32LE(20)] as const;
    this.registry = new PeerRegistry(tables, options.peersMax ?? PEERS_MAX);
    this.catalogs = new CatalogIndex(tables);
    this.tokens = new PeerTokens(secret);
    this.#registrations = new Registrations({
      instanceId: options.instanceId,
      registry: this.registry,
      tokens: this.tokens,
      limits: this.#limits,
      counts: this.counts,
      wallClock: options.wallClock,
    });
    this.#assembly = new CatalogAssembly(this.catalogs);
    this.#lookups = new Lookups({
      registry: this.registry,
      catalogs: this.catalogs,
      limits: this.#limits,
      heldVersion: (peer) => this.heldVersion(peer),
      relayOnly: this.#relayOnly,
      firstRelay: secret.readUInt32LE(24),
      note: options.note,
    });
  }

  /** Time of the next `expire`; undefined: none needed. */
  get nextEndMs(): number | undefined {
    const isBusy = !this.catalogs.isTidy || this.registry.isBehind;
    return isBusy ? Number.NEGATIVE_INFINITY : this.#lookups.nextEndMs;
  }

  /** Handles one datagram. @returns the reply, relayed queries, and the ends of earlier lookups */
  receive(bytes: Uint8Array, sender: Address, nowMs: number): readonly Datagram[] {
    const ended = this.#ended(nowMs, EXPIRED_PER_DATAGRAM);
    const reply = this.#reply(bytes, sender, nowMs);
    const relayed = this.#lookups.takeDatagrams();
    const direct = reply === undefined ? [] : [{ bytes: reply, to: sender }];
    return ended.length + relayed.length === 0 ? direct : [...ended, ...direct, ...relayed];
  }

  /**
   * Removes expired peers, ends relayed questions, and makes a step of longer work: removed catalogs, folders, queries.
   * To be called once a second and at `nextEndMs`.
   */
  expire(nowMs: number): readonly Datagram[] {
    this.catalogs.tidy();
    this.#lookups.step(nowMs);
    return this.#ended(nowMs, EXPIRED_PER_STEP);
  }

  #ended(nowMs: number, expiredMax: number): readonly Datagram[] {
    for (const peer of this.registry.expire(nowMs, expiredMax)) {
      this.#forget(peer);
      this.#note?.(`expired: ${labelOf(peer)}`);
    }
    this.#lookups.expire(nowMs);
    return this.#lookups.takeDatagrams();
  }

  /**
   * Refers all peers to another tracker, now and in every answer to a heartbeat, before this one closes.
   * A loopback address means this host.
   */
  announceSuccessor(successor: Address): Datagram[] {
    this.#successor = successor;
    const onTrackerHost = isLoopback(successor.host);
    const moved = { type: 'moved', trackerInstance: this.#instanceId, successor, onTrackerHost } as const;
    return Array.from(this.registry.startingAt(0), ({ udp, beat: { queryToken } }) => ({
      bytes: encodeReply(0, { ...moved, queryToken }),
      to: udp,
    }));
  }

  /** The complete catalog version held of a peer; 0: none. */
  heldVersion(peer: RegisteredPeer): number {
    return this.#assembly.held(peer.slot);
  }

  #reply(bytes: Uint8Array, sender: Address, nowMs: number): Buffer | undefined {
    const input = new ByteReader(bytes);
    if (bytes.length < HEADER_BYTES || bytes.length > DATAGRAM_BYTES_MAX) return this.#malformed();
    const from = normalAddress(sender);
    const peer = this.registry.from(from);
    if (peer?.hasVerified(input.bytes, minuteOf(nowMs)) === true && isRepeatedHeartbeat(input.bytes, peer)) {
      return this.#repeated(transactionOf(input.bytes), from, peer, nowMs);
    }
    const header = decodeRequestHeader(input);
    if (!isRequestAction(header.action)) return this.#malformed();
    const connecting = header.connectionId === CONNECT_ID && header.action === 0;
    if (header.action === 0 && (!connecting || input.remaining > 0)) return this.#malformed();

    // Forged sources must not consume anybody's allowance: `connect` is stateless, and all else is charged after the cookie check.
    if (connecting) {
      this.counts.served++;
      const connectionId = this.#cookie.make(from, nowMs);
      return encodeReply(header.transactionId, { type: 'connected', connectionId });
    }
    if (!this.#cookie.isValid(header.connectionId, input.bytes, from, peer, nowMs)) {
      return this.#refuse(header.transactionId, 'bad-cookie');
    }
    if (peer === undefined && !this.#limits.allowsStranger(from.host, nowMs)) {
      this.counts.limited++;
      return undefined;
    }
    if (peer !== undefined && isRepeatedHeartbeat(input.bytes, peer)) {
      return this.#repeated(header.transactionId, from, peer, nowMs);
    }
    return this.#answer(header, input, from, peer, nowMs);
  }

  #answer(
    header: RequestHeader,
    input: ByteReader,
    from: Address,
    peer: RegisteredPeer | undefined,
    nowMs: number,
  ): Buffer | undefined {
    const request = readRequest(header.action, input);
    if (request === undefined) {
      this.#note?.(
        `request ${header.action.toString(16)} from ${formatAddress(from)} is malformed, or of another version`,
      );
      return this.#refuse(header.transactionId, 'bad-request');
    }
    if (peer !== undefined && !this.#limits.allowsPeer(peer, purposeOf(request), nowMs)) {
      this.counts.limited++;
      return this.#refuse(header.transactionId, 'too-many');
    }
    if (request.type === 'hit' || request.type === 'miss') {
      if (peer !== undefined && !this.#registrations.speaksFor(peer, request.token, from)) return undefined;
      if (peer === undefined || !this.#lookups.answered(request, peer, nowMs)) this.counts.late++;
      return undefined;
    }
    const { transactionId, connectionId } = header;
    const reply = this.#serve(request, { from, peer, transactionId, connectionId }, nowMs);
    if (reply === undefined) return undefined; // Follows with a later step.
    if (reply === 'too-many') this.counts.limited++;
    if (typeof reply === 'string') return this.#refuse(transactionId, reply);
    this.counts.served++;
    return encodeReply(transactionId, reply);
  }

  #serve(
    request: Exclude<TrackerRequest, { type: 'hit' | 'miss' }>,
    by: Sender,
    nowMs: number,
  ): TrackerReply | RefusalReason | undefined {
    switch (request.type) {
      case 'connect':
        return 'bad-request';
      case 'heartbeat':
        return this.#heartbeat(request, by, nowMs);
      case 'leave':
        return this.#leave(request, by.from);
      case 'publish':
        return this.#publish(request, by.from);
      case 'search':
        return this.#lookups.search(request, by, nowMs);
      case 'locate':
        return this.#lookups.locate(request, by, nowMs);
      case 'peers':
        return peersPage(this.registry.startingAt(request.cursor), this.registry.size);
      case 'folder':
        return this.#lookups.folder(request, by, nowMs);
      case 'assignPort':
        return this.#assignPort(by, nowMs);
      case 'call':
        return this.#lookups.call(request, by);
      case 'relays':
        return this.#lookups.relays(by);
    }
  }

  #heartbeat(beat: RequestOf<'heartbeat'>, by: Sender, nowMs: number): TrackerReply | RefusalReason {
    const outcome = this.#registrations.heartbeat(beat, by, nowMs);
    if (outcome.kind === 'refused') return outcome.reason;
    if (outcome.kind === 'unproven') return { type: 'unproven', trackerInstance: this.#instanceId };
    const { kind, peer } = outcome;
    if (kind === 'restarted') this.#assembly.forget(peer.slot);
    this.#lookups.updated(peer);
    this.#note?.(`${kind === 'alive' ? 'heartbeat' : kind}: ${labelOf(peer)}`);
    const alive = this.#alive(peer, by.from);
    return beat.proof === undefined ? alive : { ...alive, token: peer.beat.token };
  }

  /** Fast path for an unchanged heartbeat, which most datagrams are: no decoding. */
  #repeated(transactionId: number, from: Address, peer: RegisteredPeer, nowMs: number): Buffer {
    if (!this.#limits.allowsPeer(peer, 'request', nowMs)) {
      this.counts.limited++;
      return this.#refuse(transactionId, 'too-many');
    }
    this.registry.renew(peer, nowMs);
    this.#note?.(`heartbeat: ${labelOf(peer)}`);
    this.counts.served++;
    return encodeReply(transactionId, this.#alive(peer, from));
  }

  #alive(peer: RegisteredPeer, from: Address): ReplyOf<'alive'> {
    return {
      type: 'alive',
      trackerInstance: this.#instanceId,
      intervalMs: this.registry.intervalMs(),
      observed: { host: from.host, port: peer.port },
      heldVersion: this.#assembly.held(peer.slot),
      peers: this.registry.size,
      successor: this.#successor,
      relayOnly: this.#relayOnly,
    };
  }

  #leave(request: RequestOf<'leave'>, from: Address): TrackerReply | RefusalReason {
    const peer = this.#registrations.owner(request, from);
    if (peer === 'wrong-owner') return peer;
    if (typeof peer === 'object') {
      this.registry.remove(peer);
      this.#forget(peer);
      this.#note?.(`left: ${labelOf(peer)}`);
    }
    return { type: 'left' };
  }

  /** Drops the catalog of a removed peer. */
  #forget(peer: RegisteredPeer): void {
    this.#assembly.forget(peer.slot);
    this.#lookups.removed(peer);
  }

  #publish(request: RequestOf<'publish'>, from: Address): TrackerReply | RefusalReason {
    const peer = this.#registrations.owner(request, from);
    if (typeof peer === 'string') return peer;
    const { version, page } = request;
    // Acknowledged to stop retransmission, but not held. A peer that reads `relayOnly` publishes nothing.
    if (this.#relayOnly) return { type: 'published', version, page, heldVersion: 0 };
    if (!peer.isLocal && !this.#hasRoom(from.host, request.entries.length)) return 'full';
    const before = this.heldVersion(peer);
    const outcome = this.#assembly.page(peer.slot, request);
    if (this.heldVersion(peer) !== before) this.#lookups.updated(peer);
    if (outcome.kind === 'refused') return outcome.reason;
    this.#note?.(`catalog ${version}, page ${page + 1}/${request.pages}: ${labelOf(peer)}: ${outcome.kind}`);
    return { type: 'published', version, page, heldVersion: outcome.held };
  }

  #hasRoom(host: string, entries: number): boolean {
    let total = entries;
    for (const slot of this.registry.slotsAt(host)) total += this.catalogs.count(slot);
    return total <= ENTRIES_PER_HOST_MAX;
  }

  #assignPort({ from, transactionId }: Sender, nowMs: number): TrackerReply | RefusalReason {
    const port = this.#ports.assign(from, transactionId, () => this.registry.portsAt(from.host), nowMs);
    if (port === undefined) return 'full';
    this.#note?.(`assigned: port ${port} to ${formatAddress(from)}`);
    return { type: 'assigned', port };
  }

  #refuse(transactionId: number, reason: RefusalReason): Buffer {
    this.counts.refused++;
    return encodeReply(transactionId, { type: 'refused', reason });
  }

  #malformed(): undefined {
    this.counts.malformed++;
    return undefined;
  }
}
