import type { networkInterfaces } from 'node:os';
import { TRACKER_PORT, TRACKER_PORT_LAST } from '../../../Protocol/Limits.ts';
import type { Address } from '../../../Shared/Network/Address.ts';
import type { Clock, Random } from '../../../Shared/Time/Clock.ts';
import type { Self, TrackerStatus } from '../../Model.ts';
import { Discovery, type DiscoveryAction, trackerPorts } from './Discovery.ts';
import type { DnsSdService, OpenDnsSd } from './DnsSdService.ts';
import { broadcastHosts, isOnLan, isOwnHost, multicastHosts } from './LanAddresses.ts';
import { Probes } from './Probes.ts';

export interface TrackerDiscoveryOptions {
  readonly self: Self;
  readonly interfaces: typeof networkInterfaces;
  readonly dnsSd: OpenDnsSd | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly send: (bytes: Uint8Array, to: Address) => void;
  /** Opens a session with a possible tracker. */
  readonly open: (address: Address, foundBy: TrackerStatus['foundBy']) => void;
  readonly peerSeen: (address: Address) => void;
  /** Starts an embedded tracker and reports the result to discovery. */
  readonly embed: (port: number) => void;
}

/** Performs the actions of Discovery with socket, timer and DNS-SD. */
export class TrackerDiscovery {
  readonly discovery: Discovery;
  readonly #options: TrackerDiscoveryOptions;
  readonly #probes: Probes;
  #dnsSd: DnsSdService | undefined;
  #cancelTimer: () => void = () => {};
  #closed = false;

  constructor(options: TrackerDiscoveryOptions) {
    this.#options = options;
    this.#probes = new Probes(options.random);
    this.discovery = new Discovery({
      random: options.random,
      isOurs: (host) => isOwnHost(options.interfaces(), host),
    });
  }

  start(remembered: readonly Address[]): void {
    this.#openDnsSd();
    this.dispatch((discovery, nowMs) => discovery.start(remembered, nowMs));
  }

  /** Passes an event to Discovery and performs the resulting actions. */
  dispatch(event: (discovery: Discovery, nowMs: number) => void): void {
    if (this.#closed) return;
    event(this.discovery, this.#options.clock.nowMs());
    this.#act();
  }

  /** Handles an answer to `connect` that belongs to no session. False: it matches no probe either. */
  answered(transactionId: number, from: Address): boolean {
    const source = this.#probes.match(transactionId, from, this.#options.clock.nowMs());
    if (source === undefined || this.#closed) return false;
    this.dispatch((discovery, nowMs) => discovery.answered(source, from, nowMs));
    return true;
  }

  /** Announces the embedded tracker at that port; undefined withdraws the announcement. */
  announceTracker(port: number | undefined): void {
    this.#dnsSd?.announceTracker(port, this.#options.self);
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer();
    await this.#dnsSd?.close();
  }

  #openDnsSd(): void {
    const { dnsSd, self, peerSeen } = this.#options;
    this.#dnsSd = dnsSd?.({
      trackerSeen: (address) => this.dispatch((discovery) => discovery.announced(address)),
      peerSeen: (address) => {
        if (!this.#closed) peerSeen(address);
      },
      failed: (reason) => this.discovery.report.dnsSdFailed(reason),
    });
    if (dnsSd === undefined) this.discovery.report.dnsSdFailed('it is switched off');
    this.#dnsSd?.announcePeer(self);
  }

  #act(): void {
    for (const action of this.discovery.takeActions()) this.#perform(action);
    this.#cancelTimer();
    const { clock } = this.#options;
    const { nextMs } = this.discovery;
    if (this.#closed || !Number.isFinite(nextMs)) return;
    this.#cancelTimer = clock.after(nextMs - clock.nowMs(), () =>
      this.dispatch((discovery, nowMs) => discovery.tick(nowMs)),
    );
  }

  #perform(action: DiscoveryAction): void {
    const { clock, send, open, embed } = this.#options;
    if (action.kind === 'probe') {
      const bytes = this.#probes.probe(action.source, action.targets, clock.nowMs());
      for (const target of action.targets) send(bytes, target);
    } else if (action.kind === 'broadcast') this.#broadcast();
    else if (action.kind === 'open') open(action.address, action.source);
    else embed(action.port);
  }

  #broadcast(): void {
    const { interfaces, clock, send } = this.#options;
    const now = interfaces();
    const hosts = [...broadcastHosts(now), ...multicastHosts(now)];
    const bytes = this.#probes.broadcast(
      ({ host, port }) => port >= TRACKER_PORT && port <= TRACKER_PORT_LAST && isOnLan(now, host),
      clock.nowMs(),
    );
    for (const target of hosts.flatMap(trackerPorts)) send(bytes, target);
    this.discovery.report.asked('broadcast', hosts);
  }
}
