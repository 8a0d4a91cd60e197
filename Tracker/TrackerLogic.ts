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
import { type Address, formatAddress, isLoopback } from '../Shared/Address.ts';
import { peersPage } from './Answers.ts';
import { CatalogAssembly } from './Catalog/CatalogAssembly.ts';
import { CatalogIndex } from './Catalog/CatalogIndex.ts';
import { ConnectionCookie, minuteOf } from './ConnectionCookie.ts';
import type { Datagram } from './Datagram.ts';
import { type AskedBy, Inquiries } from './Inquiries.ts';
import { PeerRegistry } from './PeerRegistry.ts';
import { PortAssignment } from './PortAssignment.ts';
import { RateLimits } from './RateLimits.ts';
import { labelOf, type RegisteredPeer } from './RegisteredPeer.ts';
import { HEADER_BYTES, normalAddress, purposeOf, readRequest, saidAgain, transactionOf } from './Requests.ts';

/** Ports below belong to the system's services: nobody is sent there. */
const PEER_PORT_MIN = 1_024;

export type { Datagram } from './Datagram.ts';

/** What became of the datagrams so far. */
export interface TrackerCounts {
  served: number;
  /** Answered with `refused`. */
  refused: number;
  /** Over a limit. */
  limited: number;
  /** No request at all: met with silence. */
  garbage: number;
  /** Answers to a query that nobody waits for. */
  late: number;
}

export interface TrackerLogicOptions {
  readonly instanceId: InstanceId;
  /** At least 32 random bytes, new at every start. */
  readonly secret: Uint8Array;
  readonly peersMax?: number;
  /** Hold no catalogs: ask all peers instead. */
  readonly relayOnly?: boolean;
  /** Told what happens, for people who watch; may hold text of strangers as it came. */
  readonly note?: (text: string) => void;
}

/**
 * The tracker as a function: a datagram, where it came from and the time give the datagrams to send. Never throws,
 * whatever the bytes. Before a valid connection id nothing is remembered but a limit for the host, and the answer is
 * no longer than the question. docs/reference/protocol.md, "Tracker".
 */
export class TrackerLogic {
  readonly registry: PeerRegistry;
  readonly catalogs: CatalogIndex;
  readonly counts: TrackerCounts = { served: 0, refused: 0, limited: 0, garbage: 0, late: 0 };
  readonly #instanceId: InstanceId;
  readonly #note: ((text: string) => void) | undefined;
  readonly #relayOnly: boolean;
  readonly #cookie: ConnectionCookie;
  readonly #assembly: CatalogAssembly;
  readonly #limits = new RateLimits();
  readonly #inquiries: Inquiries;
  readonly #ports = new PortAssignment();
  #successor: Address | undefined;

  constructor(options: TrackerLogicOptions) {
    const secret = Buffer.from(options.secret);
    this.#instanceId = options.instanceId;
    this.#note = options.note;
    this.#relayOnly = options.relayOnly === true;
    this.#cookie = new ConnectionCookie(secret);
    // The first 16 bytes are the cookie's alone; numbers of questions are shown to all who are asked.
    const tables = [secret.readUInt32LE(16), secret.readUInt32LE(20)] as const;
    this.registry = new PeerRegistry(tables, options.peersMax ?? PEERS_MAX);
    this.catalogs = new CatalogIndex(tables);
    this.#assembly = new CatalogAssembly(this.catalogs);
    this.#inquiries = new Inquiries({
      registry: this.registry,
      catalogs: this.catalogs,
      limits: this.#limits,
      heldVersion: (peer) => this.heldVersion(peer),
      relayOnly: this.#relayOnly,
      firstRelay: secret.readUInt32LE(24),
      note: (text) => this.#note?.(text),
    });
  }

  /** When `expire` has something to do; undefined: nothing is under way. */
  get nextEndMs(): number | undefined {
    return this.catalogs.isTidy ? this.#inquiries.nextEndMs : Number.NEGATIVE_INFINITY;
  }

  /** Answers one datagram, and passes on what it asks. */
  receive(bytes: Uint8Array, sender: Address, nowMs: number): readonly Datagram[] {
    const ended = this.#ended(nowMs);
    const reply = this.#reply(bytes, sender, nowMs);
    const relayed = this.#inquiries.takeDatagrams();
    const direct = reply === undefined ? [] : [{ bytes: reply, to: sender }];
    return ended.length + relayed.length === 0 ? direct : [...ended, ...direct, ...relayed];
  }

  /**
   * Forgets who has fallen silent, ends relayed questions, and removes a piece of what large catalogs leave behind.
   * Call it once a second and at `nextEndMs`.
   */
  expire(nowMs: number): readonly Datagram[] {
    this.catalogs.tidy();
    return this.#ended(nowMs);
  }

  #ended(nowMs: number): readonly Datagram[] {
    for (const peer of this.registry.expire(nowMs)) {
      this.#forget(peer);
      this.#note?.(`expired: ${labelOf(peer)}`);
    }
    this.#inquiries.expire(nowMs);
    return this.#inquiries.takeDatagrams();
  }

  /**
   * Names another tracker to everybody, now and in every answer to a heartbeat: this one is about to close.
   * A successor at a loopback address is one on this very host.
   */
  announceSuccessor(successor: Address): Datagram[] {
    this.#successor = successor;
    const onTrackerHost = isLoopback(successor.host);
    const bytes = encodeReply(0, {
      type: 'moved',
      trackerInstance: this.#instanceId,
      successor,
      onTrackerHost,
    });
    return [...this.registry.startingAt(0)].map((peer) => ({ bytes, to: peer.udp }));
  }

  /** The catalog version of a peer that is complete here; 0: none. */
  heldVersion(peer: RegisteredPeer): number {
    return this.#assembly.held(peer.place);
  }

  #reply(bytes: Uint8Array, sender: Address, nowMs: number): Buffer | undefined {
    const input = new ByteReader(bytes);
    if (bytes.length < HEADER_BYTES || bytes.length > DATAGRAM_BYTES_MAX) return this.#garbage();
    const from = normalAddress(sender);
    const peer = this.registry.from(from);
    if (peer?.hasShown(input.bytes, minuteOf(nowMs)) === true && saidAgain(input.bytes, peer)) {
      return this.#repeated(transactionOf(input.bytes), from, peer, nowMs);
    }
    const header = decodeRequestHeader(input);
    if (!isRequestAction(header.action)) return this.#garbage();
    const connecting = header.connectionId === CONNECT_ID && header.action === 0;
    if (header.action === 0 && (!connecting || input.remaining > 0)) return this.#garbage();

    // A forged sender must not use up the share of a registered peer: that one pays behind its cookie.
    const stranger = connecting || peer === undefined;
    if (stranger && !this.#limits.allowsStranger(from.host, nowMs)) {
      this.counts.limited++;
      return undefined;
    }
    if (connecting) {
      this.counts.served++;
      const connectionId = this.#cookie.make(from, nowMs);
      return encodeReply(header.transactionId, { type: 'connected', connectionId });
    }
    if (!this.#isGenuine(header, input.bytes, from, peer, nowMs)) {
      return this.#refuse(header.transactionId, 'bad-cookie');
    }
    if (peer !== undefined && saidAgain(input.bytes, peer)) {
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
    if (request === undefined) return this.#refuse(header.transactionId, 'bad-request');
    if (peer !== undefined && !this.#limits.allowsPeer(peer, purposeOf(request), nowMs)) {
      this.counts.limited++;
      return this.#refuse(header.transactionId, 'too-many');
    }
    if (request.type === 'hit' || request.type === 'miss') {
      if (peer === undefined || !this.#inquiries.answered(request, peer, nowMs)) this.counts.late++;
      return undefined;
    }
    const reply = this.#serve(request, { from, peer, transactionId: header.transactionId }, nowMs);
    if (typeof reply === 'string') return this.#refuse(header.transactionId, reply);
    this.counts.served++;
    return encodeReply(header.transactionId, reply);
  }

  #serve(
    request: Exclude<TrackerRequest, { type: 'hit' | 'miss' }>,
    by: AskedBy,
    nowMs: number,
  ): TrackerReply | RefusalReason {
    switch (request.type) {
      case 'connect':
        return 'bad-request';
      case 'heartbeat':
        return this.#heartbeat(request, by.from, nowMs);
      case 'leave':
        return this.#leave(request, by.from);
      case 'publish':
        return this.#publish(request, by.from);
      case 'search':
        return this.#inquiries.search(request, by, nowMs);
      case 'locate':
        return this.#inquiries.locate(request, by, nowMs);
      case 'peers':
        return peersPage(this.registry.startingAt(request.cursor), this.registry.size);
      case 'folder':
        return this.#inquiries.folder(request, by, nowMs);
      case 'assignPort':
        return this.#assignPort(by, nowMs);
    }
  }

  #heartbeat(beat: RequestOf<'heartbeat'>, from: Address, nowMs: number): TrackerReply | RefusalReason {
    if (beat.port < PEER_PORT_MIN) return 'bad-request';
    const outcome = this.registry.heartbeat(beat, from, nowMs);
    if (outcome.kind === 'refused') return outcome.reason;
    const { kind, peer } = outcome;
    if (kind === 'restarted') this.#assembly.forget(peer.place);
    this.#inquiries.heard(peer);
    this.#note?.(`${kind === 'alive' ? 'heartbeat' : kind}: ${labelOf(peer)}`);
    return this.#alive(peer, from);
  }

  /** The same heartbeat again, which is what most of all datagrams are: nothing in it needs to be read. */
  #repeated(transactionId: number, from: Address, peer: RegisteredPeer, nowMs: number): Buffer {
    if (!this.#limits.allowsPeer(peer, 'request', nowMs)) {
      this.counts.limited++;
      return this.#refuse(transactionId, 'too-many');
    }
    this.registry.stillThere(peer, nowMs);
    this.#note?.(`heartbeat: ${labelOf(peer)}`);
    this.counts.served++;
    return encodeReply(transactionId, this.#alive(peer, from));
  }

  #alive(peer: RegisteredPeer, from: Address): TrackerReply {
    return {
      type: 'alive',
      trackerInstance: this.#instanceId,
      intervalMs: this.registry.intervalMs(),
      observed: { host: from.host, port: peer.port },
      heldVersion: this.#assembly.held(peer.place),
      peers: this.registry.size,
      successor: this.#successor,
      relayOnly: this.#relayOnly,
    };
  }

  #leave(request: RequestOf<'leave'>, from: Address): TrackerReply | RefusalReason {
    const peer = this.registry.owned(request.peerId, request.instanceId, from);
    if (peer === 'wrong-owner') return peer;
    if (typeof peer === 'object') {
      this.registry.remove(peer);
      this.#forget(peer);
      this.#note?.(`left: ${labelOf(peer)}`);
    }
    return { type: 'left' };
  }

  /** What is known of a peer that is registered no more. */
  #forget(peer: RegisteredPeer): void {
    this.#assembly.forget(peer.place);
    this.#inquiries.gone(peer);
  }

  #publish(request: RequestOf<'publish'>, from: Address): TrackerReply | RefusalReason {
    const peer = this.registry.owned(request.peerId, request.instanceId, from);
    if (typeof peer === 'string') return peer;
    const { version, page } = request;
    // Acknowledged, so that nobody repeats it, and not held: a peer that reads `relayOnly` sends none.
    if (this.#relayOnly) return { type: 'published', version, page, heldVersion: 0 };
    const before = this.heldVersion(peer);
    const outcome = this.#assembly.page(peer.place, request);
    if (this.heldVersion(peer) !== before) this.#inquiries.heard(peer);
    if (outcome.kind === 'refused') return outcome.reason;
    this.#note?.(`catalog ${version}, page ${page + 1}/${request.pages}: ${labelOf(peer)}: ${outcome.kind}`);
    return { type: 'published', version, page, heldVersion: outcome.held };
  }

  #assignPort({ from, transactionId }: AskedBy, nowMs: number): TrackerReply | RefusalReason {
    const port = this.#ports.assign(from, transactionId, () => this.registry.portsAt(from.host), nowMs);
    if (port === undefined) return 'full';
    this.#note?.(`assigned: port ${port} to ${formatAddress(from)}`);
    return { type: 'assigned', port };
  }

  #isGenuine(
    { connectionId }: RequestHeader,
    datagram: Buffer,
    from: Address,
    peer: RegisteredPeer | undefined,
    nowMs: number,
  ): boolean {
    const minute = minuteOf(nowMs);
    if (peer?.hasShown(datagram, minute) === true) return true;
    if (!this.#cookie.check(connectionId, from, nowMs)) return false;
    peer?.showed(datagram, minute);
    return true;
  }

  #refuse(transactionId: number, reason: RefusalReason): Buffer {
    this.counts.refused++;
    return encodeReply(transactionId, { type: 'refused', reason });
  }

  #garbage(): undefined {
    this.counts.garbage++;
    return undefined;
  }
}
