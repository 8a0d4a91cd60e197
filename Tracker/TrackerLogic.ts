import { ByteReader } from '../Protocol/Codec.ts';
import type { InstanceId } from '../Protocol/Ids.ts';
import { COOKIE_STEP_MS, DATAGRAM_BYTES_MAX, PEERS_MAX, QUERY_CHARS_MIN } from '../Protocol/Limits.ts';
import {
  CONNECT_ID,
  decodeRequestBody,
  decodeRequestHeader,
  encodeReply,
  isRequestAction,
  type RefusalReason,
  type RequestHeader,
  type RequestOf,
  type TrackerReply,
  type TrackerRequest,
} from '../Protocol/TrackerMessages.ts';
import { type Address, formatAddress, isLoopback, normalHost } from '../Shared/Address.ts';
import { ShoalError } from '../Shared/ShoalError.ts';
import { foundPage, locatedPage, peersPage } from './Answers.ts';
import { CatalogAssembly } from './Catalog/CatalogAssembly.ts';
import { CatalogIndex } from './Catalog/CatalogIndex.ts';
import { wordsOfQuery } from '../Protocol/SearchWords.ts';
import type { FoundFiles } from './Catalog/SharedFiles.ts';
import { ConnectionCookie } from './ConnectionCookie.ts';
import { PeerRegistry, type RegisteredPeer } from './PeerRegistry.ts';
import { type Purpose, RateLimits } from './RateLimits.ts';
import { Recent } from './Recent.ts';

const HEADER_BYTES = 16;
/** Ports below belong to the system's services: nobody is sent there. */
const PEER_PORT_MIN = 1_024;

/** A datagram to send. */
export interface Datagram {
  readonly bytes: Uint8Array;
  readonly to: Address;
}

/** What became of the datagrams so far. */
export interface TrackerCounts {
  served: number;
  /** Answered with `refused`. */
  refused: number;
  /** Over a limit. */
  limited: number;
  /** No request at all: met with silence. */
  garbage: number;
}

export interface TrackerLogicOptions {
  readonly instanceId: InstanceId;
  /** At least 32 random bytes, new at every start. */
  readonly secret: Uint8Array;
  readonly peersMax?: number;
  /** Told what happens, for people who watch; may hold text of strangers as it came. */
  readonly note?: (text: string) => void;
}

/**
 * The tracker as a function: a datagram, where it came from and the time give the datagrams to send. Never throws,
 * whatever the bytes. Before a valid connection id nothing is remembered but a limit for the host, and the answer is
 * no longer than the question. docs/Protocol.md, "Tracker".
 */
export class TrackerLogic {
  readonly registry: PeerRegistry;
  readonly catalogs: CatalogIndex;
  readonly counts: TrackerCounts = { served: 0, refused: 0, limited: 0, garbage: 0 };
  readonly #instanceId: InstanceId;
  readonly #note: ((text: string) => void) | undefined;
  readonly #cookie: ConnectionCookie;
  readonly #assembly: CatalogAssembly;
  readonly #limits = new RateLimits();
  readonly #searches = new Recent<FoundFiles>();
  readonly #folders = new Recent<readonly number[]>();
  #successor: Address | undefined;

  constructor(options: TrackerLogicOptions) {
    const secret = Buffer.from(options.secret);
    this.#instanceId = options.instanceId;
    this.#note = options.note;
    this.#cookie = new ConnectionCookie(secret);
    this.registry = new PeerRegistry(options.peersMax ?? PEERS_MAX);
    // The tables get a part of the secret that the cookie, being an HMAC, does not show.
    this.catalogs = new CatalogIndex([secret.readUInt32LE(0), secret.readUInt32LE(4)]);
    this.#assembly = new CatalogAssembly(this.catalogs);
  }

  /** Answers one datagram. */
  receive(bytes: Uint8Array, sender: Address, nowMs: number): Datagram[] {
    this.expire(nowMs);
    const reply = this.#reply(bytes, sender, nowMs);
    return reply === undefined ? [] : [{ bytes: reply, to: sender }];
  }

  /** Forgets who has fallen silent. Call it once a second; every datagram does it too. */
  expire(nowMs: number): void {
    for (const peer of this.registry.expire(nowMs)) {
      this.#assembly.forget(peer.place);
      this.#note?.(`expired: ${label(peer)}`);
    }
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
    const header = decodeRequestHeader(input);
    if (!isRequestAction(header.action)) return this.#garbage();
    const connecting = header.connectionId === CONNECT_ID && header.action === 0;
    if (header.action === 0 && (!connecting || input.remaining > 0)) return this.#garbage();

    const from = { host: normalHost(sender.host), port: sender.port };
    const peer = this.registry.from(from);
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
    if (!this.#isGenuine(header.connectionId, from, peer, nowMs)) return this.#refuse(header, 'bad-cookie');
    return this.#answer(header, input, from, peer, nowMs);
  }

  #answer(
    header: RequestHeader,
    input: ByteReader,
    from: Address,
    peer: RegisteredPeer | undefined,
    nowMs: number,
  ): Buffer {
    const request = readRequest(header.action, input);
    if (request === undefined) return this.#refuse(header, 'bad-request');
    if (peer !== undefined && !this.#limits.allowsPeer(peer, purposeOf(request), nowMs)) {
      this.counts.limited++;
      return this.#refuse(header, 'too-many');
    }
    const reply = this.#serve(request, from, nowMs);
    if (typeof reply === 'string') return this.#refuse(header, reply);
    this.counts.served++;
    return encodeReply(header.transactionId, reply);
  }

  #serve(request: TrackerRequest, from: Address, nowMs: number): TrackerReply | RefusalReason {
    switch (request.type) {
      case 'connect':
        return 'bad-request';
      case 'heartbeat':
        return this.#heartbeat(request, from, nowMs);
      case 'leave':
        return this.#leave(request, from);
      case 'publish':
        return this.#publish(request, from);
      case 'search':
        return this.#search(request, from, nowMs);
      case 'locate': {
        const holders = this.catalogs.holders(request.fileId);
        return locatedPage(holders, request.cursor, this.registry);
      }
      case 'peers':
        return peersPage(this.registry.startingAt(request.cursor), this.registry.size);
      case 'folder':
        return this.#folder(request, nowMs);
    }
  }

  #heartbeat(beat: RequestOf<'heartbeat'>, from: Address, nowMs: number): TrackerReply | RefusalReason {
    if (beat.port < PEER_PORT_MIN) return 'bad-request';
    const outcome = this.registry.heartbeat(beat, from, nowMs);
    if (outcome.kind === 'refused') return outcome.reason;
    const { kind, peer } = outcome;
    if (kind === 'restarted') this.#assembly.forget(peer.place);
    this.#note?.(`${kind === 'alive' ? 'heartbeat' : kind}: ${label(peer)}`);
    return {
      type: 'alive',
      trackerInstance: this.#instanceId,
      intervalMs: this.registry.intervalMs(),
      observed: { host: from.host, port: peer.port },
      heldVersion: this.#assembly.held(peer.place),
      peers: this.registry.size,
      successor: this.#successor,
    };
  }

  #leave(request: RequestOf<'leave'>, from: Address): TrackerReply | RefusalReason {
    const peer = this.registry.owned(request.peerId, request.instanceId, from);
    if (peer === 'wrong-owner') return peer;
    if (typeof peer === 'object') {
      this.registry.remove(peer);
      this.#assembly.forget(peer.place);
      this.#note?.(`left: ${label(peer)}`);
    }
    return { type: 'left' };
  }

  #publish(request: RequestOf<'publish'>, from: Address): TrackerReply | RefusalReason {
    const peer = this.registry.owned(request.peerId, request.instanceId, from);
    if (typeof peer === 'string') return peer;
    const outcome = this.#assembly.page(peer.place, request);
    if (outcome.kind === 'refused') return outcome.reason;
    const { version, page } = request;
    this.#note?.(`catalog ${version}, page ${page + 1}/${request.pages}: ${label(peer)}: ${outcome.kind}`);
    return { type: 'published', version, page, heldVersion: outcome.held };
  }

  #search(request: RequestOf<'search'>, from: Address, nowMs: number): TrackerReply | RefusalReason {
    const { words, cursor } = request;
    const characters = [...wordsOfQuery(words).join('')].length;
    if (characters < QUERY_CHARS_MIN) return 'bad-request';
    const found = this.#searches.get(words, cursor === 0, nowMs, () => this.catalogs.search(words));
    if (cursor === 0) this.#note?.(`search from ${formatAddress(from)}: "${words}": ${found.total} found`);
    return foundPage(found, cursor, (file) => this.catalogs.holders(file.fileId), this.registry);
  }

  #folder(request: RequestOf<'folder'>, nowMs: number): TrackerReply {
    const { path, cursor } = request;
    const places = this.#folders.get(path, cursor === 0, nowMs, () => this.catalogs.ownersOfFolder(path));
    const peers = places.filter((place) => place >= cursor).flatMap((place) => this.registry.at(place) ?? []);
    return peersPage(peers, places.length);
  }

  #isGenuine(cookie: string, from: Address, peer: RegisteredPeer | undefined, nowMs: number): boolean {
    if (peer?.cookie === cookie && nowMs < peer.cookieUntilMs) return true;
    if (!this.#cookie.check(cookie, from, nowMs)) return false;
    if (peer !== undefined) {
      peer.cookie = cookie;
      peer.cookieUntilMs = (Math.floor(nowMs / COOKIE_STEP_MS) + 1) * COOKIE_STEP_MS;
    }
    return true;
  }

  #refuse(header: RequestHeader, reason: RefusalReason): Buffer {
    this.counts.refused++;
    return encodeReply(header.transactionId, { type: 'refused', reason });
  }

  #garbage(): undefined {
    this.counts.garbage++;
    return undefined;
  }
}

/** Undefined when the bytes break the protocol. */
function readRequest(action: number, input: ByteReader): TrackerRequest | undefined {
  try {
    return decodeRequestBody(action, input);
  } catch (failure) {
    if (failure instanceof ShoalError) return undefined;
    throw failure;
  }
}

function purposeOf(request: TrackerRequest): Purpose {
  if (request.type === 'publish') return 'publish';
  return request.type === 'search' && request.cursor === 0 ? 'search' : 'request';
}

function label(peer: RegisteredPeer): string {
  return `"${peer.name}" ${formatAddress({ host: peer.udp.host, port: peer.port })} ${peer.peerId.slice(0, 8)}`;
}
