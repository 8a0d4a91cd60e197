import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import { type Clock, type Random, sleep } from '../../../Shared/Clock.ts';
import { onAbort } from '../../../Shared/OnAbort.ts';
import type { FileHolder, SourceStatus } from '../../Model.ts';
import type { SourceNetwork } from '../Ports.ts';
import { FileSource, type FileSourceEvents } from './FileSource.ts';
import { locateAtMs } from './LocateTimes.ts';
import type { RequestDispatcher } from './RequestDispatcher.ts';

/** Sources of one file that are connected at once; more bring nothing but `have` messages. */
const SOURCES_MAX = 40;
/** … of which we dial so many; the others are those who came to us, so that a swarm has half the links. */
const DIALLED_MAX = 12;
/** … unless too few have come in this time: then we dial until there are so many. */
const SETTLED_MS = 1_000;
const SETTLED_MAX = 27;
/** The early looks take about this long, and are begun anew at most so often. */
const RELOCATE_MS = 20_000;
/** Holders of one file that are remembered, so that a tracker cannot fill our memory. */
const HOLDERS_MAX = 400;

export interface FileSourcesOptions {
  readonly fileId: FileId;
  readonly network: SourceNetwork;
  readonly dispatcher: RequestDispatcher;
  readonly clock: Clock;
  readonly random: Random;
  /** Complete holders need not be asked what they have. */
  readonly oneChunk: boolean;
}

/** Everybody who may have one file: found, connected, and connected again. */
export class FileSources {
  readonly #options: FileSourcesOptions;
  readonly #events: Omit<FileSourceEvents, 'retryDue'>;
  readonly #sources = new Map<PeerId, FileSource>();
  readonly #complete = new Set<PeerId>();
  /** Those who came to us. */
  readonly #near = new Set<PeerId>();
  #signal: AbortSignal | undefined;
  #startedMs = 0;
  #located = false;
  /** Since when the early looks are counted, and how to end the wait for the next one. */
  #locateBaseMs = 0;
  #locateCount = 0;
  #locateNow: () => void = () => {};
  #relocatedWhenSnubbed = false;
  #nextLocateMs: number | undefined;

  constructor(options: FileSourcesOptions, events: Omit<FileSourceEvents, 'retryDue'>) {
    this.#options = options;
    this.#events = events;
  }

  /** Those that can be asked. */
  active(): FileSource[] {
    return [...this.#sources.values()].filter((source) => source.source !== undefined);
  }

  /** How many there are or may soon be: linked, or being linked to. */
  get expected(): number {
    let count = 0;
    for (const source of this.#sources.values())
      if (source.source !== undefined || source.connecting) count++;
    return count;
  }

  /** The trackers were asked, and nobody who is known could still give it: they all said that they have it not. */
  get exhausted(): boolean {
    return this.#located && [...this.#sources.values()].every((source) => source.refused);
  }

  /** Until the trackers are asked again; undefined while nothing runs, or while they are asked. */
  get nextLocateInMs(): number | undefined {
    if (this.#signal === undefined || this.#nextLocateMs === undefined) return undefined;
    return Math.max(0, this.#nextLocateMs - this.#options.clock.nowMs());
  }

  /** Connects, and asks the trackers again and again, until `signal` aborts. */
  start(signal: AbortSignal): void {
    this.#signal = signal;
    this.#startedMs = this.#options.clock.nowMs();
    this.#located = false;
    void this.#locate(signal);
    this.tick();
  }

  /** Ends all connections; what is known is kept for the next start. */
  stop(): void {
    this.#signal = undefined;
    for (const source of this.#sources.values()) source.leave(false);
  }

  add(holders: readonly FileHolder[]): void {
    let news = false;
    for (const holder of holders) {
      if (holder.near) this.#near.add(holder.peerId);
      if (holder.complete) this.#complete.add(holder.peerId);
      const known = this.#sources.get(holder.peerId);
      if (known !== undefined) known.rediscovered(holder);
      else if (this.#sources.size < HOLDERS_MAX) {
        const { dispatcher, fileId } = this.#options;
        const events = {
          ...this.#events,
          retryDue: () => this.tick(),
          left: (source: FileSource) => {
            this.#events.left(source);
            if (this.active().length === 0) this.#relocate();
          },
        };
        const source = new FileSource(holder, dispatcher.peer(holder), fileId, this.#options, events);
        this.#sources.set(holder.peerId, source);
        news = true;
      }
    }
    if (news) this.tick();
  }

  /** Connects those whose time has come. With more than there is room for, chance decides, so that a swarm is well mixed. */
  tick(): void {
    const signal = this.#signal;
    if (signal === undefined) return;
    const active = this.active();
    const snubbed = active.length > 0 && active.every(({ isSnubbed }) => isSnubbed);
    this.#relocatedWhenSnubbed = snubbed && (this.#relocatedWhenSnubbed || this.#relocate());
    const nowMs = this.#options.clock.nowMs();
    const idle: FileSource[] = [];
    const near: FileSource[] = [];
    let busy = 0;
    for (const source of this.#sources.values()) {
      if (source.source !== undefined || source.connecting) busy++;
      else if (source.mayConnect(nowMs)) (this.#isNear(source) ? near : idle).push(source);
      if (busy === SOURCES_MAX) return;
    }
    const connect = (from: FileSource[], max: number) => {
      for (; busy < max && from.length > 0; busy++) {
        const [source] = from.splice(Math.floor(this.#options.random() * from.length), 1);
        if (source !== undefined) void source.connect(signal, this.#known(source));
      }
    };
    connect(near, SOURCES_MAX);
    connect(idle, nowMs - this.#startedMs < SETTLED_MS ? DIALLED_MAX : SETTLED_MAX);
  }

  #isNear({ peer }: FileSource): boolean {
    return this.#near.has(peer.holder.peerId);
  }

  status(chunkCount: number): SourceStatus[] {
    return [...this.#sources.values()].map((source) => source.status(chunkCount));
  }

  #known(source: FileSource): 'complete' | undefined {
    return this.#options.oneChunk && this.#complete.has(source.peer.holder.peerId) ? 'complete' : undefined;
  }

  /** The last source is gone, perhaps only to another address, or sends nothing: the trackers are asked as often as in the beginning. False: too soon. */
  #relocate(): boolean {
    const nowMs = this.#options.clock.nowMs();
    if (this.#signal === undefined || nowMs - this.#locateBaseMs < RELOCATE_MS) return false;
    this.#locateBaseMs = nowMs;
    this.#locateCount = 1; // The one that is due now.
    this.#locateNow();
    return true;
  }

  async #locate(signal: AbortSignal): Promise<void> {
    const { clock, network, fileId } = this.#options;
    this.#locateBaseMs = clock.nowMs();
    this.#locateCount = 0;
    while (!signal.aborted) {
      this.#nextLocateMs = this.#locateBaseMs + locateAtMs(this.#locateCount++);
      const hurry = new AbortController();
      const stopWaiting = onAbort(signal, () => hurry.abort());
      this.#locateNow = () => hurry.abort();
      await sleep(clock, this.#nextLocateMs - clock.nowMs(), hurry.signal);
      stopWaiting();
      if (signal.aborted) return;
      this.#nextLocateMs = undefined;
      const holders = await network.queries.locate(fileId, signal).catch(() => []);
      if (signal.aborted) return;
      this.#located = true;
      this.add(holders);
    }
  }
}
