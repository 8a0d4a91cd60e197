import { createHash } from 'node:crypto';
import type { FileId, InstanceId, PeerId } from '../Protocol/Ids.ts';
import { decodeReply, encodeRequest, type TrackerRequest } from '../Protocol/TrackerMessages.ts';
import type { Address } from '../Shared/Network/Address.ts';
import type { BusConnection } from '../Tracker/Cluster/Bus.ts';
import { MemoryBus } from '../Tracker/Cluster/MemoryBus.ts';
import { TrackerLogic } from '../Tracker/TrackerLogic.ts';

/** Peers of the trackers that are not measured at full size. */
const SMALL_PEERS = 200;
/** Largest tracker that is simulated; a larger one is extrapolated. */
const FULL_PEERS_MAX = 100_000;
const FILES_PER_PEER = 10;
/** Questions and heartbeats measured, with `effort` 1. */
const SEARCHES = 150;
const LOCATES = 500;
const HEARTBEATS = 30_000;
/** Simulated milliseconds between two questions, which keeps all rates. */
const PACE_MS = 20;
const STEP_MS = 1_000;

export interface ClusterSimulation {
  readonly trackers: number;
  readonly peers: number;
  /** Scales the number of questions and heartbeats that are measured. Default 1. */
  readonly effort?: number;
}

/** Measurements of one tracker at full size, and of small other ones. CPU in microseconds. */
export interface ClusterMeasures {
  readonly fullPeers: number;
  /** Resident MiB of the tracker at full size. */
  readonly mebibytes: number;
  readonly heartbeatUs: number;
  /** CPU of the asking tracker, including the merge of all answers, and of an asked one. */
  readonly askSearchUs: number;
  readonly answerSearchUs: number;
  readonly askLocateUs: number;
  readonly answerLocateUs: number;
  /** Records on the bus, and their bytes, of one search and one locate. */
  readonly searchRecords: number;
  readonly searchBytes: number;
  readonly locateRecords: number;
  readonly locateBytes: number;
}

/** Runs the real logic: one tracker with its whole share of the peers, the others with a few. */
export async function measureCluster({
  trackers,
  peers,
  effort = 1,
}: ClusterSimulation): Promise<ClusterMeasures> {
  const [searches, locates, heartbeats] = [SEARCHES, LOCATES, HEARTBEATS].map((count) =>
    Math.ceil(count * effort),
  ) as [number, number, number];
  const fullPeers = Math.min(Math.ceil(peers / trackers), FULL_PEERS_MAX);
  const world = await World.open(trackers);
  const before = process.memoryUsage.rss();
  for (let peer = 0; peer < fullPeers; peer++) world.join(0, peer);
  const mebibytes = (process.memoryUsage.rss() - before) / 2 ** 20;
  for (let tracker = 1; tracker < trackers; tracker++) {
    for (let peer = 0; peer < SMALL_PEERS; peer++) world.join(tracker, tracker * 1_000_000 + peer);
  }
  const heartbeatUs = perItem(heartbeats, (at) => world.beat(at % fullPeers));
  const words = (at: number) => `${wordOf(at)} ${wordOf(at + 3)}`;
  // A question of a small tracker measures an answer of the full one; its own question measures the merge.
  const askedSearch = await world.ask(0, searches, (at) => ({ type: 'search', words: words(at), cursor: 0 }));
  const answeredSearch = await world.ask(1, searches, (at) => ({
    type: 'search',
    words: words(at + 7),
    cursor: 0,
  }));
  const fileId = (at: number) => fileIdOf(at % fullPeers, at % FILES_PER_PEER);
  const askedLocate = await world.ask(0, locates, (at) => ({
    type: 'locate',
    fileId: fileId(at),
    cursor: 0,
  }));
  const answeredLocate = await world.ask(1, locates, (at) => ({
    type: 'locate',
    fileId: fileId(at),
    cursor: 0,
  }));
  return {
    fullPeers,
    mebibytes,
    heartbeatUs,
    askSearchUs: askedSearch.cpuUs[0] ?? 0,
    answerSearchUs: answeredSearch.cpuUs[0] ?? 0,
    askLocateUs: askedLocate.cpuUs[0] ?? 0,
    answerLocateUs: answeredLocate.cpuUs[0] ?? 0,
    searchRecords: askedSearch.records / searches,
    searchBytes: askedSearch.bytes / searches,
    locateRecords: askedLocate.records / locates,
    locateBytes: askedLocate.bytes / locates,
  };
}

/** Trackers on a bus in memory, with a manual clock. */
class World {
  readonly #logics: TrackerLogic[] = [];
  readonly #buses: BusConnection[] = [];
  readonly #cookies = new Map<string, string>();
  /** CPU of each tracker since the last reset, in microseconds. */
  #cpuUs: number[] = [];
  #records = 0;
  #bytes = 0;
  #nowMs = 0;
  #transaction = 0;

  static async open(trackers: number): Promise<World> {
    const world = new World();
    const bus = new MemoryBus((_from, _to, bytes, arrive) => {
      world.#records++;
      world.#bytes += bytes.length;
      arrive(bytes);
    });
    for (let number = 0; number < trackers; number++) {
      const self = (0x1000 + number).toString(16).padStart(16, '0') as InstanceId;
      const address = { host: `10.255.${number >> 8}.${number & 255}`, port: 6_881 };
      const logic = new TrackerLogic({
        instanceId: self,
        secret: createHash('sha256').update(`tracker ${number}`).digest(),
        wallClock: () => 0,
        peersMax: 1_000_000,
        cluster: { name: 'simulated', address },
      });
      world.#logics.push(logic);
      world.#buses.push(
        await bus.open(self, {
          message: (bytes) => world.#timed(number, () => logic.receiveRecord(bytes, world.#nowMs)),
          connected: () => {},
          lost: () => {},
        }),
      );
      world.#nowMs += STEP_MS;
      logic.cluster?.connected(true, world.#nowMs);
      world.#publish(number);
      world.#step();
    }
    return world;
  }

  /** The periodic work of a tracker, each second. */
  #step(): void {
    for (const [number, logic] of this.#logics.entries())
      this.#timed(number, () => logic.expire(this.#nowMs));
  }

  join(tracker: number, peer: number): void {
    const from = addressOf(peer);
    const identity = { peerId: peerIdOf(peer), instanceId: INSTANCE };
    const token = this.#logics[tracker]?.tokens.make(from, identity.peerId, INSTANCE) ?? '';
    this.#request(tracker, from, { ...beatOf(peer), ...identity, token });
    const entries = Array.from({ length: FILES_PER_PEER }, (_, at) => {
      const path = pathOf(peer, at);
      return { kind: 'file', path, size: 1_000_000, fileId: fileIdOf(peer, at) } as const;
    });
    const page = { version: 1, base: 0, page: 0, pages: 1, entries };
    this.#request(tracker, from, { type: 'publish', ...identity, token, ...page });
  }

  /** An unchanged heartbeat of a peer of the first tracker. */
  beat(peer: number): void {
    const from = addressOf(peer);
    const peerId = peerIdOf(peer);
    const token = this.#logics[0]?.tokens.make(from, peerId, INSTANCE) ?? '';
    this.#request(0, from, { ...beatOf(peer), peerId, instanceId: INSTANCE, token });
  }

  /** Asks one tracker, one question after the other. @returns CPU of each tracker for each question */
  async ask(
    tracker: number,
    count: number,
    requestOf: (at: number) => TrackerRequest,
  ): Promise<{ readonly cpuUs: readonly number[]; readonly records: number; readonly bytes: number }> {
    this.#cpuUs = [];
    this.#records = 0;
    this.#bytes = 0;
    for (let at = 0; at < count; at++) {
      this.#nowMs += PACE_MS;
      this.#request(tracker, { host: '127.0.0.1', port: 1_000 + at }, requestOf(at));
    }
    const cpuUs = this.#logics.map((_, number) => (this.#cpuUs[number] ?? 0) / count);
    return { cpuUs, records: this.#records, bytes: this.#bytes };
  }

  #request(tracker: number, from: Address, request: TrackerRequest): void {
    const logic = this.#logics[tracker];
    if (logic === undefined) return;
    const key = `${tracker} ${from.host} ${from.port}`;
    let cookie = this.#cookies.get(key);
    if (cookie === undefined) {
      const [connected] = logic.receive(encodeRequest('', 1, { type: 'connect' }), from, this.#nowMs);
      const reply = connected && decodeReply(connected.bytes).reply;
      cookie = reply?.type === 'connected' ? reply.connectionId : '';
      if (from.host !== '127.0.0.1') this.#cookies.set(key, cookie);
    }
    const bytes = encodeRequest(cookie, ++this.#transaction, request);
    this.#timed(tracker, () => logic.receive(bytes, from, this.#nowMs));
  }

  /** Counts the CPU of one tracker, without that of the receivers of its records. */
  #timed(tracker: number, task: () => unknown): void {
    const started = process.cpuUsage();
    task();
    const { user, system } = process.cpuUsage(started);
    this.#cpuUs[tracker] = (this.#cpuUs[tracker] ?? 0) + user + system;
    this.#publish(tracker);
  }

  #publish(tracker: number): void {
    for (const { to, bytes } of this.#logics[tracker]?.takeRecords() ?? [])
      this.#buses[tracker]?.publish(to, bytes);
  }
}

const INSTANCE = '0000000000000001' as InstanceId;

function beatOf(peer: number) {
  return {
    type: 'heartbeat',
    port: 9_000 + (peer % 1_000),
    name: `peer ${peer}`,
    catalogVersion: 1,
    files: FILES_PER_PEER,
    bytes: 10_000_000,
    uploads: 0,
    queryToken: '0011223344556677',
    unlisted: false,
  } as const;
}

function addressOf(peer: number): Address {
  return { host: `10.${(peer >> 16) & 127}.${(peer >> 8) & 255}.${peer & 255}`, port: 40_000 + (peer >> 23) };
}

function peerIdOf(peer: number): PeerId {
  return digest(`peer ${peer}`) as PeerId;
}

function pathOf(peer: number, at: number): string {
  return `${wordOf(peer * 7 + at)} ${wordOf(peer * 3 + at * 5)}/${wordOf(peer + at)} ${wordOf(peer + at + 3)} ${peer}.mp3`;
}

function fileIdOf(peer: number, at: number): FileId {
  return digest(`${peer} ${at}`) as FileId;
}

/** One of 20,000 words. */
function wordOf(number: number): string {
  return `word${digest(`${number % 20_000}`).slice(0, 6)}`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** CPU of one of many items, in microseconds. */
function perItem(count: number, item: (at: number) => void): number {
  const started = process.cpuUsage();
  for (let at = 0; at < count; at++) item(at);
  const { user, system } = process.cpuUsage(started);
  return (user + system) / count;
}
