import type { TrackerReply } from '../../../Protocol/TrackerMessages.ts';
import { BoundedMap } from '../../../Shared/BoundedMap.ts';
import { type Address, formatAddress, isLoopback } from '../../../Shared/Network/Address.ts';
import type { Clock, Random } from '../../../Shared/Time/Clock.ts';
import type { TrackerStatus } from '../../Model.ts';
import { planHome } from './ClusterHome.ts';
import { ClusterSpares } from './ClusterSpares.ts';
import { HoldDowns } from './HoldDowns.ts';
import type { PooledTracker } from './PooledTracker.ts';
import type { SharedSessionOptions } from './Session/SessionTypes.ts';
import { type LinkEvent, TrackerLink } from './Session/TrackerLink.ts';
import { surplusTrackers, type UsedTracker } from './TrackerChoice.ts';

/** A surplus or refusing tracker is not contacted again for this long. */
const DECLINE_MS = 300_000;
/**
 * The same after `connect` was answered but no heartbeat: perhaps only datagrams were lost, so a later discovery
 * round may retry.
 */
const SILENT_MS = 20_000;
const DECLINED_MAX = 256;
/**
 * A tracker of a cluster comes back, others having answered for this long: it was away, not the network of this peer,
 * whose trackers all come back within one retry (SessionTiming).
 */
const AWAY_ALONE_MS = 5_000;
/** A discovered tracker that is silent for this long is dropped; discovery finds it again when it returns. */
const FORGET_MS = 120_000;

export interface TrackerPoolOptions extends SharedSessionOptions {
  readonly clock: Clock;
  readonly isOurs: (host: string) => boolean;
  readonly send: (bytes: Uint8Array, to: Address) => void;
  readonly onEvent: (tracker: PooledTracker, event: LinkEvent) => void;
}

/** Tracker sessions by address: configured, discovered and embedded ones. */
export class TrackerPool {
  readonly #options: TrackerPoolOptions;
  readonly #byAddress = new Map<string, PooledTracker>();
  readonly #declinedUntilMs = new BoundedMap<string, number>(DECLINED_MAX);
  readonly #spares = new ClusterSpares();
  readonly #holds = new HoldDowns();
  #cancelHold: () => void = () => {};
  #closed = false;

  constructor(options: TrackerPoolOptions) {
    this.#options = options;
  }

  all(): PooledTracker[] {
    return [...this.#byAddress.values()];
  }

  connected(): PooledTracker[] {
    return this.all().filter(({ link }) => link.session.standing.state === 'connected');
  }

  /** Connected and not closing. */
  staying(): PooledTracker[] {
    return this.connected().filter(({ successor }) => successor === undefined);
  }

  /** Opens a session, unless one exists or the tracker was declined recently. */
  open(address: Address, foundBy: TrackerStatus['foundBy']): void {
    const key = formatAddress(address);
    if (this.#byAddress.has(key)) return;
    const fixed = foundBy === 'configured' || foundBy === 'embedded';
    if (!fixed && (this.#isDeclined(key) || this.#isAlias(address))) return;
    const { clock, onEvent: _, ...session } = this.#options;
    const link = new TrackerLink({
      ...session,
      address,
      clock,
      unlimited: isLoopback(address.host),
      // One each: no tracker can pose as another to this peer.
      queryToken: newToken(this.#options.random),
      onEvent: (event) => this.#onEvent(tracker, event),
    });
    const tracker: PooledTracker = {
      link,
      foundBy,
      everConnected: false,
      successor: undefined,
      lostMs: undefined,
      connectedMs: Number.NEGATIVE_INFINITY,
    };
    this.#byAddress.set(key, tracker);
    link.start();
  }

  /** Opens a session with a configured tracker in place of the one at its former address. */
  replace(former: Address | undefined, address: Address): void {
    const tracker = former && this.get(former);
    if (tracker?.foundBy === 'configured') this.drop(tracker);
    this.open(address, 'configured');
  }

  /**
   * Passes a reply to the session with `from`, or to the session whose request it answers: a host with several
   * addresses may answer from another one than was asked. Transaction ids are random and prove the origin; unsolicited
   * messages have none, and come from an address that has answered before. False: no session takes the reply.
   */
  receive(from: Address, transactionId: number, reply: TrackerReply): boolean {
    const key = formatAddress(from);
    const known = this.get(from);
    if (known?.link.receive(transactionId, reply) === true) return true;
    for (const { link } of this.#byAddress.values()) {
      if (link === known?.link) continue;
      const isCandidate =
        transactionId === 0 ? link.alternative === key : link.session.isPending(transactionId);
      if (!isCandidate || !link.receive(transactionId, reply)) continue;
      link.alternative = key;
      return true;
    }
    return false;
  }

  catalogChanged(): void {
    for (const { link } of this.#byAddress.values()) link.catalogChanged();
  }

  /** Closes a session without deregistering, and declines the tracker for `declineMs`. */
  drop(tracker: PooledTracker, declineMs = 0): void {
    tracker.link.close();
    const key = formatAddress(tracker.link.address);
    if (this.#byAddress.get(key) === tracker) this.#byAddress.delete(key);
    if (declineMs > 0) this.#declinedUntilMs.set(key, this.#options.clock.nowMs() + declineMs);
  }

  /** Trackers to query; closing ones only if there is no other. */
  queryable(): PooledTracker[] {
    const staying = this.staying();
    return staying.length > 0 ? staying : this.connected();
  }

  get(address: Address): PooledTracker | undefined {
    return this.#byAddress.get(formatAddress(address));
  }

  /** Connected trackers with their instance ids. */
  used(): UsedTracker[] {
    return this.connected().flatMap(({ link, foundBy, successor }) => {
      const { instanceId } = link.session.standing;
      const closing = successor !== undefined;
      return instanceId === undefined ? [] : [{ address: link.address, foundBy, instanceId, closing }];
    });
  }

  /** Whether a tracker is not contacted because another one of its cluster is in use. */
  isSpare(address: Address): boolean {
    return this.get(address) === undefined && this.#spares.has(address);
  }

  /** Other trackers of a cluster, for use when this one is lost. */
  sparesOf({ link }: PooledTracker): readonly Address[] {
    const { cluster } = link.session.standing.alive ?? {};
    if (cluster === undefined) return [];
    return this.#spares
      .of(cluster)
      .map(({ address }) => address)
      .filter((address) => formatAddress(address) !== formatAddress(link.address));
  }

  close(): void {
    this.#closed = true;
    this.#cancelHold();
    for (const tracker of this.all()) this.drop(tracker);
  }

  #onEvent(tracker: PooledTracker, event: LinkEvent): void {
    const { clock } = this.#options;
    const { cluster, trackers = [] } = tracker.link.session.standing.alive ?? {};
    if (event.kind === 'connected') {
      if (cluster !== undefined && this.#wasAway(tracker, cluster)) this.#hold(tracker);
      tracker.everConnected = true;
      tracker.lostMs = undefined;
      tracker.connectedMs = clock.nowMs();
      if (cluster !== undefined) tracker.successor = undefined; // Of its earlier run.
    }
    if (event.kind === 'lost') tracker.lostMs = clock.nowMs();
    if (cluster !== undefined) {
      if (event.kind === 'clusterNamed') this.#spares.named(cluster, trackers, tracker.link.address);
      // The successor that it names is one for all peers: each has a home of its own.
      if (event.kind === 'moved') tracker.successor = formatAddress(event.successor);
    }
    this.#options.onEvent(tracker, event);
    if (event.kind === 'connected') this.#dropSurplus();
    if (event.kind === 'lost') this.#declinedUntilMs.clear(); // A surplus tracker may be needed now.
    if (cluster !== undefined) this.#reviewHome(cluster);
    this.#dropUnusable();
  }

  /** Whether a tracker comes back that was lost while others of its cluster answered. */
  #wasAway(tracker: PooledTracker, cluster: string): boolean {
    const beforeMs = this.#options.clock.nowMs() - AWAY_ALONE_MS;
    const isOther = (other: PooledTracker) =>
      other !== tracker &&
      other.connectedMs <= beforeMs &&
      other.link.session.standing.alive?.cluster === cluster;
    return tracker.lostMs !== undefined && tracker.everConnected && this.connected().some(isOther);
  }

  /** Damps a tracker of a cluster that was away, and reviews the home when its hold-down is over. */
  #hold({ link }: PooledTracker): void {
    const { clock } = this.#options;
    this.#holds.returned(formatAddress(link.address), clock.nowMs());
    this.#awaitHold();
  }

  #awaitHold(): void {
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    const endMs = this.#holds.nextEndMs(nowMs);
    this.#cancelHold();
    if (endMs === Number.POSITIVE_INFINITY) return;
    this.#cancelHold = clock.after(endMs - nowMs, () => {
      for (const { link } of this.staying()) {
        const { cluster } = link.session.standing.alive ?? {};
        if (cluster !== undefined) this.#reviewHome(cluster);
      }
      this.#awaitHold();
    });
  }

  /** Keeps one tracker of a cluster, the home, and goes over to another one when it is lost or about to close. */
  #reviewHome(cluster: string): void {
    if (this.#closed) return;
    const members = this.staying().filter(
      ({ link, foundBy }) => foundBy !== 'embedded' && link.session.standing.alive?.cluster === cluster,
    );
    for (const { link, foundBy } of members) this.#spares.used(cluster, { address: link.address, foundBy });
    const nowMs = this.#options.clock.nowMs();
    const isHeld = (address: Address) => this.#holds.isHeld(formatAddress(address), nowMs);
    const used = members.map(({ link: { address, session } }) => ({
      address,
      isHeld: isHeld(address),
      caughtUp: session.caughtUp,
    }));
    const spares = this.#spares.of(cluster);
    // Without a home any spare will do, also one that was left for a better one.
    const isRefused = (address: Address) => used.length > 0 && this.#isDeclined(formatAddress(address));
    const free = spares.filter(({ address }) => this.get(address) === undefined && !isRefused(address));
    const plan = planHome(
      this.#options.self.peerId,
      used,
      free.map(({ address }) => ({ address, isHeld: isHeld(address) })),
    );
    for (const address of plan.leave) {
      const tracker = this.get(address);
      if (tracker === undefined) continue;
      void tracker.link.leave();
      this.drop(tracker, isHeld(address) ? 0 : DECLINE_MS);
    }
    for (const address of plan.open) {
      const spare = spares.find((each) => each.address === address);
      if (spare === undefined) continue;
      this.#declinedUntilMs.delete(formatAddress(address));
      this.open(address, spare.foundBy);
    }
  }

  #dropSurplus(): void {
    const used = this.used();
    for (const { address, instanceId } of surplusTrackers(used)) {
      const tracker = this.get(address);
      if (tracker === undefined) continue;
      const elsewhere = used.filter((other) => other.instanceId === instanceId).length > 1;
      // Deregistering would also end the session with the same tracker at its other address.
      if (!elsewhere) void tracker.link.leave();
      this.drop(tracker, DECLINE_MS);
    }
  }

  /** Drops discovered trackers that refuse this peer, never answered a heartbeat, or are lost for long. */
  #dropUnusable(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const tracker of this.all()) {
      const { foundBy, everConnected, successor, lostMs, link } = tracker;
      if (foundBy === 'configured' || foundBy === 'embedded' || lostMs === undefined) continue;
      // A refusing tracker may be the only one and may still accept: the address of the last run expires soon.
      const refuses = link.session.standing.refusal !== undefined;
      if (refuses && this.connected().length > 0) this.drop(tracker, DECLINE_MS);
      // A member of a cluster that does not answer is tried again when the home is lost.
      else if (!refuses && !everConnected) this.drop(tracker, foundBy === 'cluster' ? DECLINE_MS : SILENT_MS);
      else if (successor !== undefined || nowMs - lostMs > FORGET_MS) this.drop(tracker);
    }
  }

  #isDeclined(key: string): boolean {
    return this.#options.clock.nowMs() < (this.#declinedUntilMs.get(key) ?? Number.NEGATIVE_INFINITY);
  }

  /** The same port at two addresses of this host is one tracker. */
  #isAlias({ host, port }: Address): boolean {
    const { isOurs } = this.#options;
    return (
      isOurs(host) && this.all().some(({ link }) => link.address.port === port && isOurs(link.address.host))
    );
  }
}

/** 8 random bytes as hex digits. */
function newToken(random: Random): string {
  const bytes = Array.from({ length: 8 }, () => Math.floor(random() * 256));
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
