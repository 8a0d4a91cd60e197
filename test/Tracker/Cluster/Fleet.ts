import { createHash } from 'node:crypto';
import type { FileId } from '../../../Protocol/Ids.ts';
import { NO_TOKEN } from '../../../Protocol/PeerProof.ts';
import {
  decodeReply,
  encodeRequest,
  type Hit,
  type PublishedEntry,
  type ReplyOf,
  type RequestOf,
  type TrackerReply,
  type TrackerRequest,
} from '../../../Protocol/TrackerMessages.ts';
import { type Address, formatAddress } from '../../../Shared/Network/Address.ts';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import { decodeRecord, isQuestion } from '../../../Tracker/Cluster/BusRecords.ts';
import type { Datagram } from '../../../Tracker/Questions/OwnPart.ts';
import { TrackerLogic } from '../../../Tracker/TrackerLogic.ts';
import { SimulatedClock } from '../../Support/SimulatedClock.ts';
import { withToken } from '../Asker.ts';
import { heartbeatOf, runOf } from '../peers.ts';

const STEP_MS = 1_000;
/** Number of paths that fit a datagram. */
const ENTRIES_PER_PAGE = 10;

export interface FleetOptions {
  readonly seed?: number;
  /** Maximum delay of a record on the bus, with reordering. By default all arrive at once, in order. */
  readonly delayMs?: number;
  readonly duplicateRatio?: number;
  readonly lossRatio?: number;
}

/**
 * Trackers of one cluster on a bus with delay, duplication, loss and partitions, and peers whose datagrams arrive at
 * once.
 */
export class Fleet {
  readonly clock = new SimulatedClock();
  readonly trackers: TrackerLogic[] = [];
  /** Replies by address of the receiver, the newest last. */
  readonly #received = new Map<string, { transactionId: number; reply: TrackerReply }[]>();
  readonly #random: SeededRandom;
  readonly #options: FleetOptions;
  readonly #apart = new Set<number>();
  #transaction = 1_000;
  /** Records on the bus since the start, and the number of the last question in them. */
  records = 0;
  lastQuestion = 0;

  constructor(count: number, options: FleetOptions = {}) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed ?? 1);
    for (let number = 0; number < count; number++) this.add();
  }

  /** Starts one more tracker, at 10.9.0.<number>. */
  add(host = `10.9.0.${this.trackers.length + 1}`): TrackerLogic {
    const number = this.trackers.length;
    const logic = new TrackerLogic({
      instanceId: runOf(100 + number),
      secret: this.#random.bytes(32),
      wallClock: () => 0,
      cluster: { name: 'lab', address: { host, port: 6_881 } },
    });
    this.trackers.push(logic);
    logic.cluster?.connected(true, this.clock.nowMs());
    const step = () => {
      this.#handle(number, logic.expire(this.clock.nowMs()));
      this.clock.after(STEP_MS, step);
    };
    this.clock.after(STEP_MS, step);
    this.#handle(number, []);
    return logic;
  }

  /** Separates a tracker from the bus, unnoticed by itself. */
  separate(number: number): void {
    this.#apart.add(number);
  }

  heal(number: number): void {
    this.#apart.delete(number);
  }

  /** Kills a tracker. */
  kill(number: number): void {
    this.separate(number);
  }

  at(number: number): TrackerLogic {
    const logic = this.trackers[number];
    if (logic === undefined) throw new Error(`no tracker ${number}`);
    return logic;
  }

  /** A peer that registers at a tracker and publishes these paths. @returns its address */
  join(
    tracker: number,
    peer: number,
    paths: readonly string[] = [],
    changes: Partial<RequestOf<'heartbeat'>> = {},
  ): Address {
    const from = addressOf(peer);
    this.ask(tracker, from, heartbeatOf(peer, { queryToken: tokenOf(peer), ...changes }));
    if (paths.length > 0) {
      const { peerId, instanceId } = heartbeatOf(peer);
      const entries = paths.map(
        (path): PublishedEntry => ({ kind: 'file', path, size: 10, fileId: contentOf(path) }),
      );
      const pages = Math.ceil(entries.length / ENTRIES_PER_PAGE);
      for (let page = 0; page < pages; page++) {
        const own = entries.slice(page * ENTRIES_PER_PAGE, (page + 1) * ENTRIES_PER_PAGE);
        const facts = { peerId, instanceId, token: NO_TOKEN, version: 1, base: 0, page, pages };
        this.ask(tracker, from, { type: 'publish', ...facts, entries: own });
      }
    }
    return from;
  }

  /** Sends a request and returns its transaction id. */
  ask(tracker: number, from: Address, request: TrackerRequest): number {
    const logic = this.at(tracker);
    const transactionId = ++this.#transaction;
    const nowMs = this.clock.nowMs();
    const [connected] = logic.receive(encodeRequest('', 1, { type: 'connect' }), from, nowMs);
    const { reply } = decodeReply(connected?.bytes ?? Buffer.alloc(0));
    const cookie = reply.type === 'connected' ? reply.connectionId : '';
    const bytes = encodeRequest(cookie, transactionId, withToken(logic, from, request));
    this.#handle(tracker, logic.receive(bytes, from, nowMs));
    return transactionId;
  }

  /** Sends a request, lets `ms` pass, and returns all replies to it. */
  async answers<T extends TrackerReply['type']>(
    type: T,
    tracker: number,
    from: Address,
    request: TrackerRequest,
    ms = 350,
  ): Promise<ReplyOf<T>[]> {
    const transactionId = this.ask(tracker, from, request);
    await this.clock.advanceAsync(ms);
    return this.replies(from, transactionId).map((reply) => {
      if (reply.type !== type) throw new Error(`${reply.type}: ${JSON.stringify(reply)}`);
      return reply as ReplyOf<T>;
    });
  }

  /** Unsolicited messages to an address. */
  unsolicited(to: Address): TrackerReply[] {
    return this.replies(to, 0);
  }

  /** Paths of all hits of a search at one tracker, each once. */
  async found(
    tracker: number,
    from: Address,
    words: string,
  ): Promise<{ paths: string[]; trackers: unknown }> {
    const { hits, trackers } = await this.hits(tracker, from, words);
    return { paths: [...new Set(hits.map(({ path }) => path))].toSorted(), trackers };
  }

  /** All hits of a search at one tracker, index pages included. */
  async hits(
    tracker: number,
    from: Address,
    words: string,
  ): Promise<{ hits: readonly Hit[]; trackers: unknown }> {
    const pages = await this.answers('found', tracker, from, { type: 'search', words, cursor: 0 });
    const index = pages.find(({ part }) => part === 'whole' || part === 'index');
    const end = pages.find(({ part }) => part === 'whole' || part === 'last');
    if (index === undefined || end === undefined) throw new Error(`${pages.length} pages without an end`);
    for (let next = index.next; next > 0; ) {
      const [page] = await this.answers('found', tracker, from, { type: 'search', words, cursor: next }, 1);
      if (page === undefined) break;
      pages.push(page);
      next = page.next;
    }
    return { hits: pages.flatMap((page) => page.hits), trackers: end.trackers };
  }

  replies(to: Address, wanted: number): TrackerReply[] {
    return (this.#received.get(formatAddress(to)) ?? [])
      .filter(({ transactionId }) => transactionId === wanted)
      .map(({ reply }) => reply);
  }

  #handle(tracker: number, datagrams: readonly Datagram[]): void {
    const logic = this.at(tracker);
    for (const { bytes, to } of datagrams) {
      if (bytes.length > 1_200) throw new Error(`a datagram of ${bytes.length} bytes`);
      const key = formatAddress(to);
      this.#received.set(key, [...(this.#received.get(key) ?? []), decodeReply(bytes)]);
    }
    for (const { to, bytes } of logic.takeRecords()) {
      const record = decodeRecord(bytes);
      if (isQuestion(record)) this.lastQuestion = record.question;
      for (const [number, other] of this.trackers.entries()) {
        const isMeant = to === 'all' || to === runOf(100 + number);
        if (other !== logic && isMeant) this.#carry(tracker, number, bytes);
      }
    }
    const { nextEndMs } = logic;
    if (nextEndMs !== undefined && nextEndMs > this.clock.nowMs()) {
      this.clock.after(nextEndMs - this.clock.nowMs(), () => {
        this.#handle(tracker, logic.expire(this.clock.nowMs()));
      });
    }
  }

  #carry(from: number, to: number, bytes: Uint8Array): void {
    const { delayMs = 0, duplicateRatio = 0, lossRatio = 0 } = this.#options;
    this.records++;
    if (this.#apart.has(from) || this.#apart.has(to) || this.#random.chance(lossRatio)) return;
    const copies = this.#random.chance(duplicateRatio) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.clock.after(delayMs === 0 ? 0 : this.#random.int(0, delayMs), () => {
        if (this.#apart.has(to)) return;
        this.#handle(to, this.at(to).receiveRecord(bytes, this.clock.nowMs()));
      });
    }
  }
}

export function addressOf(peer: number): Address {
  return {
    host: `10.${Math.floor(peer / 60_000)}.${Math.floor(peer / 250) % 250}.${1 + (peer % 250)}`,
    port: 40_000,
  };
}

function tokenOf(peer: number): string {
  return peer.toString(16).padStart(16, '0');
}

/** Content of a path: equal names have equal content. */
export function contentOf(path: string): FileId {
  return createHash('sha256').update(path).digest('hex') as FileId;
}
