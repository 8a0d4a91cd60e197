import type { PeerId } from '../../../Protocol/Ids.ts';
import { BUNDLE_BYTES_MAX, BUNDLE_FILES_MAX } from '../../../Protocol/Limits.ts';
import { RateMeter } from '../../../Shared/RateMeter.ts';
import { asShoalError, type ShoalError } from '../../../Shared/ShoalError.ts';
import type { FileHolder, SourceStatus } from '../../Model.ts';
import type { BundleSource, ChunkOutcome, ChunkWriter, Source } from '../../Transfer.ts';
import type { TaskContext } from '../File/Task.ts';
import { CountedWriter } from '../Sources/CountedWriter.ts';
import { awayReason } from '../Sources/FileSource.ts';
import type { ChunkRequester, SourcePeer } from '../Sources/RequestDispatcher.ts';
import type { Bundle } from './Bundle.ts';
import type { FolderItem } from './FolderItem.ts';

/**
 * A bundle takes about this much of a second, so that a slow source does not hold many files; it has at least
 * BUNDLE_BYTES_MIN.
 */
const BUNDLE_SECONDS = 0.5;
const BUNDLE_BYTES_MIN = 256 * 1_024;

export interface SmallFileSourceEvents {
  mayStart(): boolean;
  /** The item is requested next: call `fetch`. */
  start(item: FolderItem): void;
  /** These items are requested next: call `fetchBundle`. */
  startBundle(items: readonly FolderItem[]): void;
  /** The peer is banned: the item must come from another source. */
  refused(item: FolderItem): void;
  received(bytes: number): void;
  sourcesChanged(): void;
}

/** One peer as a source of the small files of a folder, with a queue of wanted items. */
export class SmallFileSource implements ChunkRequester {
  readonly priority: number;
  readonly small = true;
  readonly #context: TaskContext;
  readonly #events: SmallFileSourceEvents;
  readonly #peer: SourcePeer;
  readonly #meter = new RateMeter();
  /** Queued items that another source has fetched meanwhile are skipped. */
  #queue: FolderItem[] = [];
  #head = 0;
  readonly #open = new Set<Source>();
  /** Undefined until opened; `none`: the peer does not support bundles. */
  #bundles: BundleSource | 'none' | undefined;
  #openRequests = 0;
  #reached = false;
  #wasReached = false;
  #why: SourceStatus['why'];
  #files = 0;
  #bytes = 0;

  constructor(context: TaskContext, priority: number, holder: FileHolder, events: SmallFileSourceEvents) {
    this.#context = context;
    this.priority = priority;
    this.#events = events;
    this.#peer = context.dispatcher.peer(holder);
    if (context.network.openBundles === undefined || context.parts.openInstaller === undefined)
      this.#bundles = 'none';
    context.dispatcher.attach(this.#peer, this);
  }

  get peerId(): PeerId {
    return this.#peer.holder.peerId;
  }

  /** Tells whether the peer has answered and the link is up. */
  get reached(): boolean {
    return this.#reached;
  }

  push(items: readonly FolderItem[]): void {
    if (this.#peer.score.isBanned(this.#context.clock.nowMs())) {
      for (const item of items) this.#events.refused(item);
      return;
    }
    if (this.#queue.length === 0) this.#queue = [...items];
    else for (const item of items) this.#queue.push(item);
    this.wake();
  }

  wake(): void {
    this.#context.dispatcher.wake(this.#peer, this);
  }

  detach(): void {
    if (this.#bundles !== 'none') this.#bundles?.close();
    this.#bundles = undefined;
    this.#reached = false;
    this.#context.dispatcher.detach(this.#peer, this);
  }

  requestNext(roomBytes: number): 'requested' | 'nothing' | 'no room' {
    // One trial request is enough until the peer answers.
    if (!this.#events.mayStart() || (this.#openRequests > 0 && !this.#reached)) return 'nothing';
    const { items, bytes, head } = this.#next();
    const [item] = items;
    if (item !== undefined && bytes > roomBytes) return 'no room';
    this.#head = head;
    if (item === undefined) {
      this.#queue = [];
      this.#head = 0;
      return 'nothing';
    }
    if (this.#asksAlone(item)) this.#events.start(item);
    else this.#events.startBundle(items);
    return 'requested';
  }

  /** Picks the next request, one file or a bundle, and the queue position after it. */
  #next(): { readonly items: readonly FolderItem[]; readonly bytes: number; readonly head: number } {
    const rate = this.#peer.score.bytesPerSecond(this.#context.clock.nowMs()) ?? 0;
    const limit = Math.min(BUNDLE_BYTES_MAX, Math.max(BUNDLE_BYTES_MIN, rate * BUNDLE_SECONDS));
    const items: FolderItem[] = [];
    let bytes = 0;
    let head = this.#head;
    for (; head < this.#queue.length; head++) {
      const item = this.#queue[head];
      if (item?.state !== 'wanted' || !item.holders.has(this.peerId)) continue;
      const alone = this.#asksAlone(item);
      const full = bytes + 1 + item.size > limit || items.length === BUNDLE_FILES_MAX;
      if (items.length > 0 && (alone || full)) break;
      items.push(item);
      bytes += alone ? item.size : 1 + item.size;
      if (!alone) continue;
      head++;
      break;
    }
    return { items, bytes, head };
  }

  #asksAlone(item: FolderItem): boolean {
    return item.alone || this.#bundles === 'none';
  }

  /** Never rejects. */
  async fetchBundle(
    bundle: Bundle,
    signal: AbortSignal,
  ): Promise<{ readonly outcome: ChunkOutcome; readonly received: number }> {
    const { dispatcher } = this.#context;
    let received = 0;
    this.#openRequests++;
    dispatcher.requested(this.#peer, bundle.bytes, true);
    const writer = new CountedWriter(bundle, (bytes) => {
      received += bytes;
      dispatcher.arrived(this.#peer, bytes);
    });
    const outcome = await this.#requestBundle(bundle, writer, signal);
    this.#openRequests--;
    dispatcher.ended(this.#peer, bundle.bytes - received);
    this.#recordBundle(bundle);
    const [first] = bundle.items;
    if (first !== undefined && outcome.kind !== 'verified' && outcome.kind !== 'corrupt')
      this.#record(first, outcome);
    return { outcome, received };
  }

  /** Never rejects. */
  async fetch(
    item: FolderItem,
    writer: ChunkWriter,
    signal: AbortSignal,
  ): Promise<{ readonly outcome: ChunkOutcome; readonly received: number }> {
    const { dispatcher } = this.#context;
    let received = 0;
    this.#openRequests++;
    dispatcher.requested(this.#peer, item.size, true);
    const counted = new CountedWriter(writer, (bytes) => {
      received += bytes;
      dispatcher.arrived(this.#peer, bytes);
    });
    const outcome = await this.#request(item, counted, signal);
    this.#openRequests--;
    dispatcher.ended(this.#peer, item.size - received);
    this.#record(item, outcome);
    return { outcome, received };
  }

  cancelRequests(reason?: 'silent' | 'banned'): void {
    this.#close(0);
    if (reason !== 'banned') return;
    const left = this.#queue.slice(this.#head);
    this.#queue = [];
    this.#head = 0;
    for (const item of left) if (item.state === 'wanted') this.#events.refused(item);
  }

  status(): SourceStatus {
    const { score, holder } = this.#peer;
    const nowMs = this.#context.clock.nowMs();
    return {
      peer: holder,
      state: this.#state(nowMs),
      place: score.place > 0 ? score.place : undefined,
      queueLength: score.queueLength,
      ...(this.#reached || score.backoffReason !== 'unreachable'
        ? {}
        : { why: this.#why, reached: this.#wasReached }),
      ...(this.#reached ? { lane: this.#lane } : {}),
      retryInMs: score.backoffLeftMs(nowMs) || undefined,
      bytes: this.#bytes,
      bytesPerSecond: this.#meter.bytesPerSecond(nowMs),
      chunksHeld: this.#files,
    };
  }

  get #lane(): SourceStatus['lane'] {
    if (this.#why === 'no lane' && this.#bytes === 0) return 'failed';
    const [open] = this.#open;
    return this.#bundles === 'none' ? open?.lane : (this.#bundles?.lane ?? open?.lane);
  }

  async #requestBundle(bundle: Bundle, writer: ChunkWriter, signal: AbortSignal): Promise<ChunkOutcome> {
    try {
      const { network } = this.#context;
      this.#bundles ??=
        (await network.openBundles?.(this.#peer.holder, this.#sourceEvents(), signal)) ?? 'none';
    } catch (failure) {
      return notReached(failure);
    }
    this.#setReached(true);
    const bundles = this.#bundles;
    if (bundles === 'none' || signal.aborted) {
      writer.abandon();
      return { kind: 'cancelled' };
    }
    return bundles.request(bundle.files, writer);
  }

  async #request(
    item: FolderItem,
    writer: Parameters<Source['request']>[2],
    signal: AbortSignal,
  ): Promise<ChunkOutcome> {
    let source: Source;
    try {
      const { network } = this.#context;
      source = await network.openSource(
        this.#peer.holder,
        item.fileId,
        this.#sourceEvents(),
        signal,
        'complete',
      );
    } catch (failure) {
      return notReached(failure);
    }
    if (signal.aborted) {
      source.close();
      return { kind: 'cancelled' };
    }
    this.#setReached(true);
    this.#open.add(source);
    const outcome = await source.request(0, item.size, writer);
    this.#open.delete(source);
    source.close();
    return outcome;
  }

  #record(item: FolderItem, outcome: ChunkOutcome): void {
    const { clock, events, dispatcher } = this.#context;
    const { score, holder } = this.#peer;
    const nowMs = clock.nowMs();
    if (outcome.kind === 'verified') this.#delivered(item);
    else if (outcome.kind === 'lost') {
      this.#why = awayReason(outcome.reason);
      score.backOff('unreachable', nowMs);
      this.#setReached(false);
    } else if (outcome.kind === 'rejected' && outcome.code === 'busy') score.backOff('busy', nowMs);
    else if (outcome.kind === 'corrupt') {
      const verdict = score.blame(item.fileId, nowMs);
      events.sourceBlamed(holder, item.paths[0], verdict);
      if (verdict === 'banned') dispatcher.ban(this.#peer);
    }
  }

  #recordBundle({ items, verdicts }: Bundle): void {
    items.forEach((item, index) => {
      if (verdicts[index] === 'right') this.#delivered(item);
      else if (verdicts[index] === 'wrong') this.#record(item, { kind: 'corrupt' });
    });
  }

  #delivered(item: FolderItem): void {
    this.#files++;
    this.#bytes += item.size;
  }

  #sourceEvents() {
    const { score } = this.#peer;
    const { clock } = this.#context;
    return {
      haveChanged: () => {},
      received: (bytes: number) => {
        score.received(bytes, clock.nowMs());
        this.#meter.add(bytes, clock.nowMs());
        this.#events.received(bytes);
      },
      queued: (place: number, of?: number) => {
        score.queued(place, clock.nowMs(), of);
        if (place > 0) this.#close(1);
        else this.wake();
      },
      left: (reason: ShoalError, link?: 'standing') => {
        this.#why = awayReason(reason, link);
        if (this.#bundles !== 'none') this.#bundles = undefined;
        this.#setReached(false);
      },
    };
  }

  /** Cancels the open requests except the first `keep`. */
  #close(keep: number): void {
    for (const source of [...this.#open].slice(keep)) source.close();
    if (this.#bundles !== 'none') this.#bundles?.takeBack(keep);
  }

  #setReached(reached: boolean): void {
    if (this.#reached === reached) return;
    this.#reached = reached;
    this.#wasReached ||= reached;
    this.#events.sourcesChanged();
    this.wake();
  }

  #state(nowMs: number): SourceStatus['state'] {
    const { score } = this.#peer;
    if (score.isBanned(nowMs)) return 'banned';
    if (!this.#reached) return this.#openRequests > 0 ? 'connecting' : 'left';
    if (score.backoffReason === 'silent') return 'snubbed';
    return score.place > 0 ? 'queued' : 'active';
  }
}

function notReached(failure: unknown): ChunkOutcome {
  const reason = asShoalError(failure, 'UNREACHABLE');
  if (reason.code === 'NOT_FOUND' || reason.code === 'REFUSED')
    return { kind: 'rejected', code: 'not-found' };
  return reason.code === 'CANCELLED' ? { kind: 'cancelled' } : { kind: 'lost', reason };
}
