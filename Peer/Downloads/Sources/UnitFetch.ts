import { Bitfield } from '../../../Protocol/Bitfield.ts';
import type { RefusalCode } from '../../../Protocol/PeerMessages.ts';
import type { ShoalError } from '../../../Shared/ShoalError.ts';
import type { Clock, Random } from '../../../Shared/Time/Clock.ts';
import type { ChunkOutcome } from '../../Transfer.ts';
import type { Rank } from '../Model.ts';
import { OnlyRead } from '../Picking/OnlyRead.ts';
import type { ReadWindows } from '../Picking/ReadWindows.ts';
import { type UnitRequest, UnitScheduler } from '../Picking/UnitScheduler.ts';
import { CountedWriter } from './CountedWriter.ts';
import type { FileSource } from './FileSource.ts';
import type { ChunkRequester, RequestDispatcher } from './RequestDispatcher.ts';
import type { Delivery, UnitWork } from './UnitWork.ts';

/** Bytes requested ahead from a partial source, in seconds of its rate: well above one round trip. */
const AHEAD_SECONDS = 0.05;

export interface UnitFetchOptions {
  readonly work: UnitWork;
  readonly priority: Rank;
  readonly dispatcher: RequestDispatcher;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: UnitFetchEvents;
  /** Number of sources that are connected or being connected. */
  readonly expected: () => number;
}

interface UnitFetchEvents {
  verified(bytes: number): void;
  /** Received bytes that were duplicate or corrupt. */
  wasted(bytes: number): void;
  /** A source sent a unit that failed verification. */
  corrupt(source: FileSource, unit: number): void;
  /** All units are verified. */
  complete(): void;
  /** The disk failed; no further requests are sent. */
  failed(reason: ShoalError): void;
}

/** Fetches the units of one work: sends the requests that UnitScheduler decides, and reports their outcomes to it. */
export class UnitFetch {
  readonly #options: UnitFetchOptions;
  readonly #scheduler: UnitScheduler<FileSource>;
  readonly #requesters = new Map<FileSource, ChunkRequester>();
  /** Requests that were withdrawn. They end unless their source has started to serve them. */
  readonly #withdrawn = new WeakSet<UnitRequest<FileSource>>();
  #stopped = false;
  #pending = 0;
  /** Requests were held back by `requestsMax`. */
  #isFull = false;
  #drained: (() => void) | undefined;

  constructor(options: UnitFetchOptions) {
    const { work, random } = options;
    this.#options = options;
    this.#scheduler = new UnitScheduler<FileSource>({
      ...work,
      verified: work.onlyRead ? Bitfield.full(work.units.count) : work.verified,
      random,
      paceOf: ({ peer: { score } }, nowMs) => ({
        bytesPerSecond: score.bytesPerSecond(nowMs),
        waiting: (score.place > 0 && !score.isLinedUp(nowMs)) || score.backoffLeftMs(nowMs) > 0,
        quietMs: score.quietMs(nowMs),
      }),
    });
    if (work.readers !== undefined && work.onlyRead) this.#followReaders(work.readers);
  }

  get complete(): boolean {
    return this.#scheduler.complete;
  }

  join(source: FileSource): void {
    const { dispatcher, priority, work } = this.#options;
    if (this.#stopped || source.source === undefined || this.#requesters.has(source)) return;
    source.source.setChunkCount(work.units.count);
    const requester: ChunkRequester = {
      get priority() {
        return priority.value;
      },
      small: work.small,
      requestNext: (roomBytes, nowMs) => this.#requestNext(source, roomBytes, nowMs),
      cancelRequests: (reason) =>
        reason === 'banned' ? source.leave(true) : this.#cancelAll(this.#scheduler.requestsOf(source)),
    };
    this.#requesters.set(source, requester);
    if (work.swarms && source.source.have !== undefined) source.peer.score.expectTurns();
    this.#scheduler.join(source, source.source.have);
    this.#scheduler.suggest(source, source.source.suggestion, this.#options.clock.nowMs());
    if (source.peer.score.isDistrusted(work.name)) this.#scheduler.distrust(source);
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

  #withdraw(request: UnitRequest<FileSource>): void {
    if (request.received > 0 || this.#withdrawn.has(request)) return;
    this.#withdrawn.add(request);
    request.source.requests?.withdraw(request.unit);
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
    if (!this.#options.work.swarms || score.open === 0 || source?.have === undefined) return false;
    const soonBytes = (score.bytesPerSecond(nowMs) ?? 0) * AHEAD_SECONDS;
    return score.inFlight > Math.max(this.#scheduler.unitBytes / 2, soonBytes);
  }

  /**
   * Reserves the next turn when the current one is used up. Returns false when the source may be requested from
   * now.
   */
  #waitsForTurn(source: FileSource): boolean {
    if (!source.peer.score.turnIsOver(this.#scheduler.unitBytes) || this.#scheduler.isHeldBack(source))
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
    this.#isFull ||= this.#pending >= (this.#options.work.requestsMax?.() ?? Number.POSITIVE_INFINITY);
    if (this.#isFull) return 'nothing';
    if (this.#scheduler.unitBytes > roomBytes || this.#hasEnoughPending(source, nowMs)) return 'no room';
    if (this.#scheduler.hasItsShare(source, this.#options.expected)) return 'nothing';
    if (this.#waitsForTurn(source)) return 'nothing';
    const task = this.#scheduler.next(source, nowMs);
    if (task === undefined) return 'nothing';
    if (task.insteadOf !== undefined) this.#cancel(task.insteadOf);
    this.#request(source, task.request);
    this.#waitsForTurn(source);
    return 'requested';
  }

  #request(source: FileSource, request: UnitRequest<FileSource>): void {
    const { dispatcher, work } = this.#options;
    const { unit, bytes } = request;
    const inner = work.writer(unit, source.peer.holder.peerId);
    const writer = new CountedWriter(inner, (arrived) => {
      request.received += arrived;
      dispatcher.arrived(source.peer, arrived);
    });
    dispatcher.requested(source.peer, bytes, work.small);
    this.#pending++;
    void source.requests?.request(unit, bytes, writer, inner.bundle).then((outcome) => {
      dispatcher.ended(source.peer, bytes - request.received);
      this.#pending--;
      this.#settled(source, request, outcome, inner.delivery);
      if (this.#isFull) {
        this.#isFull = false;
        this.#wakeAll();
      }
      if (this.#pending === 0) this.#drained?.();
    });
  }

  #settled(
    source: FileSource,
    request: UnitRequest<FileSource>,
    outcome: ChunkOutcome,
    delivery: Delivery | undefined,
  ): void {
    const { events } = this.#options;
    if (delivery?.whole ?? outcome.kind === 'verified') {
      this.#verified(source, request, delivery);
      return;
    }
    const { rightBytes = 0, wastedBytes = request.received } = delivery ?? {};
    if (rightBytes > 0) source.delivered(rightBytes);
    if (wastedBytes > 0) events.wasted(wastedBytes);
    this.#scheduler.failed(request);
    if (outcome.kind === 'corrupt') {
      this.#cancelAll(this.#scheduler.requestsOf(source));
      this.#scheduler.distrust(source);
      events.corrupt(source, request.unit);
    }
    if (outcome.kind === 'rejected' && !this.#withdrawn.has(request))
      this.#rejected(source, request.unit, outcome.code);
    if (source.source !== undefined) this.#scheduler.update(source, source.source.have);
    if (outcome.kind === 'disk' && !this.#stopped) {
      this.#stopped = true;
      events.failed(outcome.reason);
    }
    this.#wakeAll();
  }

  #verified(
    source: FileSource,
    request: UnitRequest<FileSource>,
    { rightBytes, wastedBytes }: Omit<Delivery, 'whole'> = { rightBytes: request.bytes, wastedBytes: 0 },
  ): void {
    const { events, clock } = this.#options;
    if (this.#scheduler.stateOf(request.unit) === 'verified') {
      events.wasted(rightBytes + wastedBytes);
      return;
    }
    if (wastedBytes > 0) events.wasted(wastedBytes);
    for (const loser of this.#scheduler.verified(request, clock.nowMs())) this.#cancel(loser);
    source.delivered(rightBytes);
    events.verified(rightBytes);
    if (this.#scheduler.complete) events.complete();
    else if (this.#scheduler.missing === 0) this.#wakeAll();
    else this.#wake(source);
  }

  #rejected(source: FileSource, unit: number, code: RefusalCode): void {
    const { work, clock } = this.#options;
    if (code === 'busy' || code === 'cancelled') source.peer.score.backOff('busy', clock.nowMs());
    else if (work.refused !== undefined) work.refused(unit, source.peer.holder.peerId, code);
    else source.leave(true, code === 'changed' ? 'changed' : undefined);
  }

  /** Cancels requests; their units are missing again. */
  #cancelAll(requests: readonly UnitRequest<FileSource>[]): void {
    for (const request of requests) {
      this.#scheduler.failed(request);
      this.#cancel(request);
    }
    this.#wakeAll();
  }

  #followReaders(readers: ReadWindows): void {
    const only = new OnlyRead(this.#scheduler, readers, this.#options.work.verified);
    readers.changed = () => {
      if (this.#stopped) return;
      const { dropped, isMore } = only.update();
      for (const request of dropped) this.#cancel(request);
      if (isMore) this.#wakeAll();
    };
    readers.changed();
  }

  #cancel({ source, unit }: UnitRequest<FileSource>): void {
    source.requests?.cancel(unit);
  }

  #wake(source: FileSource): void {
    const requester = this.#requesters.get(source);
    if (requester !== undefined) this.#options.dispatcher.wake(source.peer, requester);
  }

  #wakeAll(): void {
    for (const source of this.#requesters.keys()) this.#wake(source);
  }
}
