import type { PeerId } from '../../../Protocol/Ids.ts';
import { onAbort } from '../../../Shared/Async/OnAbort.ts';
import { type Clock, type Random, sleep } from '../../../Shared/Time/Clock.ts';
import type { SourceStatus } from '../../DownloadModel.ts';
import type { FileHolder } from '../../Model.ts';
import { FileSource, type FileSourceEvents, type SourcedContent } from './FileSource.ts';
import { locateAtMs } from './LocateTimes.ts';
import type { RequestDispatcher } from './RequestDispatcher.ts';

/** Maximum of connected sources per file; more of them add only `have` messages. */
const SOURCES_MAX = 40;
/** Maximum of sources dialled at first. The other links are incoming, so that each pair of a swarm links once. */
const DIALLED_MAX = 12;
/** After this time, sources are dialled up to SETTLED_MAX when too few peers have connected. */
const SETTLED_MS = 1_000;
const SETTLED_MAX = 27;
/** Minimum interval between restarts of the early locate schedule, which takes about this long. */
const RELOCATE_MS = 20_000;
/** Maximum of holders kept per file: bounds the memory that a tracker can claim. */
const HOLDERS_MAX = 400;

export interface FileSourcesOptions {
  readonly content: LocatedContent;
  readonly dispatcher: RequestDispatcher;
  readonly clock: Clock;
  readonly random: Random;
}

interface LocatedContent extends SourcedContent {
  /** Queries the trackers for holders. May reject. */
  locate(signal: AbortSignal): Promise<readonly FileHolder[]>;
  /** Number of queries at the start of the schedule that are left out. Default: 0. */
  readonly locatesSkipped?: number;
}

/** Locates and connects the sources of one content. */
export class FileSources {
  readonly #options: FileSourcesOptions;
  readonly #events: Omit<FileSourceEvents, 'retryDue'>;
  readonly #sources = new Map<PeerId, FileSource>();
  /** Peers that connected to us. */
  readonly #near = new Set<PeerId>();
  #signal: AbortSignal | undefined;
  #startedMs = 0;
  #located = false;
  /**
   * Start of the current locate schedule, number of its queries, and a function that ends the wait for the next
   * one.
   */
  #locateBaseMs = 0;
  #locateCount = 0;
  #locateNow: () => void = () => {};
  #relocatedWhenSnubbed = false;
  #nextLocateMs: number | undefined;

  constructor(options: FileSourcesOptions, events: Omit<FileSourceEvents, 'retryDue'>) {
    this.#options = options;
    this.#events = events;
  }

  /** All known sources, connected or not. */
  all(): Iterable<FileSource> {
    return this.#sources.values();
  }

  /** Lists the connected sources. */
  active(): FileSource[] {
    return [...this.#sources.values()].filter((source) => source.source !== undefined);
  }

  /** Number of sources that are connected or being connected. */
  get expected(): number {
    let count = 0;
    for (const source of this.#sources.values())
      if (source.source !== undefined || source.connecting) count++;
    return count;
  }

  /** Whether the trackers were queried and every known holder refused the file. */
  get exhausted(): boolean {
    return this.#located && [...this.#sources.values()].every((source) => source.refused);
  }

  /** Names of the peers at which the file changed, if every known holder has lost it; undefined otherwise. */
  get changedAt(): string | undefined {
    const changed = [...this.#sources.values()].filter((source) => source.hasChanged);
    return this.exhausted && changed.length > 0 ? changed.map(({ name }) => name).join(', ') : undefined;
  }

  /** Milliseconds until the next tracker query; undefined while stopped or during a query. */
  get nextLocateInMs(): number | undefined {
    if (this.#signal === undefined || this.#nextLocateMs === undefined) return undefined;
    return Math.max(0, this.#nextLocateMs - this.#options.clock.nowMs());
  }

  /** Connects sources and queries the trackers repeatedly until `signal` aborts. */
  start(signal: AbortSignal): void {
    this.#signal = signal;
    this.#startedMs = this.#options.clock.nowMs();
    this.#located = false;
    void this.#locate(signal);
    this.tick();
  }

  /** Disconnects all sources; known holders are kept for the next start. */
  stop(): void {
    this.#signal = undefined;
    for (const source of this.#sources.values()) source.leave(false);
  }

  add(holders: readonly FileHolder[]): void {
    let news = false;
    for (const holder of holders) {
      if (holder.near) this.#near.add(holder.peerId);
      const known = this.#sources.get(holder.peerId);
      if (known !== undefined) known.rediscovered(holder);
      else if (this.#sources.size < HOLDERS_MAX) {
        const { dispatcher, content, clock } = this.#options;
        const events = {
          ...this.#events,
          retryDue: () => this.tick(),
          left: (source: FileSource) => {
            this.#events.left(source);
            if (this.active().length === 0) this.#relocate();
          },
        };
        const source = new FileSource(holder, dispatcher.peer(holder), content, clock, events);
        this.#sources.set(holder.peerId, source);
        news = true;
      }
    }
    if (news) this.tick();
  }

  /**
   * Connects the sources whose backoff is over. When they exceed the limit, a random choice keeps the swarm well
   * mixed.
   */
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
        if (source !== undefined) void source.connect(signal);
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

  /**
   * Restarts the locate schedule when no source is left or all are silent: a peer may have a new address. Returns
   * false when the last restart was too recent.
   */
  #relocate(): boolean {
    const nowMs = this.#options.clock.nowMs();
    if (this.#signal === undefined || nowMs - this.#locateBaseMs < RELOCATE_MS) return false;
    this.#locateBaseMs = nowMs;
    this.#locateCount = 1; // Query 0 is due now.
    this.#locateNow();
    return true;
  }

  async #locate(signal: AbortSignal): Promise<void> {
    const { clock, content } = this.#options;
    this.#locateBaseMs = clock.nowMs();
    this.#locateCount = content.locatesSkipped ?? 0;
    while (!signal.aborted) {
      this.#nextLocateMs = this.#locateBaseMs + locateAtMs(this.#locateCount++);
      const hurry = new AbortController();
      const stopWaiting = onAbort(signal, () => hurry.abort());
      this.#locateNow = () => hurry.abort();
      await sleep(clock, this.#nextLocateMs - clock.nowMs(), hurry.signal);
      stopWaiting();
      if (signal.aborted) return;
      this.#nextLocateMs = undefined;
      const holders = await content.locate(signal).catch(() => []);
      if (signal.aborted) return;
      this.#located = true;
      this.add(holders);
    }
  }
}
