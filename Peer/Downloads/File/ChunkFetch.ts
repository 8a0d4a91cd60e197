import type { Clock, Random } from '../../../Shared/Clock.ts';
import type { ShoalError } from '../../../Shared/ShoalError.ts';
import type { Part } from '../../Storage.ts';
import type { ChunkOutcome } from '../../Transfer.ts';
import type { PickOrder } from '../Model.ts';
import { type ChunkRequest, ChunkScheduler } from '../Picking/ChunkScheduler.ts';
import { CountedWriter } from '../Sources/CountedWriter.ts';
import type { FileSource } from '../Sources/FileSource.ts';
import type { ChunkRequester, RequestDispatcher } from '../Sources/RequestDispatcher.ts';

/** Bytes requested ahead from a partial source, in seconds of its rate: well above one round trip. */
const AHEAD_SECONDS = 0.05;
/** Files up to this size alternate with large files at each peer. */
const SMALL_BYTES = 4 * 1_024 * 1_024;

export interface ChunkFetchOptions {
  readonly part: Part;
  readonly priority: number;
  readonly order: PickOrder;
  readonly dispatcher: RequestDispatcher;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: ChunkFetchEvents;
  /** Number of sources that are connected or being connected. */
  readonly expected: () => number;
}

interface ChunkFetchEvents {
  verified(bytes: number): void;
  /** Received bytes that were duplicate or corrupt. */
  wasted(bytes: number): void;
  /** A source sent a chunk that failed verification. */
  corrupt(source: FileSource): void;
  /** All chunks are verified. */
  complete(): void;
  /** The disk failed; no further requests are sent. */
  failed(reason: ShoalError): void;
}

/**
 * Fetches the chunks of one file: sends the requests that ChunkScheduler decides, and reports their outcomes to
 * it.
 */
export class ChunkFetch {
  readonly #options: ChunkFetchOptions;
  readonly #scheduler: ChunkScheduler<FileSource>;
  readonly #requesters = new Map<FileSource, ChunkRequester>();
  /** Requests that were withdrawn. They end unless their source has started to serve them. */
  readonly #withdrawn = new WeakSet<ChunkRequest<FileSource>>();
  readonly #small: boolean;
  #stopped = false;
  #pending = 0;
  #drained: (() => void) | undefined;

  constructor(options: ChunkFetchOptions) {
    const { part, order, random } = options;
    this.#options = options;
    this.#small = part.description.layout.size <= SMALL_BYTES;
    this.#scheduler = new ChunkScheduler<FileSource>({
      layout: part.description.layout,
      verified: part.verified,
      order,
      random,
      paceOf: ({ peer: { score } }, nowMs) => ({
        bytesPerSecond: score.bytesPerSecond(nowMs),
        waiting: (score.place > 0 && !score.isLinedUp(nowMs)) || score.backoffLeftMs(nowMs) > 0,
        quietMs: score.quietMs(nowMs),
      }),
    });
  }

  get complete(): boolean {
    return this.#scheduler.complete;
  }

  join(source: FileSource): void {
    const { dispatcher, priority, part } = this.#options;
    if (this.#stopped || source.source === undefined || this.#requesters.has(source)) return;
    source.source.setChunkCount(part.description.layout.chunkCount);
    const requester: ChunkRequester = {
      priority,
      small: this.#small,
      requestNext: (roomBytes, nowMs) => this.#requestNext(source, roomBytes, nowMs),
      cancelRequests: (reason) =>
        reason === 'banned' ? source.leave(true) : this.#cancelAll(this.#scheduler.requestsOf(source)),
    };
    this.#requesters.set(source, requester);
    if (source.source.have !== undefined) source.peer.score.expectTurns();
    this.#scheduler.join(source, source.source.have);
    this.#scheduler.suggest(source, source.source.suggestion, this.#options.clock.nowMs());
    if (source.peer.score.isDistrusted(part.description.fileId)) this.#scheduler.distrust(source);
    dispatcher.attach(source.peer, requester);
  }

  haveChanged(source: FileSource): void {
    if (this.#stopped || source.source === undefined || !this.#requesters.has(source)) return;
    this.#scheduler.update(source, source.source.have);
    this.#wake(source);
  }

  suggested(source: FileSource): void {
    if (this.#stopped || source.source === undefined || !this.#requesters.has(source)) return;
    this.#scheduler.suggest(source, source.source.suggestion, this.#options.clock.nowMs());
    this.#wake(source);
  }

  /**
   * Handles a place in the queue of a source: reserves a turn there and frees its requests for other sources.
   */
  queued(source: FileSource): void {
    const { score } = source.peer;
    if (score.place === 0) {
      this.#wake(source);
      return;
    }
    // Suggested chunks exist nowhere else: their requests stay in that queue.
    if (this.#scheduler.isHeldBack(source) || score.isLinedUp(this.#options.clock.nowMs())) return;
    const requests = this.#scheduler.requestsOf(source);
    if (this.#lineUp(source)) for (const request of requests) this.#withdraw(request);
    else this.#cancelAll(requests.slice(1).filter(({ received }) => received === 0));
  }

  #withdraw(request: ChunkRequest<FileSource>): void {
    if (request.received > 0 || this.#withdrawn.has(request)) return;
    this.#withdrawn.add(request);
    request.source.requests?.withdraw(request.chunk);
  }

  /** Reserves a turn at a source. Returns false when the peer does not support turns. */
  #lineUp(source: FileSource): boolean {
    if (source.source?.lineUp?.() !== true) return false;
    source.peer.score.lineUp(this.#options.clock.nowMs());
    return true;
  }

  /**
   * Limits the requests to a partial source. Other sources have its chunks too: a chunk queued there behind
   * another one is withheld from idle sources. The next chunk is requested when half of the last one has arrived.
   */
  #hasEnoughPending({ peer: { score }, source }: FileSource, nowMs: number): boolean {
    if (score.open === 0 || source?.have === undefined) return false;
    const soonBytes = (score.bytesPerSecond(nowMs) ?? 0) * AHEAD_SECONDS;
    return score.inFlight > Math.max(this.#scheduler.chunkBytes / 2, soonBytes);
  }

  /**
   * Reserves the next turn when the current one is used up. Returns false when the source may be requested from
   * now.
   */
  #waitsForTurn(source: FileSource): boolean {
    if (!source.peer.score.turnIsOver(this.#scheduler.chunkBytes) || this.#scheduler.isHeldBack(source))
      return false;
    return this.#scheduler.hasMissing(source) && this.#lineUp(source);
  }

  leave(source: FileSource): void {
    const requester = this.#requesters.get(source);
    if (requester === undefined) return;
    this.#options.dispatcher.detach(source.peer, requester);
    this.#requesters.delete(source);
    this.#scheduler.leave(source);
    this.#wakeAll();
  }

  /**
   * Stops requesting. Resolves when every request has ended and every write has finished; close the sources first
   * to make that quick.
   */
  async close(): Promise<void> {
    this.#stopped = true;
    for (const source of [...this.#requesters.keys()]) this.leave(source);
    if (this.#pending > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
  }

  #requestNext(source: FileSource, roomBytes: number, nowMs: number): 'requested' | 'nothing' | 'no room' {
    if (this.#stopped || source.requests === undefined) return 'nothing';
    if (this.#scheduler.chunkBytes > roomBytes || this.#hasEnoughPending(source, nowMs)) return 'no room';
    if (this.#scheduler.hasItsShare(source, this.#options.expected)) return 'nothing';
    if (this.#waitsForTurn(source)) return 'nothing';
    const task = this.#scheduler.next(source, nowMs);
    if (task === undefined) return 'nothing';
    if (task.insteadOf !== undefined) this.#cancel(task.insteadOf);
    this.#request(source, task.request);
    this.#waitsForTurn(source);
    return 'requested';
  }

  #request(source: FileSource, request: ChunkRequest<FileSource>): void {
    const { dispatcher, part } = this.#options;
    const { chunk, bytes } = request;
    const writer = new CountedWriter(part.writer(chunk), (arrived) => {
      request.received += arrived;
      dispatcher.arrived(source.peer, arrived);
    });
    dispatcher.requested(source.peer, bytes, this.#small);
    this.#pending++;
    void source.requests?.request(chunk, bytes, writer).then((outcome) => {
      dispatcher.ended(source.peer, bytes - request.received);
      this.#settled(source, request, outcome);
      if (--this.#pending === 0) this.#drained?.();
    });
  }

  #settled(source: FileSource, request: ChunkRequest<FileSource>, outcome: ChunkOutcome): void {
    const { events } = this.#options;
    if (outcome.kind === 'verified') {
      this.#verified(source, request);
      return;
    }
    if (request.received > 0) events.wasted(request.received);
    this.#scheduler.failed(request);
    if (outcome.kind === 'corrupt') {
      this.#cancelAll(this.#scheduler.requestsOf(source));
      this.#scheduler.distrust(source);
      events.corrupt(source);
    }
    if (outcome.kind === 'rejected' && !this.#withdrawn.has(request)) this.#rejected(source, outcome.code);
    if (outcome.kind === 'disk' && !this.#stopped) {
      this.#stopped = true;
      events.failed(outcome.reason);
    }
    this.#wakeAll();
  }

  #verified(source: FileSource, request: ChunkRequest<FileSource>): void {
    const { events, clock } = this.#options;
    const { chunk, bytes } = request;
    if (this.#scheduler.stateOf(chunk) === 'verified') {
      events.wasted(bytes);
      return;
    }
    for (const loser of this.#scheduler.verified(request, clock.nowMs())) this.#cancel(loser);
    source.delivered(bytes);
    events.verified(bytes);
    if (this.#scheduler.complete) events.complete();
    else if (this.#scheduler.missing === 0) this.#wakeAll();
    else this.#wake(source);
  }

  #rejected(source: FileSource, code: string): void {
    if (code === 'busy' || code === 'cancelled')
      source.peer.score.backOff('busy', this.#options.clock.nowMs());
    else source.leave(true, code === 'changed' ? 'changed' : undefined);
  }

  /** Cancels requests; their chunks are missing again. */
  #cancelAll(requests: readonly ChunkRequest<FileSource>[]): void {
    for (const request of requests) {
      this.#scheduler.failed(request);
      this.#cancel(request);
    }
    this.#wakeAll();
  }

  #cancel({ source, chunk }: ChunkRequest<FileSource>): void {
    source.requests?.cancel(chunk);
  }

  #wake(source: FileSource): void {
    const requester = this.#requesters.get(source);
    if (requester !== undefined) this.#options.dispatcher.wake(source.peer, requester);
  }

  #wakeAll(): void {
    for (const source of this.#requesters.keys()) this.#wake(source);
  }
}
