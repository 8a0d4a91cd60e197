import { fileIdOf, hostOf, keyOf } from '../../bench/Trackers/Names.ts';
import type { CatalogFeed } from '../../Peer/Network/Ports.ts';
import { Trackers } from '../../Peer/Network/Trackers/Trackers.ts';
import { newInstanceId } from '../../Protocol/Ids.ts';
import { peerIdOf } from '../../Protocol/PeerKey.ts';
import { proveWith } from '../../Protocol/PeerProof.ts';
import { silentLog } from '../../Shared/Log.ts';
import { type Address, formatAddress } from '../../Shared/Network/Address.ts';
import { bindDatagramTelling } from '../../Shared/Network/DatagramSockets.ts';
import { systemClock } from '../../Shared/Time/Clock.ts';

const FILES = 2;
/** Peers that start at once. */
const AT_ONCE = 64;
const bind = bindDatagramTelling(silentLog);

/** The tracker part of many peers in one process, each with a UDP socket at an address of its own. */
export class LivePeers {
  readonly #all: readonly Trackers[];

  constructor(count: number, configured: readonly Address[]) {
    this.#all = Array.from({ length: count }, (_, peer) => trackersOf(peer, configured));
  }

  get files(): number {
    return this.#all.length * FILES;
  }

  async start(): Promise<void> {
    const waiting = [...this.#all];
    const worker = async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await next.start();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((trackers) => trackers.close()));
  }

  /** Home of each peer. */
  homes(): readonly (string | undefined)[] {
    return this.#all.map((_, peer) => this.homeOf(peer));
  }

  /**
   * Home of a peer: the one tracker that is connected and holds its catalog; undefined: there is none, or there are
   * two.
   */
  homeOf(peer: number): string | undefined {
    const connected = this.#all[peer]?.status().filter(({ state }) => state === 'connected') ?? [];
    const [home, ...others] = connected;
    const isSettled = home !== undefined && others.length === 0 && home.heldVersion === home.version;
    return isSettled ? formatAddress(home.address) : undefined;
  }

  /** Longest interval of heartbeats. */
  intervalMs(): number {
    const intervals = this.#all.flatMap((trackers) =>
      trackers.status().map(({ intervalMs = 0 }) => intervalMs),
    );
    return intervals.reduce((longest, one) => Math.max(longest, one), 0);
  }

  /** Whether one peer finds a file of another. */
  async finds(asking: number, wanted: number): Promise<boolean> {
    const path = pathOf(wanted, 0);
    const found = await this.#all[asking]?.queries.search(path, new AbortController().signal);
    return found?.hits.some((hit) => hit.path === path) === true;
  }
}

function trackersOf(peer: number, configured: readonly Address[]): Trackers {
  const key = keyOf(peer);
  return new Trackers({
    self: {
      peerId: peerIdOf(key),
      instanceId: newInstanceId(Date.now(), peer),
      name: `peer ${peer}`,
      port: 9_000,
    },
    prove: proveWith(key),
    configured,
    discovery: false,
    feed: feedOf(peer),
    remembered: { load: async () => ({ trackers: [], peers: [] }), save: async () => {} },
    bind: () => bind({ host: hostOf(peer), port: 0 }),
    interfaces: () => ({}),
    lookup: async (host) => Promise.reject(new Error(`no name ${host} is needed`)),
    startTracker: async () => Promise.reject(new Error('no peer runs a tracker')),
    dnsSd: undefined,
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    uploads: () => 0,
  });
}

function feedOf(peer: number): CatalogFeed {
  const entries = Array.from({ length: FILES }, (_, at) => {
    const path = pathOf(peer, at);
    return { kind: 'file', path, size: 1_000, fileId: fileIdOf(path) } as const;
  });
  return {
    version: 1,
    files: FILES,
    bytes: FILES * 1_000,
    entries: () => entries,
    changesSince: () => undefined,
    matching: () => [],
  };
}

function pathOf(peer: number, at: number): string {
  return `file ${at} of peer${peer}.txt`;
}
