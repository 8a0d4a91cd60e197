import { HEARTBEAT_MAX_MS, HEARTBEAT_MS, HEARTBEAT_PEERS, LOCATE_MS } from '../Protocol/Limits.ts';
import { ANNOUNCE_MS } from '../Tracker/Cluster/Members.ts';
import type { ClusterMeasures, ClusterSimulation } from './TrackerCluster.ts';

/** Activity of the peers. */
export interface ClusterLoad {
  /** Searches of one peer in an hour. */
  readonly searchesPerHour: number;
  /** Share of the peers that are downloading: each looks for holders every LOCATE_MS. */
  readonly downloading: number;
}

/** One tracker of a cluster, computed from measurements. */
export interface TrackerEstimate {
  readonly peers: number;
  readonly mebibytes: number;
  readonly heartbeatsPerSecond: number;
  /** Searches and locates of its own peers. */
  readonly searchesPerSecond: number;
  readonly locatesPerSecond: number;
  /** Records that it sends and receives. */
  readonly recordsPerSecond: number;
  readonly busBytesPerSecond: number;
  /** Share of one core, by cause. */
  readonly cores: Readonly<Record<'heartbeats' | 'searches' | 'locates', number>>;
}

/** Arithmetic: the load of one tracker when all have equal shares of the peers. */
export function estimate(
  { trackers, peers }: ClusterSimulation,
  measured: ClusterMeasures,
  { searchesPerHour, downloading }: ClusterLoad,
): TrackerEstimate {
  const own = Math.ceil(peers / trackers);
  const intervalMs = Math.min(
    Math.max((HEARTBEAT_MS * own) / HEARTBEAT_PEERS, HEARTBEAT_MS),
    HEARTBEAT_MAX_MS,
  );
  const heartbeatsPerSecond = (own * 1_000) / intervalMs;
  const searchesPerSecond = (own * searchesPerHour) / 3_600;
  const locatesPerSecond = (own * downloading * 1_000) / LOCATE_MS;
  // Each tracker answers the questions of all others. A record between two is sent by one and received by the other.
  const others = trackers - 1;
  const scale = own / measured.fullPeers;
  const records =
    2 * (searchesPerSecond * measured.searchRecords + locatesPerSecond * measured.locateRecords) +
    (2 * others * 1_000) / ANNOUNCE_MS;
  const bytes = 2 * (searchesPerSecond * measured.searchBytes + locatesPerSecond * measured.locateBytes);
  const cores = {
    heartbeats: (heartbeatsPerSecond * measured.heartbeatUs) / 1e6,
    searches: (searchesPerSecond * (measured.askSearchUs + others * measured.answerSearchUs) * scale) / 1e6,
    locates: (locatesPerSecond * (measured.askLocateUs + others * measured.answerLocateUs)) / 1e6,
  };
  return {
    peers: own,
    mebibytes: measured.mebibytes * scale,
    heartbeatsPerSecond,
    searchesPerSecond,
    locatesPerSecond,
    recordsPerSecond: records,
    busBytesPerSecond: bytes,
    cores,
  };
}

/** Activity and load, as lines of text. */
export function clusterReport(
  simulation: ClusterSimulation,
  measured: ClusterMeasures,
  load: ClusterLoad,
  one: TrackerEstimate,
): string {
  const us = (value: number) => `${value.toFixed(0)} µs`;
  const percent = (value: number) => `${(value * 100).toFixed(0)} %`;
  const count = (value: number) => Math.round(value).toLocaleString('en');
  const total = one.cores.heartbeats + one.cores.searches + one.cores.locates;
  return [
    `Measured, with the real logic: one tracker with ${count(measured.fullPeers)} peers and 10 files each, ${simulation.trackers - 1} others with 200 peers`,
    `  memory ${measured.mebibytes.toFixed(0)} MiB; a heartbeat ${us(measured.heartbeatUs)} (with making it)`,
    `  a search: ${us(measured.askSearchUs)} at the asking tracker, ${us(measured.answerSearchUs)} at each other one; ${measured.searchRecords.toFixed(1)} records, ${count(measured.searchBytes)} bytes`,
    `  a locate: ${us(measured.askLocateUs)} and ${us(measured.answerLocateUs)}; ${measured.locateRecords.toFixed(1)} records, ${count(measured.locateBytes)} bytes`,
    `Computed: ${count(simulation.peers)} peers on ${simulation.trackers} trackers, each peer ${load.searchesPerHour} searches an hour, ${percent(load.downloading)} downloading`,
    `  one tracker: ${count(one.peers)} peers, ${one.mebibytes.toFixed(0)} MiB, ${count(one.heartbeatsPerSecond)} heartbeats, ${count(one.searchesPerSecond)} searches and ${count(one.locatesPerSecond)} locates of its own a second`,
    `  the bus: ${count(one.recordsPerSecond)} records a second sent and received by one tracker, ${(one.busBytesPerSecond / 1e6).toFixed(1)} MB/s`,
    `  CPU without sockets: ${percent(total)} of a core: heartbeats ${percent(one.cores.heartbeats)}, searches ${percent(one.cores.searches)}, locates ${percent(one.cores.locates)}`,
  ].join('\n');
}
