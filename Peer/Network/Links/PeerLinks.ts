import { EventEmitter } from 'node:events';
import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import { ownFeatures, PROTOCOL_VERSION } from '../../../Protocol/PeerMessages.ts';
import { Closing } from '../../../Shared/Async/Closing.ts';
import type { Address } from '../../../Shared/Network/Address.ts';
import type { Listener } from '../../../Shared/Network/Transport.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { KnownContact, PeerContact, UploadStatus } from '../../Model.ts';
import type { LaneCounts, LinkCounters } from '../../NetworkModel.ts';
import { ServingDesk } from '../Lanes/Desk/ServingDesk.ts';
import { TransferLimits } from '../Lanes/Limits/TransferLimits.ts';
import { ReceiveBuffers } from '../Lanes/Receiving/ReceiveBuffers.ts';
import { LaneTokens } from '../Lanes/Sending/LaneTokens.ts';
import { Uploads } from '../Lanes/Sending/Uploads.ts';
import { Bans } from './Accepting/Bans.ts';
import { ConnectionAcceptor } from './Accepting/ConnectionAcceptor.ts';
import { listenOnOneOf, portsOf } from './Accepting/ReservedPort.ts';
import { Announcements } from './Announcements.ts';
import { DialRequests } from './Calling/DialRequests.ts';
import { Interests } from './Interests.ts';
import type { LinkedPeer } from './Link/LinkedPeer.ts';
import { linkStatus } from './LinkStatus.ts';
import { LinkTable } from './LinkTable.ts';
import { namedPeers } from './NamedPeers.ts';
import { Offers } from './Offers.ts';
import type { LinkStatus, PeerLinksEvents, PeerLinksOptions } from './PeerLinksTypes.ts';
import { peerOpenings } from './PeerOpenings.ts';
import { ownMatches } from './Questions/OwnMatches.ts';
import { type SwarmProgress, swarmProgress } from './SwarmProgress.ts';
import { uploadStatus } from './UploadStatus.ts';

export type { LinkStatus, PeerLinksEvents, PeerLinksOptions } from './PeerLinksTypes.ts';

/** Limit on open incoming connections, where none is given. */
const CONNECTIONS_MAX = 512;

/** All TCP between this peer and others: control links, lanes, uploads. */
export class PeerLinks extends EventEmitter<PeerLinksEvents> {
  readonly offers: Offers;
  readonly announcements: Announcements;
  /** Connections opened by the side that can. */
  readonly dialRequests: DialRequests;
  /** Serves files, over lanes and whatever else enters. */
  readonly desk: ServingDesk;
  readonly #options: PeerLinksOptions;
  readonly #table: LinkTable;
  readonly #uploads: Uploads;
  readonly #acceptor: ConnectionAcceptor;
  readonly limits: TransferLimits;
  readonly counters: LinkCounters = {
    violations: 0,
    refusedConnections: 0,
    evictedConnections: 0,
    failedHandshakes: 0,
    foreignConnections: 0,
    overLimit: 0,
  };
  readonly #interests: Interests;
  readonly #bans = new Bans();
  readonly #tokens = new LaneTokens();
  readonly #closing = new Closing();
  #listener: Listener | undefined;
  #received = 0;

  constructor(options: PeerLinksOptions) {
    super();
    this.#options = options;
    const { clock, provider, dial, interfaces, random } = options;
    const limits = { up: options.uploadLimit, down: options.downloadLimit };
    this.limits = new TransferLimits(clock, limits, interfaces);
    const { classOf } = this.limits;
    this.#interests = new Interests({
      provider,
      clock,
      random,
      linked: (peer) => this.#table.get(peer),
      peers: () => this.#table.peers,
      found: (fileId, contact) => this.emit('sourceFound', fileId, contact),
      hasAll: (peer, fileId) => this.emit('hasAll', peer, fileId),
    });
    this.announcements = new Announcements({
      clock,
      random,
      peers: () => this.#table.peers,
      exchange: this.#interests.exchange,
    });
    this.desk = new ServingDesk({ ...options, limiter: this.limits.up, classOf });
    this.#uploads = new Uploads({
      desk: this.desk,
      demand: this.#interests.suggestions,
      tokens: this.#tokens,
      contactOf: (peer) => this.#table.get(peer)?.contact,
      heldOf: (peer, fileId) => {
        const have = this.#table.get(peer)?.progressOf(fileId)?.have;
        return have === undefined || have === 'all' ? 0 : have.count;
      },
      placed: (peer, place, of) => this.#announcePlace(peer, place, of),
      served: (...served) => this.emit('served', ...served),
      servedBundle: (...served) => this.emit('servedBundle', ...served),
      misbehaved: (peer, reason) => this.#misbehaved(peer ?? 'a stranger', reason),
    });
    const misbehaved = (host: string, reason: unknown) => this.#misbehaved(host, reason);
    const isBanned = (peerId: PeerId) => this.#bans.has(peerId, clock.nowMs());
    const trusts = (namer: KnownContact, address: Address) => this.#interests.exchange.trusts(namer, address);
    this.dialRequests = new DialRequests({
      ...options,
      uploads: this.#uploads,
      table: () => this.#table,
      isBanned,
      trusts,
      limits: this.limits,
      relayedOpenings: (via) => openings.relayed(via),
      misbehaved,
    });
    const named = namedPeers({
      self: options.self.peerId,
      isBanned,
      trusts,
      sourceFound: (fileId, contact) => this.emit('sourceFound', fileId, contact),
      peerFound: (contact, namer) => this.emit('peerFound', contact, namer),
      trackerFound: (address) => this.emit('trackerNamed', address),
    });
    this.#table = new LinkTable({
      hello: () => this.#hello(),
      bans: this.#bans,
      call: (peerId) => this.dialRequests.call(peerId),
      relayed: (peerId) => this.dialRequests.relays.connect(peerId),
      busy: ({ lane, contact }) => lane.isOpen || this.desk.isBusy(contact.peerId),
      joined: (peer) => this.#joined(peer),
      left: (peer, reason) => this.#left(peer, reason),
      misbehaved,
      context: {
        provider,
        dial,
        secure: options.secure,
        clock,
        buffers: new ReceiveBuffers(clock, undefined, options.memory),
        downLimiter: this.limits.down,
        classOf,
        counters: this.counters,
        dialRequests: this.dialRequests,
        grantLane: (peer, host) => this.#grantLane(peer, host),
        received: (bytes) => {
          this.#received += bytes;
        },
        interested: (peer, fileId) => this.#interests.interested(peer, fileId),
        notInterested: (peer, fileId) => this.#interests.notInterested(peer, fileId),
        holds: (peer, message) => this.#interests.holds(peer.peerId, message),
        ...named,
        offered: (peer, requestId, { fileId, size, path, chunks, modifiedMs, executable }) =>
          this.emit('offered', peer, requestId, { fileId, size, path, chunks, modifiedMs, executable }),
        matching: ownMatches(options, this.counters),
      },
    });
    this.offers = new Offers(this.#table);
    const openings = peerOpenings(
      options,
      {
        table: this.#table,
        uploads: this.#uploads,
        lanes: this.dialRequests.lanes,
        relayHost: this.dialRequests.relayHost,
      },
      this.counters,
    );
    this.#acceptor = new ConnectionAcceptor({
      clock,
      bans: this.#bans,
      counters: this.counters,
      connectionsMax: options.connectionsMax ?? CONNECTIONS_MAX,
      openings: openings.direct,
    });
  }

  /** Listens. Port 0 or none: a random free one of 9000-9999. @throws ShoalError PORT_IN_USE */
  async start({ port = 0 }: { readonly port?: number | undefined } = {}): Promise<void> {
    const { listen, random } = this.#options;
    this.#closing.add(() => this.#acceptor.close());
    this.#closing.add(() => this.#table.close());
    this.#closing.add(() => this.dialRequests.close());
    this.announcements.start();
    this.#closing.add(() => {
      this.announcements.close();
      this.#uploads.close();
      this.desk.close();
      this.limits.close();
    });
    const listener = await listenOnOneOf(portsOf(port || undefined, random), listen, this.#acceptor.accept);
    this.#listener = listener;
    if (this.#closing.started) await listener.close();
    else this.#closing.add(() => listener.close());
  }

  /** The listening address. @throws ShoalError CLOSED before start */
  get local(): Address {
    if (this.#listener === undefined) throw new ShoalError('CLOSED', 'the network is not started');
    return this.#listener.local;
  }

  /** Sends `bye` on all links and resolves when all connections are gone. Safe to call twice. */
  close(): Promise<void> {
    return this.#closing.run();
  }

  /** The linked peer; links to it first if necessary. @throws ShoalError UNREACHABLE, TIMEOUT, REFUSED, CANCELLED */
  peer(contact: PeerContact, signal: AbortSignal): Promise<LinkedPeer> {
    return this.#table.connect(contact, signal);
  }

  /** Like `peer`. @returns its contact, as known by the link */
  async connect(contact: PeerContact, signal: AbortSignal): Promise<KnownContact> {
    return (await this.peer(contact, signal)).contact;
  }

  /** Whether the peer is not linked, and the last dial to its address failed. */
  dialFailed(contact: PeerContact): boolean {
    return this.#table.dialFailed(contact);
  }

  /** See LinkTable.probe. */
  probe(peerId: PeerId): void {
    this.#table.probe(peerId);
  }

  /** See LinkTable.probeAll. */
  probeAll(): void {
    this.dialRequests.reset();
    this.#table.probeAll();
  }

  /** See LinkTable.dialAgain. */
  dialAgain(): void {
    this.dialRequests.reachability.reset();
    this.#table.dialAgain();
  }

  links(): readonly LinkStatus[] {
    return linkStatus(this.#table.peers, this.#uploads, this.#options.secure);
  }

  /** Chunks of a file at linked peers. */
  swarm(fileId: FileId): readonly SwarmProgress[] {
    return swarmProgress(this.#table.peers, fileId, this.#options.provider.sizeOf(fileId) ?? 0);
  }

  /** Peers being served. */
  uploads(): readonly UploadStatus[] {
    return uploadStatus(this.desk, this.#options);
  }

  /** Open connections for chunks. */
  lanes(): LaneCounts {
    return { receiving: this.#table.openLanes, sending: this.#uploads.lanes };
  }

  /** Payload bytes since start. */
  totals(): { readonly sent: number; readonly received: number } {
    return { sent: this.desk.sentBytes, received: this.#received + this.limits.takenIn };
  }

  /** Bans a peer, and its address unless that is loopback, for an hour. Ends the link with it. */
  ban(peerId: PeerId, address: Address): void {
    this.#bans.ban(peerId, address.host, this.#options.clock.nowMs());
    this.#table.drop(peerId, new ShoalError('REFUSED', 'we have banned this peer'));
  }

  #hello() {
    const port = this.#listener?.local.port ?? this.#options.self.port;
    const features = ownFeatures(this.#options.feed !== undefined);
    const own = { ...this.#options.self, port, features, wallMs: this.#options.wallMs?.() };
    return { version: PROTOCOL_VERSION, ...own, ...this.dialRequests.extensions };
  }

  #joined(peer: LinkedPeer): void {
    this.#options.log.debug(`linked to ${peer.contact.name} at ${peer.contact.address.host}`);
    this.announcements.joined(peer);
    this.dialRequests.reachability.linked(peer);
    this.emit('peerJoined', peer.contact);
  }

  #left(peer: LinkedPeer, reason: ShoalError | undefined): void {
    this.#options.log.debug(`link to ${peer.contact.name} ended: ${reason?.message ?? 'goodbye'}`);
    this.#uploads.drop(peer.contact.peerId);
    this.dialRequests.relayHost?.drop(peer.contact.peerId);
    this.emit('peerLeft', peer.contact, reason);
  }

  #misbehaved(who: string, reason: unknown): void {
    this.counters.violations++;
    this.#options.log.debug(`${who} broke the protocol: ${String(reason)}`);
  }

  #grantLane(peer: PeerId, host: string): string {
    const token = this.dialRequests.newToken();
    this.#tokens.grant(token, peer, host, this.#options.clock.nowMs());
    return token;
  }

  #announcePlace(peerId: PeerId, place: number, of: number): void {
    const peer = this.#table.get(peerId);
    if (place === 0) peer?.send({ type: 'serving' });
    else peer?.send({ type: 'queued', place: Math.min(place, 0xffff), of: Math.min(of, 0xffff) });
  }
}
