import { createHash } from 'node:crypto';
import type { NetworkInterfaceInfo } from 'node:os';
import { onTestFinished } from 'vitest';
import type { OpenDnsSd } from '../../../../Peer/Network/Discovery/DnsSdService.ts';
import type { CatalogFeed, ContactStore, StartTracker } from '../../../../Peer/Network/Ports.ts';
import { Trackers } from '../../../../Peer/Network/Trackers/Trackers.ts';
import { type FileId, newInstanceId, type PeerId } from '../../../../Protocol/Ids.ts';
import { TRACKER_PORT } from '../../../../Protocol/Limits.ts';
import type { RelayedFile, RelayQuestion } from '../../../../Protocol/RelayMessages.ts';
import type { PublishedEntry } from '../../../../Protocol/TrackerMessages.ts';
import { silentLog } from '../../../../Shared/Log.ts';
import { type Address, formatAddress, formatNamed } from '../../../../Shared/Network/Address.ts';
import type { LookupName } from '../../../../Shared/Network/NameLookup.ts';
import type { BindDatagram } from '../../../../Shared/Network/Transport.ts';
import type { Bus } from '../../../../Tracker/Cluster/Bus.ts';
import { Tracker, type TrackerOptions } from '../../../../Tracker/Tracker.ts';
import { keyOf } from '../../../Support/keys.ts';
import type { SimulatedNetwork } from '../../../Support/SimulatedNetwork.ts';

/** A catalog changed by the test, with the history for differences. */
export class FakeFeed implements CatalogFeed {
  version = 0;
  readonly #byPath = new Map<string, PublishedEntry>();
  readonly #changes: { version: number; entry: PublishedEntry }[] = [];
  /** Kinds of the requested publications, in order. */
  readonly asked: string[] = [];

  constructor(files = 0, prefix = 'file') {
    if (files > 0)
      this.put(...Array.from({ length: files }, (_, index) => file(`${prefix}-${index}.bin`, index)));
  }

  get files(): number {
    return this.#byPath.size;
  }

  get bytes(): number {
    return [...this.#byPath.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Makes a new version with these entries; `gone` removes. */
  put(...entries: PublishedEntry[]): void {
    this.version++;
    for (const entry of entries) {
      if (entry.kind === 'gone') this.#byPath.delete(entry.path);
      else this.#byPath.set(entry.path, entry);
      this.#changes.push({ version: this.version, entry });
    }
  }

  entries(): readonly PublishedEntry[] {
    this.asked.push('everything');
    return [...this.#byPath.values()];
  }

  matching({ words, fileId }: RelayQuestion): readonly RelayedFile[] {
    const wanted = (entry: PublishedEntry) =>
      fileId === undefined ? entry.path.includes(words) : entry.fileId === fileId;
    const found = [...this.#byPath.values()].filter(wanted);
    return found.map((entry) => ({
      fileId: entry.fileId,
      size: entry.size,
      path: entry.path,
      complete: entry.kind === 'file',
    }));
  }

  changesSince(version: number, until = this.version): readonly PublishedEntry[] | undefined {
    this.asked.push(`since ${version}`);
    const isPart = (change: { version: number }) => change.version > version && change.version <= until;
    const changed = this.#changes.filter(isPart).map(({ entry }) => entry);
    return [...new Map(changed.map((entry) => [entry.path, entry])).values()];
  }
}

export function file(path: string, seed = 1): PublishedEntry {
  return { kind: 'file', path, size: 1_000 + seed, fileId: idOf(`file ${path}`) as FileId };
}

/** An id derived from a word. */
export function idOf(word: string): string {
  return createHash('sha256').update(word).digest('hex');
}

export interface PeerOptions {
  readonly ip: string;
  readonly name: string;
  readonly port?: number;
  readonly configured?: readonly Address[];
  readonly discovery?: boolean;
  readonly feed?: FakeFeed;
  readonly unlisted?: boolean;
  readonly remembered?: readonly Address[];
  readonly dnsSd?: OpenDnsSd;
  readonly lookup?: LookupName;
  /** By default, the sockets of its host. */
  readonly bind?: BindDatagram;
  readonly startTracker?: StartTracker;
}

export interface LanPeer {
  readonly trackers: Trackers;
  readonly feed: FakeFeed;
  readonly peerId: PeerId;
  /** All events of the trackers, as `event address`. */
  readonly events: string[];
  readonly saved: { trackers: readonly Address[] }[];
  readonly embedded: Tracker[];
}

/** Trackers and peers on one simulated network, closed at the end of the test. */
export class TrackerLan {
  readonly network: SimulatedNetwork;
  #salt = 0;

  constructor(network: SimulatedNetwork) {
    this.network = network;
  }

  get clock() {
    return this.network.clock;
  }

  /** A tracker program. */
  async tracker(ip: string, port = TRACKER_PORT, relayOnly = false): Promise<Tracker> {
    const tracker = this.#makeTracker(ip, port, relayOnly);
    await tracker.start();
    return tracker;
  }

  /** A tracker program of a cluster. */
  async member(ip: string, bus: Bus): Promise<Tracker> {
    const cluster = { name: 'lab', address: { host: ip, port: TRACKER_PORT }, bus };
    const tracker = this.#makeTracker(ip, TRACKER_PORT, false, cluster);
    await tracker.start();
    return tracker;
  }

  peer(options: PeerOptions): LanPeer {
    const { ip, name, feed = new FakeFeed() } = options;
    const host = this.network.host(ip);
    const events: string[] = [];
    const saved: { trackers: readonly Address[] }[] = [];
    const embedded: Tracker[] = [];
    const { peerId, prove } = keyOf(name);
    const remembered: ContactStore = {
      load: async () => ({ trackers: options.remembered ?? [], peers: [] }),
      save: async (places) => {
        saved.push(places);
      },
    };
    const trackers = new Trackers({
      self: { peerId, instanceId: this.#instance(), name, port: options.port ?? 9_001 },
      prove,
      configured: options.configured ?? [],
      discovery: options.discovery ?? true,
      feed,
      unlisted: options.unlisted ?? false,
      remembered,
      bind: options.bind ?? host.bindDatagram,
      interfaces: () => ({ lan: [lanInterface(ip)] }),
      lookup: options.lookup ?? (async (text) => Promise.reject(new Error(`unknown name ${text}`))),
      startTracker:
        options.startTracker ??
        (async (port) => {
          const tracker = this.#makeTracker(ip, port);
          await tracker.start();
          embedded.push(tracker);
          return tracker;
        }),
      dnsSd: options.dnsSd,
      clock: this.clock,
      random: this.network.random.fork().next,
      log: silentLog,
      uploads: () => 0,
    });
    trackers.on('trackerFound', (tracker) => events.push(`found ${formatNamed(tracker)}`));
    trackers.on('trackerLost', (tracker, reason) =>
      events.push(`lost ${formatNamed(tracker)}: ${reason.message}`),
    );
    trackers.on('moved', (from, to) => events.push(`moved ${formatAddress(from)} ${formatAddress(to)}`));
    trackers.on('embedded', (tracker) => events.push(`embedded ${formatAddress(tracker)}`));
    onTestFinished(async () => {
      await this.clock.settle(trackers.close());
    });
    return { trackers, feed, peerId, events, saved, embedded };
  }

  /** Advances time until the condition holds. Returns the elapsed milliseconds. @throws Error after `limitMs` */
  async until(condition: () => boolean, limitMs: number, stepMs = 50): Promise<number> {
    const startMs = this.clock.nowMs();
    while (!condition()) {
      const tookMs = this.clock.nowMs() - startMs;
      if (tookMs >= limitMs) throw new Error(`not within ${limitMs} ms`);
      await this.clock.advanceAsync(stepMs);
    }
    return this.clock.nowMs() - startMs;
  }

  #makeTracker(ip: string, port: number, relayOnly = false, cluster?: TrackerOptions['cluster']): Tracker {
    const random = this.network.random.fork();
    return new Tracker({
      bind: this.network.host(ip).bindDatagram,
      clock: this.clock,
      wallClock: this.clock.wallMs,
      randomBytes: (count) => random.bytes(count),
      log: silentLog,
      port,
      relayOnly,
      cluster,
    });
  }

  #instance() {
    return newInstanceId(this.clock.wallMs(), this.#salt++);
  }
}

export function connected({ trackers }: LanPeer): number {
  return trackers.status().filter(({ state }) => state === 'connected').length;
}

export function lanInterface(address: string): NetworkInterfaceInfo {
  return {
    address,
    netmask: '255.255.255.0',
    family: 'IPv4',
    mac: '00:00:00:00:00:00',
    internal: false,
    cidr: `${address}/24`,
  };
}
