import { EventEmitter } from 'node:events';
import type { Bitfield } from '../Protocol/Bitfield.ts';
import type { FileDescription } from '../Protocol/FileId.ts';
import type { FileId } from '../Protocol/Ids.ts';
import { Closing } from '../Shared/Async/Closing.ts';
import { type Address, isLoopback } from '../Shared/Network/Address.ts';
import { usableAddresses } from '../Shared/Network/UsableAddresses.ts';
import type { CatalogEntry, PeerContact, PeerSummary } from './Model.ts';
import { KnownPeers } from './Network/Known/KnownPeers.ts';
import { NetworkChangeMonitor } from './Network/Known/NetworkChangeMonitor.ts';
import { NetworkQueries } from './Network/Known/NetworkQueries.ts';
import { PeerQueries } from './Network/Known/PeerQueries.ts';
import { PeerLinks } from './Network/Links/PeerLinks.ts';
import type { NetworkEvents, NetworkManagerOptions } from './Network/ManagerTypes.ts';
import { type NetworkProbes, networkProbes } from './Network/NetworkProbes.ts';
import { PortMapper } from './Network/PortMapping/PortMapper.ts';
import { Trackers } from './Network/Trackers/Trackers.ts';
import type { NetworkHealth } from './NetworkModel.ts';
import type { Source, SourceEvents } from './Transfer.ts';

export { mayDial } from './Network/Links/Dialling/MayDial.ts';
export type { NetworkEvents, NetworkManagerOptions } from './Network/ManagerTypes.ts';

/** Manager of the network: trackers over UDP; links, lanes and serving over TCP. */
export class NetworkManager extends EventEmitter<NetworkEvents> {
  readonly trackers: Pick<Trackers, 'status' | 'noTracker' | 'catalogChanged' | 'queries'>;
  readonly links: Pick<PeerLinks, 'connect' | 'dialFailed' | 'swarm' | 'uploads' | 'totals'>;
  /** Queries to trackers and known peers: search, locate, folder holders, peers. */
  readonly queries: NetworkQueries;
  /** Offers of files to and from other peers. */
  readonly offers: PeerLinks['offers'];
  /** For the doctor. */
  readonly probes: NetworkProbes;
  /** Announcements of this peer's chunks to linked peers. */
  readonly announcements: Pick<PeerLinks['announcements'], 'have' | 'holdings' | 'gone'>;
  /** Serves files to every client that enters it, as lanes do. */
  readonly desk: PeerLinks['desk'];
  readonly limits: Pick<PeerLinks['limits'], 'status' | 'set' | 'inflow'>;
  readonly #options: NetworkManagerOptions;
  readonly #links: PeerLinks;
  readonly #trackers: Trackers;
  readonly #known: KnownPeers;
  readonly #changeMonitor: NetworkChangeMonitor;
  readonly #portMapper: PortMapper | undefined;
  readonly #closing = new Closing();
  readonly #stopping = new AbortController();

  constructor(options: NetworkManagerOptions) {
    super();
    this.#options = options;
    const links = new PeerLinks({
      ...options,
      callByTracker: (peerId) => trackers.queries.call(peerId, this.#stopping.signal),
      namedRelays: () => trackers.queries.relays(this.#stopping.signal),
    });
    const trackers: Trackers = new Trackers({
      ...options,
      uploads: () => links.uploads().length,
      undialable: () => links.dialRequests.reachability.reachable === false,
      relays: () => links.dialRequests.offersRelay,
    });
    this.#links = links;
    this.links = links;
    this.offers = links.offers;
    this.desk = links.desk;
    this.limits = links.limits;
    this.announcements = links.announcements;
    this.#trackers = trackers;
    this.trackers = trackers;
    this.probes = networkProbes({ ...options, trackers, links });
    this.#known = new KnownPeers({ ...options, self: options.self.peerId, links, trackers });
    const { book } = this.#known;
    const peers = new PeerQueries({ ...options, links, book });
    this.queries = new NetworkQueries({
      ...options,
      trackers,
      peers,
      book,
      linked: () => this.linkedPeers(),
    });
    this.#changeMonitor = new NetworkChangeMonitor({
      ...options,
      changed: (what) => this.#networkChanged(what),
    });
    const { router } = options;
    const mapped = () => links.dialRequests.reachability.reset();
    this.#portMapper = router && new PortMapper({ ...options, router, mapped });
    this.#connectTrackers();
    this.#connectLinks();
  }

  /**
   * Listens for peers, then starts tracker sessions and discovery; does not wait for a tracker.
   * @throws ShoalError PORT_IN_USE
   */
  async start(options: { port: number }): Promise<void> {
    this.#closing.add(async () => this.#options.pump?.close());
    this.#closing.add(() => this.#links.close());
    await this.#links.start({ port: options.port });
    this.#closing.add(() => this.#trackers.close());
    await this.#trackers.start();
    this.#closing.add(() => this.#known.close());
    this.#known.start(this.#options.discovery ? this.#trackers.rememberedPeers : []);
    this.#closing.add(() => this.#changeMonitor.close());
    this.#changeMonitor.start();
    this.#closing.add(async () => this.#portMapper?.close());
    this.#portMapper?.start(this.#links.local.port);
  }

  /** Deregisters at trackers and closes all links; safe to call twice. */
  close(): Promise<void> {
    this.#stopping.abort();
    return this.#closing.run();
  }

  // ---- trackers

  /**
   * Waits until a tracker is connected and has received the catalog, at most `maxMs`; returns at once if linked
   * peers have taken the tracker's place. True: a tracker is connected.
   */
  async ready(maxMs: number): Promise<boolean> {
    if (this.#known.withoutTracker && this.#links.links().length > 0) return false;
    return this.#trackers.ready(maxMs);
  }

  hasTracker(): boolean {
    return this.#trackers.connected;
  }

  // ---- peers

  linkedPeers(): readonly PeerSummary[] {
    return this.#links
      .links()
      .map(({ peer, link }) => ({ ...peer, files: undefined, bytes: undefined, linked: true, link }));
  }

  /**
   * The numeric form of an address whose host may be a name.
   * @throws ShoalError UNREACHABLE (unknown name), CANCELLED
   */
  async resolve({ host, port }: Address, signal: AbortSignal): Promise<Address> {
    const [first = host] = await this.#options.lookup(host, signal);
    return { host: first, port };
  }

  /** Lists files of another peer below a folder, in pages. @throws ShoalError like connect, and BAD_FRAME */
  async *listFiles(
    contact: PeerContact,
    folder: string,
    signal: AbortSignal,
  ): AsyncGenerator<readonly CatalogEntry[]> {
    const peer = await this.#links.peer(contact, signal);
    yield* peer.listFiles(folder, signal);
  }

  /** @throws ShoalError like connect; INTEGRITY, NOT_FOUND */
  async describe(contact: PeerContact, fileId: FileId, signal: AbortSignal): Promise<FileDescription> {
    return (await this.#links.peer(contact, signal)).describe(fileId, signal);
  }

  async openSource(
    contact: PeerContact,
    fileId: FileId,
    events: SourceEvents,
    signal: AbortSignal,
    known?: 'complete',
  ): Promise<Source> {
    return (await this.#links.peer(contact, signal)).openSource(fileId, events, signal, known);
  }

  async openBundles(
    contact: PeerContact,
    bundles: Bitfield,
    events: SourceEvents,
    signal: AbortSignal,
  ): Promise<Source> {
    return (await this.#links.peer(contact, signal)).openBundles(bundles, events);
  }

  ban(contact: PeerContact): void {
    if (contact.peerId !== undefined) this.#links.ban(contact.peerId, contact.address);
  }

  /** Ends the link with that peer within seconds unless it responds. */
  probe(contact: PeerContact): void {
    if (contact.peerId !== undefined) this.#links.probe(contact.peerId);
  }

  /** Counts of refusals and drops since the start, and the descriptors in use. */
  health(): NetworkHealth {
    const { descriptors, firewall, foreignDatagrams = () => 0, interfaces, pump } = this.#options;
    const { counters, dialRequests } = this.#links;
    const droppedDatagrams = this.#trackers.dropped + foreignDatagrams();
    const { reachable } = dialRequests.reachability;
    return {
      ...counters,
      droppedDatagrams,
      descriptors: descriptors(),
      addresses: usableAddresses(interfaces()),
      sending: pump?.state,
      lanes: this.#links.lanes(),
      reachable,
      firewall: firewall?.(),
      relay: dialRequests.relayHost?.status,
      portMapping: this.#portMapper?.status,
    };
  }

  limitFor(contact: PeerContact): number | undefined {
    return this.#links.limits.limitFor(contact.address.host);
  }

  #connectTrackers(): void {
    const trackers = this.#trackers;
    trackers.on('trackerFound', (tracker) => {
      this.#trackersChanged();
      // The network may have just recovered: connections stalled since the outage would otherwise take as long
      // again.
      this.#links.probeAll();
      this.emit('trackerFound', tracker);
    });
    trackers.on('trackerLost', (tracker, reason) => {
      this.#trackersChanged();
      this.emit('trackerLost', tracker, reason);
    });
    trackers.on('moved', (from, to) => this.emit('trackerMoved', from, to));
    trackers.on('embedded', (tracker) => this.emit('trackerEmbedded', tracker));
    trackers.on('called', (peerId, address) => this.#links.dialRequests.called({ peerId, address }));
    trackers.on('peerSeen', (address) => {
      const contact = { peerId: undefined, name: '', address };
      this.#known.book.add(contact, 'dns-sd', this.#options.clock.nowMs());
    });
  }

  #connectLinks(): void {
    const { clock } = this.#options;
    const links = this.#links;
    const { book } = this.#known;
    links.on('peerJoined', (peer) => {
      if (peer.relayedBy === undefined) book.linked(peer, clock.nowMs());
    });
    links.on('peerLeft', (peer, reason) => {
      if (reason !== undefined) this.#trackers.suspect(peer.address.host);
      this.emit('peerLeft', peer);
    });
    links.on('peerFound', (contact, introducer) => book.add(contact, 'exchange', clock.nowMs(), introducer));
    links.on('served', (peer, fileId, bytes) => this.emit('served', peer, fileId, bytes));
    links.on('servedBundle', (peer, files) => this.emit('servedBundle', peer, files));
    links.on('hasAll', (peer, fileId) => this.emit('hasAll', peer, fileId));
    links.on('trackerNamed', (address) => this.#trackers.suggest(address));
    links.on('offered', (peer, requestId, offer) => this.emit('offered', peer, requestId, offer));
    links.on('sourceFound', (fileId, contact) =>
      this.emit('sourceFound', fileId, { ...contact, complete: false }),
    );
  }

  /** Handles a new address or a wake-up from sleep. */
  #networkChanged(what: 'moved' | 'slept'): void {
    this.#trackers.reannounce();
    this.#links.probeAll();
    this.#portMapper?.renew();
    if (what === 'moved') this.#links.dialAgain();
    this.#known.restart();
  }

  /** Announces the connected trackers to linked peers. */
  #trackersChanged(): void {
    const connected = this.#trackers.status().filter(({ state }) => state === 'connected');
    this.#links.announcements.trackers(
      connected.map(({ address }) => ({ address, onMyHost: isLoopback(address.host) })),
    );
    this.#known.trackersChanged();
  }
}
