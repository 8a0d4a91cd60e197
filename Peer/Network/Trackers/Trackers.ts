import { EventEmitter } from 'node:events';
import type { PeerId } from '../../../Protocol/Ids.ts';
import { decodeReply } from '../../../Protocol/TrackerMessages.ts';
import { Closing } from '../../../Shared/Async/Closing.ts';
import { type Address, formatAddress, formatNamed } from '../../../Shared/Network/Address.ts';
import type { DatagramSocket } from '../../../Shared/Network/Transport.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { sleep } from '../../../Shared/Time/Clock.ts';
import type { TrackerPlace, TrackerStatus } from '../../Model.ts';
import type { DiscoveryStep } from '../../NetworkModel.ts';
import { configuredStep, stepLines } from '../Discovery/DiscoveryReport.ts';
import { isOwnHost } from '../Discovery/LanAddresses.ts';
import { TrackerDiscovery } from '../Discovery/TrackerDiscovery.ts';
import { ConfiguredTrackers } from './ConfiguredTrackers.ts';
import { ContactMemory } from './ContactMemory.ts';
import { DiscoveryTriggers } from './DiscoveryTriggers.ts';
import { EmbeddedRole } from './EmbeddedRole.ts';
import { seenFromHere } from './MergeAnswers.ts';
import { noTracker } from './NoTracker.ts';
import { type PooledTracker, statusOf } from './PooledTracker.ts';
import { Readiness } from './Readiness.ts';
import type { LinkEvent } from './Session/TrackerLink.ts';
import { TrackerPool } from './TrackerPool.ts';
import { TrackerQueries } from './TrackerQueries.ts';
import type { TrackersEvents, TrackersOptions } from './TrackersTypes.ts';

/** Catalog changes within this time are published together. */
const GATHER_CHANGES_MS = 75;
/** Upper bound on waiting for trackers to confirm `leave`. */
const GOODBYE_MS = 250;
/** A tracker that replied within this time is not probed. */
const SUSPECT_MS = 500;

export type { TrackersEvents, TrackersOptions } from './TrackersTypes.ts';

/** All trackers of this peer: discovery, sessions, publication and queries. */
export class Trackers extends EventEmitter<TrackersEvents> {
  readonly queries: TrackerQueries;
  readonly #options: TrackersOptions;
  readonly #pool: TrackerPool;
  readonly #configured: ConfiguredTrackers;
  readonly #memory: ContactMemory;
  readonly #trackerDiscovery: TrackerDiscovery;
  readonly #triggers: DiscoveryTriggers;
  readonly #embedded: EmbeddedRole;
  readonly #closing = new Closing();
  readonly #readiness: Readiness;
  #starting: Promise<void> | undefined;
  #socket: DatagramSocket | undefined;
  #cancelChange: (() => void) | undefined;
  #ended: Promise<void> | undefined;
  #dropped = 0;

  constructor(options: TrackersOptions) {
    super();
    this.#options = options;
    const isOurs = (host: string) => isOwnHost(options.interfaces(), host);
    const send = (bytes: Uint8Array, to: Address) => this.#socket?.send(bytes, to);
    const viewpoint = () => ({ self: options.self.peerId, isOurs });
    this.#memory = new ContactMemory(options.remembered, options.log);
    this.#pool = new TrackerPool({
      ...options,
      isOurs,
      send,
      onEvent: (tracker, event) => this.#onLinkEvent(tracker, event),
    });
    this.#readiness = new Readiness({
      clock: options.clock,
      isConnected: () => this.connected,
      isReady: () => this.#pool.connected().some(({ link }) => link.session.caughtUp),
      expectsOwnBy: (atMs) =>
        this.#trackerDiscovery.discovery.startsOwnBy(atMs) ||
        this.#pool.all().some(({ foundBy }) => foundBy === 'embedded'),
    });
    const links = () => this.#pool.queryable().map(({ link }) => link);
    const noTracker = (cause?: ShoalError) => this.noTracker(cause);
    this.queries = new TrackerQueries({ links, viewpoint, noTracker, clock: options.clock });
    this.#configured = new ConfiguredTrackers({
      ...options,
      isConnected: (address) =>
        this.#pool.isSpare(address) || this.#pool.get(address)?.link.session.standing.state === 'connected',
      resolved: (address, former) => this.#pool.replace(former, address),
      failed: (tracker, reason) => this.#reportLost(tracker, reason),
    });
    this.#trackerDiscovery = new TrackerDiscovery({
      ...options,
      send,
      open: (address, foundBy) => this.#pool.open(address, foundBy),
      peerSeen: (peer) => this.emit('peerSeen', peer),
      embed: (port) => void this.#embedded.start(port),
    });
    this.#triggers = new DiscoveryTriggers({
      self: options.self,
      pool: this.#pool,
      trackerDiscovery: this.#trackerDiscovery,
      isOurs,
      moved: (from, to) => this.emit('moved', from, to),
    });
    this.#embedded = new EmbeddedRole({
      ...options,
      pool: this.#pool,
      trackerDiscovery: this.#trackerDiscovery,
      viewpoint,
      noTracker,
      started: (address) => this.emit('embedded', address),
    });
  }

  /** Number of datagrams dropped because they were invalid or matched no pending request. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Peers of this or an earlier run, newest first, to dial when no tracker is found. */
  get rememberedPeers(): readonly { readonly peerId: PeerId; readonly address: Address }[] {
    return this.#memory.peers;
  }

  /**
   * Binds the socket and starts sessions and discovery; does not wait for a tracker.
   * @throws ShoalError from `bind`, CANCELLED
   */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** Deregisters at all trackers within about 300 ms. Safe to call twice and during start. */
  close(): Promise<void> {
    this.#ended ??= this.#close();
    return this.#ended;
  }

  /** Publishes a new catalog version after GATHER_CHANGES_MS. */
  catalogChanged(): void {
    if (this.#ended !== undefined) return;
    this.#cancelChange ??= this.#options.clock.after(GATHER_CHANGES_MS, () => {
      this.#cancelChange = undefined;
      this.#pool.catalogChanged();
    });
  }

  status(): readonly TrackerStatus[] {
    const { feed, clock } = this.#options;
    const shown = this.#pool
      .all()
      .filter(({ everConnected, foundBy }) => everConnected || foundBy === 'configured');
    const nowMs = clock.nowMs();
    return [
      ...this.#configured.status(feed.version),
      ...shown.map((tracker) => ({
        ...statusOf(tracker, this.#pool.sparesOf(tracker), feed.version, nowMs),
        name: this.#configured.nameOf(tracker.link.address),
      })),
    ];
  }

  /** Reports the outcome of each discovery source, one line each; safe to print. */
  discoveryReport(): readonly string[] {
    const steps = this.discoverySteps();
    const lines = stepLines(steps);
    if (steps[0]?.outcome !== 'unused')
      return [...lines, 'Discovery is off because trackers are configured.'];
    return this.#options.discovery ? lines : [...lines, 'Discovery is switched off.'];
  }

  /** The configured trackers; without any, and with discovery, its sources and the embedded tracker. */
  discoverySteps(): readonly DiscoveryStep[] {
    const configured = configuredStep(this.status());
    if (configured.outcome !== 'unused' || !this.#options.discovery) return [configured];
    return [configured, ...this.#trackerDiscovery.discovery.report.steps(), ...this.#embedded.steps()];
  }

  /**
   * Waits until a tracker is connected and holds the current catalog, at most `maxMs`; longer while none is found and
   * this peer is about to start its own. Without any source of trackers there is no wait. True: a tracker is
   * connected.
   */
  async ready(maxMs: number): Promise<boolean> {
    const { configured, discovery } = this.#options;
    if (configured.length > 0 || discovery) await this.#readiness.wait(maxMs);
    return this.connected;
  }

  /** Whether any tracker is connected. */
  get connected(): boolean {
    return this.#pool.connected().length > 0;
  }

  /** The error of a command that needs a tracker. @param cause - the first failed query */
  noTracker(cause?: ShoalError): ShoalError {
    return noTracker(this.status(), cause);
  }

  /** Saves peers for the next run, the best first. */
  remember(peers: readonly { readonly peerId: PeerId; readonly address: Address }[]): Promise<void> {
    this.#memory.metPeers(peers);
    return this.#memory.save();
  }

  /** Sends heartbeats now and restarts discovery, after a change of address or a sleep. */
  reannounce(): void {
    for (const { link } of this.#pool.all()) link.announce();
    if (this.#isSearching) this.#trackerDiscovery.dispatch((discovery, nowMs) => discovery.suspected(nowMs));
  }

  /** Probes trackers at a host where a peer vanished: the tracker may be gone too. */
  suspect(host: string): void {
    const nowMs = this.#options.clock.nowMs();
    for (const { link } of this.#pool.connected()) {
      const quiet = nowMs - link.session.standing.lastReplyMs > SUSPECT_MS;
      if (link.address.host === host && quiet) link.announce();
    }
  }

  /** Probes a tracker named by a linked peer, if discovery is on. */
  suggest(tracker: Address): void {
    if (this.#isSearching && this.#pool.get(tracker) === undefined)
      this.#trackerDiscovery.dispatch((discovery) => discovery.named(tracker));
  }

  get #isSearching(): boolean {
    return this.#options.configured.length === 0 && this.#options.discovery;
  }

  async #start(): Promise<void> {
    const { bind, configured, discovery, log } = this.#options;
    const socket = await bind({ port: 0, broadcast: this.#isSearching });
    this.#closing.add(() => socket.close());
    if (this.#ended !== undefined) throw new ShoalError('CANCELLED', 'closed during start');
    this.#socket = socket;
    socket.onMessage((bytes, from) => this.#receive(bytes, from));
    this.#closing.add(() => this.#pool.close());
    this.#closing.add(() => this.#embedded.close());
    this.#closing.add(() => this.#trackerDiscovery.close());
    this.#closing.add(() => this.#configured.close());
    await this.#memory.load();
    if (this.#ended !== undefined) throw new ShoalError('CANCELLED', 'closed during start');
    this.#configured.start();
    if (this.#isSearching) this.#trackerDiscovery.start(this.#memory.trackers);
    else if (configured.length === 0 && !discovery) {
      log.info(
        'No tracker is configured and discovery is off: use "connect HOST:PORT" to reach other peers.',
      );
    }
  }

  async #close(): Promise<void> {
    this.#readiness.close();
    this.#cancelChange?.();
    await this.#starting?.catch(() => {}); // Reported to the caller of `start`.
    await this.#embedded.nameSuccessor();
    const { clock } = this.#options;
    const heard = new AbortController();
    const goodbyes = this.#pool.connected().map(({ link }) => link.leave());
    void Promise.all(goodbyes).then(() => heard.abort());
    if (goodbyes.length > 0) await sleep(clock, GOODBYE_MS, heard.signal);
    await this.#closing.run();
    if (this.#socket !== undefined) await this.#memory.save();
  }

  #receive(bytes: Uint8Array, from: Address): void {
    let answer: ReturnType<typeof decodeReply>;
    try {
      answer = decodeReply(bytes);
    } catch (failure) {
      if (!(failure instanceof ShoalError)) throw failure;
      this.#dropped++;
      return;
    }
    const { transactionId, reply } = answer;
    if (this.#pool.receive(from, transactionId, reply)) return;
    const found = reply.type === 'connected' && this.#trackerDiscovery.answered(transactionId, from);
    if (!found) this.#dropped++;
  }

  #onLinkEvent(tracker: PooledTracker, event: LinkEvent): void {
    if (this.#ended !== undefined) return;
    const { address } = tracker.link;
    if (event.kind === 'queried') this.#options.log.debug(`${formatAddress(address)} relays: ${event.text}`);
    if (event.kind === 'queried') return;
    if (event.kind === 'called') {
      const caller = seenFromHere(event, address.host);
      if (caller !== undefined) this.emit('called', event.peerId, caller);
      return;
    }
    if (event.kind === 'connected') {
      if (tracker.foundBy !== 'embedded') this.#memory.tracker(address);
      this.emit('trackerFound', this.#placeOf(address));
      if (tracker.successor === undefined)
        this.#trackerDiscovery.dispatch((discovery) => discovery.connected());
    }
    if (event.kind === 'lost') {
      const expected =
        tracker.successor !== undefined || !(tracker.everConnected || tracker.foundBy === 'configured');
      if (!expected) this.#reportLost(this.#placeOf(address), event.reason);
      this.#configured.review();
    }
    if (this.#isSearching) this.#triggers.onLinkEvent(tracker, event);
    this.#embedded.review();
    this.#readiness.check();
  }

  #placeOf(address: Address): TrackerPlace {
    return { ...address, name: this.#configured.nameOf(address) };
  }

  #reportLost(tracker: TrackerPlace, why: string): void {
    const reason = new ShoalError('NO_TRACKER', `tracker ${formatNamed(tracker)}: ${why}`, {
      hint: `Retries continue every few seconds. Check that it runs and that its firewall accepts UDP ${tracker.port}.`,
    });
    this.#options.log.debug(`${reason.message}. ${reason.hint ?? ''}`);
    this.emit('trackerLost', tracker, reason);
  }
}
