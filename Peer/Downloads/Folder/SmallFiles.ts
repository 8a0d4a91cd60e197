import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import { asShoalError, ShoalError } from '../../../Shared/ShoalError.ts';
import type { FileHolder, SourceStatus } from '../../Model.ts';
import type { SmallFileInstaller } from '../../Storage.ts';
import type { ChunkOutcome } from '../../Transfer.ts';
import type { TaskContext } from '../File/Task.ts';
import { locateAtMs } from '../Sources/LocateTimes.ts';
import { Bundle, BundleMemory, type BundleVerdict } from './Bundle.ts';
import type { FolderItem } from './FolderItem.ts';
import { LazyPart } from './LazyPart.ts';
import { RefusedItems } from './RefusedItems.ts';
import { SmallFileSource } from './SmallFileSource.ts';

/** Maximum of files that are requested or being written, and the weight of a bundle: bounds memory. */
const ACTIVE_MAX = 400;
const BUNDLE_WEIGHT = 25;
/** Files that the trackers locate at once while no peer is connected. */
const LOCATES_AT_ONCE = 8;
/** The first scheduled queries are skipped: they would be due before the first link can be up. */
const LOCATES_SKIPPED = 2;

export interface SmallFilesEvents {
  done(item: FolderItem, path: string): void;
  failed(item: FolderItem): void;
  /** The disk failed; the whole folder stops. */
  stopped(reason: ShoalError): void;
  received(bytes: number): void;
  wasted(bytes: number): void;
  /** Sources connected or disconnected. */
  sourcesChanged(): void;
}

/**
 * Fetches the one-chunk files of a folder without a chunk list or a round trip per file: requests are pipelined
 * within the window of each holder. A file that one holder refuses is requested from the next.
 */
export class SmallFiles {
  readonly #context: TaskContext;
  readonly #priority: number;
  readonly #events: SmallFilesEvents;
  readonly #signal: AbortSignal;
  readonly #sources = new Map<PeerId, SmallFileSource>();
  readonly #refused: RefusedItems;
  #active = 0;
  #throttled = false;
  readonly #startMs: number;
  #locates = LOCATES_SKIPPED;
  readonly #items: readonly FolderItem[];
  readonly #itemOf: (fileId: FileId) => FolderItem | undefined;
  /** Undefined: the storage does not support bundles. */
  readonly #installer: SmallFileInstaller | undefined;
  readonly #memory = new BundleMemory();
  #idle: (() => void) | undefined;

  /**
   * @param items - each ends with `done` or `failed`, or stays `wanted` when the signal aborts
   * @param itemOf - finds an item by its FileId
   */
  constructor(
    context: TaskContext,
    priority: number,
    items: readonly FolderItem[],
    itemOf: (fileId: FileId) => FolderItem | undefined,
    signal: AbortSignal,
    events: SmallFilesEvents,
  ) {
    this.#items = items;
    this.#itemOf = itemOf;
    this.#installer = context.parts.openInstaller?.(
      items.map(({ paths }) => paths[0]),
      {
        installed: ({ fileId }, path) => this.#placed(fileId, path),
        failed: (_, reason) => events.stopped(reason),
      },
    );
    this.#context = context;
    this.#priority = priority;
    this.#events = events;
    this.#signal = signal;
    this.#startMs = context.clock.nowMs();
    this.#refused = new RefusedItems({
      clock: context.clock,
      signal,
      locate: (item) => this.#locate(item),
      offer: (item, holders) => this.offer(item, holders),
      failed: events.failed,
    });
  }

  /** Number of connected peers. */
  get sources(): number {
    return [...this.#sources.values()].filter(({ reached }) => reached).length;
  }

  start(): void {
    const queues = queuesOf(this.#items);
    for (const item of this.#items) if (item.holders.size === 0) this.#refused.add(item);
    if (!this.#signal.aborted) for (const [holder, queue] of queues) this.#source(holder).push(queue);
    this.#signal.addEventListener('abort', () => this.#stop(), { once: true });
    if (this.#signal.aborted) this.#stop();
  }

  /** Queues an item at further holders. */
  offer(item: FolderItem, holders: Iterable<FileHolder>): void {
    if (this.#signal.aborted) return;
    for (const holder of holders) this.#source(holder).push([item]);
  }

  /** Resolves when no request is open: after the signal aborted, or all items ended. */
  async closed(): Promise<void> {
    if (this.#active > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    for (const source of this.#sources.values()) source.detach();
    await this.#installer?.close();
  }

  /** Queries the trackers for holders of some files while no peer is connected. */
  tick(): void {
    const nowMs = this.#context.clock.nowMs();
    this.#refused.tick();
    if (this.sources > 0 || nowMs - this.#startMs < locateAtMs(this.#locates)) return;
    this.#locates++;
    const wanted = this.#items.filter(({ state }) => state === 'wanted').slice(0, LOCATES_AT_ONCE);
    for (const item of wanted) void this.#locate(item).then((holders) => this.#tryAll(item, holders));
  }

  /** Milliseconds until the next tracker query; undefined while a peer is connected. */
  nextLocateInMs(nowMs: number): number | undefined {
    if (this.sources > 0 || this.#signal.aborted) return undefined;
    return Math.max(0, this.#startMs + locateAtMs(this.#locates) - nowMs);
  }

  /**
   * Queues all wanted items at the located holders: a holder of one file may have the others, or have a new
   * address.
   */
  #tryAll(located: FolderItem, holders: readonly FileHolder[]): void {
    if (this.#signal.aborted) return;
    const complete = holders.filter((holder) => holder.complete);
    for (const holder of complete) this.#context.dispatcher.peer(holder);
    for (const item of this.#items) {
      if (item === located || item.state === 'wanted') this.offer(item, item.addHolders(complete));
    }
  }

  status(): SourceStatus[] {
    return [...this.#sources.values()].map((source) => source.status());
  }

  #source(holder: FileHolder): SmallFileSource {
    const known = this.#sources.get(holder.peerId);
    if (known !== undefined) return known;
    const source = new SmallFileSource(this.#context, this.#priority, holder, {
      mayStart: () => {
        this.#throttled ||= this.#active >= ACTIVE_MAX;
        return !this.#signal.aborted && this.#active < ACTIVE_MAX;
      },
      start: (item) => void this.#fetch(source, item),
      startBundle: (bundled) => void this.#fetchBundle(source, bundled),
      refused: (item) => this.#refuse(item, holder.peerId, undefined),
      received: this.#events.received,
      sourcesChanged: this.#events.sourcesChanged,
    });
    this.#sources.set(holder.peerId, source);
    return source;
  }

  async #fetch(source: SmallFileSource, item: FolderItem): Promise<void> {
    item.state = 'requested';
    this.#active++;
    const part = new LazyPart(this.#context.parts, item);
    const { outcome, received } = await source.fetch(item, part, this.#signal);
    try {
      if (outcome.kind === 'verified') {
        const path = await part.finishPart();
        item.state = 'done';
        this.#events.done(item, path);
      } else {
        await part.discard();
        if (received > 0) this.#events.wasted(received);
        this.#retry(source, item, outcome);
      }
    } catch (failure) {
      item.state = 'wanted';
      this.#events.stopped(asShoalError(failure, 'DISK_FAILED'));
    } finally {
      this.#ended(1);
    }
  }

  async #fetchBundle(source: SmallFileSource, items: readonly FolderItem[]): Promise<void> {
    if (this.#installer === undefined) throw new Error('a bundle, and nobody to place it');
    markAsked(items);
    this.#active += BUNDLE_WEIGHT;
    const bundle = new Bundle(items, this.#installer, this.#memory);
    const { outcome, received } = await source.fetchBundle(bundle, this.#signal);
    const came = outcome.kind === 'verified' || outcome.kind === 'corrupt';
    if (!came && received > 0) this.#events.wasted(received);
    if (came) this.#applyVerdicts(source, bundle);
    else for (const item of items) this.#retryFromBundle(source, item, outcome);
    this.#ended(BUNDLE_WEIGHT);
  }

  #applyVerdicts(source: SmallFileSource, { items, verdicts }: Bundle): void {
    items.forEach((item, index) => {
      const verdict = verdicts[index] ?? 'wrong';
      if (verdict !== 'right') this.#missing(source, item, verdict);
    });
  }

  /** Handles a file that was refused, corrupt or not written in a delivered bundle. */
  #missing(source: SmallFileSource, item: FolderItem, verdict: Exclude<BundleVerdict, 'right'>): void {
    item.state = 'wanted';
    if (typeof verdict !== 'string') {
      this.#events.stopped(verdict);
      return;
    }
    if (verdict === 'wrong') this.#events.wasted(item.size);
    if (!this.#signal.aborted)
      this.#refuse(item, source.peerId, verdict === 'wrong' ? corrupt(item) : undefined);
  }

  /** Requests the items of a rejected bundle alone, since one of them may be the cause. */
  #retryFromBundle(source: SmallFileSource, item: FolderItem, outcome: ChunkOutcome): void {
    if (outcome.kind !== 'rejected' || outcome.code === 'busy') {
      this.#retry(source, item, outcome);
      return;
    }
    item.alone = true;
    this.#retry(source, item, { kind: 'cancelled' });
  }

  #placed(fileId: FileId, path: string): void {
    const item = this.#itemOf(fileId);
    if (item === undefined || item.state === 'done') return;
    item.state = 'done';
    this.#events.done(item, path);
  }

  /** Requests an item from another holder after a failed request. */
  #retry(source: SmallFileSource, item: FolderItem, outcome: ChunkOutcome): void {
    item.state = 'wanted';
    if (this.#signal.aborted) return;
    if (outcome.kind === 'disk') {
      if (outcome.reason.code !== 'LOCAL_CONFLICT') {
        this.#events.stopped(outcome.reason);
        return;
      }
      item.error = outcome.reason;
      item.state = 'failed';
      this.#events.failed(item);
      return;
    }
    const gone =
      outcome.kind === 'corrupt' ||
      (outcome.kind === 'rejected' && outcome.code !== 'busy' && outcome.code !== 'cancelled');
    if (outcome.kind === 'rejected' && outcome.code === 'changed') item.changed = true;
    if (gone) {
      this.#refuse(item, source.peerId, outcome.kind === 'corrupt' ? corrupt(item) : undefined);
      return;
    }
    this.offer(item, item.holders.values());
  }

  #refuse(item: FolderItem, peerId: PeerId, why: ShoalError | undefined): void {
    if (item.state !== 'wanted') return;
    item.refuse(peerId);
    item.error = why ?? item.error;
    if (item.holders.size === 0) this.#refused.add(item);
    else this.offer(item, item.holders.values());
  }

  #locate(item: FolderItem): Promise<readonly FileHolder[]> {
    return this.#context.network.queries.locate(item.fileId, this.#signal).catch(() => []);
  }

  #ended(weight: number): void {
    this.#active -= weight;
    if (this.#active === 0) this.#idle?.();
    if (!this.#throttled) return;
    this.#throttled = false;
    for (const source of this.#sources.values()) source.wake();
  }

  #stop(): void {
    for (const source of this.#sources.values()) source.cancelRequests();
  }
}

function corrupt(item: FolderItem): ShoalError {
  return new ShoalError('INTEGRITY', `every source of ${item.paths[0]} sent corrupt data`);
}

function markAsked(items: readonly FolderItem[]): void {
  for (const item of items) item.state = 'requested';
}

/**
 * Builds the queue of each holder; every item starts a new attempt. Consecutive items mostly share one holder
 * table.
 */
function queuesOf(items: readonly FolderItem[]): Map<FileHolder, FolderItem[]> {
  const queues = new Map<FileHolder, FolderItem[]>();
  let holders: FolderItem['holders'] | undefined;
  let current: FolderItem[][] = [];
  for (const item of items) {
    item.retry();
    if (item.holders !== holders) {
      holders = item.holders;
      current = [...holders.values()].map((holder) => {
        const queue = queues.get(holder) ?? [];
        queues.set(holder, queue);
        return queue;
      });
    }
    for (const queue of current) queue.push(item);
  }
  return queues;
}
