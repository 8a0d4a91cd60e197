import { ByteReader } from '../Protocol/Codec.ts';
import type { InstanceId } from '../Protocol/Ids.ts';
import { DATAGRAM_BYTES_MAX, PEERS_MAX } from '../Protocol/Limits.ts';
import {
  CONNECT_ID,
  decodeRequestHeader,
  encodeReply,
  isRequestAction,
  type RefusalReason,
  type RequestHeader,
  type RequestOf,
  type TrackerReply,
  type TrackerRequest,
} from '../Protocol/TrackerMessages.ts';
import { type Address, formatAddress } from '../Shared/Network/Address.ts';
import type { WallClock } from '../Shared/Time/Clock.ts';
import { AliveReplies } from './AliveReplies.ts';
import { CatalogAssembly } from './Catalog/CatalogAssembly.ts';
import { CatalogIndex } from './Catalog/CatalogIndex.ts';
import { Cluster, type ClusterOptions, type Outgoing } from './Cluster/Cluster.ts';
import { Lookups, type Sender } from './Lookups.ts';
import { noCounts } from './Metrics/TrackerStats.ts';
import { ConnectionCookie, minuteOf } from './Peers/ConnectionCookie.ts';
import { PeerRegistry } from './Peers/PeerRegistry.ts';
import { PeerTokens } from './Peers/PeerTokens.ts';
import { PortAssignment } from './Peers/PortAssignment.ts';
import { RateLimits } from './Peers/RateLimits.ts';
import { labelOf, type RegisteredPeer } from './Peers/RegisteredPeer.ts';
import { Publications } from './Publications.ts';
import { type Datagram, OwnPart } from './Questions/OwnPart.ts';
import { Registrations } from './Registrations.ts';
import { HEADER_BYTES, isRepeatedHeartbeat, purposeOf, readRequest, transactionOf } from './Requests.ts';

/** Expired peers removed with a datagram, and in a step between datagrams: about a millisecond of work. */
const EXPIRED_PER_DATAGRAM = 2;
const EXPIRED_PER_STEP = 16;

export interface TrackerLogicOptions {
  readonly instanceId: InstanceId;
  /** At least 32 random bytes, new at every start. */
  readonly secret: Uint8Array;
  readonly wallClock: WallClock;
  readonly peersMax?: number;
  /** Holds no catalogs; relays every search to all peers. */
  readonly relayOnly?: boolean;
  /** The cluster that this tracker belongs to; undefined: it is on its own. */
  readonly cluster?: Pick<ClusterOptions, 'name' | 'address' | 'changed'> | undefined;
  /** Receives a line for each event, for a verbose log. The text may hold unescaped names of strangers. */
  readonly note?: (text: string) => void;
}

/**
 * The tracker as a function: from a datagram, its source and the time to the datagrams to send. Never throws,
 * whatever the bytes. Without a valid connection id the only state kept is a rate limit for the host, and the reply
 * is no longer than the request. docs/reference/protocol.md, "Tracker".
 */
export class TrackerLogic {
  readonly registry: PeerRegistry;
  readonly catalogs: CatalogIndex;
  readonly counts = noCounts();
  readonly tokens: PeerTokens;
  readonly cluster: Cluster | undefined;
  readonly #instanceId: InstanceId;
  readonly #note: ((text: string) => void) | undefined;
  readonly #relayOnly: boolean;
  readonly #cookie: ConnectionCookie;
  readonly #assembly: CatalogAssembly;
  readonly #limits = new RateLimits();
  readonly #own: OwnPart;
  readonly #lookups: Lookups;
  readonly #registrations: Registrations;
  readonly #publications: Publications;
  readonly #ports = new PortAssignment();
  readonly #alive: AliveReplies;

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
    const parts = {
      registry: this.registry,
      catalogs: this.catalogs,
      heldVersion: (peer: RegisteredPeer) => this.heldVersion(peer),
      limits: this.#limits,
      relayOnly: this.#relayOnly,
      note: options.note,
    };
    const own = new OwnPart({ ...parts, firstRelay: secret.readUInt32LE(24) });
    this.#own = own;
    const registrations = this.#registrations;
    this.#publications = new Publications({ ...parts, registrations, own, assembly: this.#assembly });
    this.cluster =
      options.cluster &&
      new Cluster({
        ...options.cluster,
        self: options.instanceId,
        firstQuestion: secret.readUInt32LE(28),
        figures: () => ({ peers: this.registry.size, files: this.catalogs.size }),
      });
    const { cluster } = this;
    this.#alive = new AliveReplies({ ...parts, instanceId: options.instanceId, cluster });
    this.#lookups = new Lookups({ ...parts, own, cluster });
  }

  /** Time of the next `expire`; undefined: none needed. */
  get nextEndMs(): number | undefined {
    const isBusy = !this.catalogs.isTidy || this.registry.isBehind;
    if (isBusy) return Number.NEGATIVE_INFINITY;
    const own = this.#own.nextEndMs;
    const others = this.cluster?.nextEndMs;
    return own === undefined || others === undefined ? (own ?? others) : Math.min(own, others);
  }

  /** Handles one datagram. @returns the reply, relayed queries, and the ends of earlier lookups */
  receive(bytes: Uint8Array, sender: Address, nowMs: number): readonly Datagram[] {
    const ended = this.#ended(nowMs, EXPIRED_PER_DATAGRAM);
    const reply = this.#reply(bytes, sender, nowMs);
    const relayed = this.#own.takeDatagrams();
    const direct = reply === undefined ? [] : [{ bytes: reply, to: sender }];
    return ended.length + relayed.length === 0 ? direct : [...ended, ...direct, ...relayed];
  }

  /**
   * Removes expired peers, ends relayed questions, and makes a step of longer work: removed catalogs, folders, queries.
   * To be called once a second and at `nextEndMs`.
   */
  expire(nowMs: number): readonly Datagram[] {
    this.catalogs.tidy();
    this.#own.step(nowMs);
    this.cluster?.expire(nowMs);
    return this.#ended(nowMs, EXPIRED_PER_STEP);
  }

  #ended(nowMs: number, expiredMax: number): readonly Datagram[] {
    for (const peer of this.registry.expire(nowMs, expiredMax)) {
      this.#forget(peer);
      this.#note?.(`expired: ${labelOf(peer)}`);
    }
    this.#own.expire(nowMs);
    return this.#own.takeDatagrams();
  }

  /** Handles bytes from the bus of the cluster. @returns datagrams for peers; records are fetched by `takeRecords` */
  receiveRecord(bytes: Uint8Array, nowMs: number): readonly Datagram[] {
    this.cluster?.receive(bytes, nowMs);
    return this.#own.takeDatagrams();
  }

  /** Records to publish on the bus. */
  takeRecords(): readonly Outgoing[] {
    return this.cluster?.take() ?? [];
  }

  /** Refers all peers to another tracker, see `AliveReplies`. */
  announceSuccessor(successor: Address): Datagram[] {
    return this.#alive.announceSuccessor(successor);
  }

  /** The complete catalog version held of a peer; 0: none. */
  heldVersion(peer: RegisteredPeer): number {
    return this.#assembly.held(peer.slot);
  }

  #reply(bytes: Uint8Array, from: Address, nowMs: number): Buffer | undefined {
    const input = new ByteReader(bytes);
    if (bytes.length < HEADER_BYTES || bytes.length > DATAGRAM_BYTES_MAX) return this.#malformed();
    const peer = this.registry.from(from);
    if (peer?.hasVerified(input.bytes, minuteOf(nowMs)) === true && isRepeatedHeartbeat(input.bytes, peer)) {
      return this.#repeated(transactionOf(input.bytes), from, peer, nowMs);
    }
    const header = decodeRequestHeader(input);
    if (!isRequestAction(header.action)) return this.#malformed();
    const connecting = header.connectionId === CONNECT_ID && header.action === 0;
    if (header.action === 0 && (!connecting || input.remaining > 0)) return this.#malformed();

    // Forged sources consume no allowance: `connect` is stateless, and all else is charged after the cookie check.
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
      if (peer === undefined || !this.#own.answered(request, peer, nowMs)) this.counts.late++;
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
        return this.#publications.take(request, by.from);
      case 'search':
        return this.#lookups.search(request, by, nowMs);
      case 'locate':
        return this.#lookups.locate(request, by, nowMs);
      case 'peers':
        return this.#lookups.peers(request, by, nowMs);
      case 'folder':
        return this.#lookups.folder(request, by, nowMs);
      case 'assignPort':
        return this.#assignPort(by, nowMs);
      case 'call':
        return this.#lookups.call(request, by, nowMs);
      case 'relays':
        return this.#lookups.relays(by);
      case 'cluster':
        return this.#lookups.members(request, nowMs);
    }
  }

  #heartbeat(beat: RequestOf<'heartbeat'>, by: Sender, nowMs: number): TrackerReply | RefusalReason {
    const outcome = this.#registrations.heartbeat(beat, by, nowMs);
    if (outcome.kind === 'refused') return outcome.reason;
    if (outcome.kind === 'unproven') return { type: 'unproven', trackerInstance: this.#instanceId };
    const { kind, peer } = outcome;
    if (kind === 'restarted') {
      this.#assembly.forget(peer.slot);
      peer.missedQueries = 0;
    }
    this.#own.updated(peer);
    this.#note?.(`${kind === 'alive' ? 'heartbeat' : kind}: ${labelOf(peer)}`);
    const alive = this.#alive.of(peer, by.from);
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
    return encodeReply(transactionId, this.#alive.of(peer, from));
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
    this.#own.removed(peer);
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
