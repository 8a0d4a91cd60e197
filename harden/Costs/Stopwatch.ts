import type { TrackerRequest } from '../../Protocol/TrackerMessages.ts';
import type { TrackerLogic } from '../../Tracker/TrackerLogic.ts';
import type { Figure } from '../Trial.ts';
import type { Crowd } from './Crowd.ts';
import { HandlingTimes, type Timing } from './HandlingTimes.ts';

/** Repetitions of a question: the minimum counts, since other programs disturb single ones. */
const REPEATS = 5;
/** A step between datagrams that never ends is a fault. */
const STEPS_MAX = 1_000_000;
/** Number of the first stranger: each question comes from a host of its own, so that no limit applies. */
const STRANGERS_FROM = 5_000_000;

interface Kind {
  count: number;
  totalMs: number;
  worstMs: number;
  refused: number;
}

/** Timings of the same work, not settled yet. */
interface Noted {
  readonly kind: string;
  readonly timings: readonly Timing[];
  readonly refused: boolean;
}

/**
 * Sends datagrams to a tracker's logic and records the most expensive one of each kind. Every datagram goes to
 * several trackers in the same state, and the minimum counts: the work of a tracker is the same in all, that of other
 * programs is not.
 */
export class Stopwatch {
  readonly #logics: readonly TrackerLogic[];
  readonly #crowd: Crowd;
  readonly #times = new HandlingTimes();
  readonly #kinds = new Map<string, Kind>();
  #noted: Noted[] = [];
  #nowMs = 0;
  #strangers = 0;
  #transaction = 0;

  /** @param logics - of trackers with the same secret and without any request so far */
  constructor(logics: readonly TrackerLogic[], crowd: Crowd) {
    this.#logics = logics;
    this.#crowd = crowd;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Sends a datagram that can be sent once only. */
  send(kind: string, request: TrackerRequest, peer: number): void {
    this.#note(kind, [this.#datagram(request, peer)]);
  }

  /** Repeats a question. @param peer - the asking one, by default strangers */
  again(kind: string, request: TrackerRequest, peer?: number): void {
    const works = Array.from({ length: REPEATS }, () =>
      this.#datagram(request, peer ?? STRANGERS_FROM + this.#strangers++, ++this.#transaction),
    );
    this.#note(kind, works);
  }

  /** Makes steps until no work is pending. */
  rest(kind: string): void {
    for (let step = 0; step < STEPS_MAX; step++) {
      this.#note(kind, [(each) => each.expire(this.#nowMs)]);
      if (this.#logics[0]?.nextEndMs !== Number.NEGATIVE_INFINITY) return;
    }
    throw new Error('the tracker has no end of work');
  }

  /** Advances time. */
  pass(ms: number): void {
    this.#nowMs += ms;
  }

  /** Evaluates the timings so far. Call it every few thousand datagrams. */
  async settle(): Promise<void> {
    await this.#times.settle();
    for (const { kind: name, timings, refused } of this.#noted) {
      const ms = Math.min(...timings.map((timing) => timing.ms));
      const kind = this.#kinds.get(name) ?? { count: 0, totalMs: 0, worstMs: 0, refused: 0 };
      kind.count++;
      kind.totalMs += ms;
      kind.worstMs = Math.max(kind.worstMs, ms);
      if (refused) kind.refused++;
      this.#kinds.set(name, kind);
    }
    this.#noted = [];
  }

  async figures(maxMs: number): Promise<Figure[]> {
    await this.settle();
    this.#times.close();
    const kinds = [...this.#kinds].map(([name, { count, totalMs, worstMs, refused }]) => ({
      name,
      value: `${worstMs.toFixed(2)} ms at most, ${(totalMs / count).toFixed(3)} ms on average, of ${count}${refused > 0 ? `, ${refused} refused` : ''}`,
      wanted: `below ${maxMs} ms`,
      met: worstMs < maxMs && refused === 0,
      timed: refused === 0,
    }));
    const pause = `${this.#times.worstPauseMs.toFixed(1)} ms`;
    return [
      ...kinds,
      { name: 'longest pause of the garbage collector, not counted above', value: pause, met: true },
    ];
  }

  #datagram(request: TrackerRequest, peer: number, transaction?: number): (logic: TrackerLogic) => void {
    const from = this.#crowd.addressOf(peer);
    const bytes = this.#crowd.encode(request, from, this.#nowMs);
    if (transaction !== undefined) bytes.writeUInt32BE(transaction, 12);
    return (logic) => logic.receive(bytes, from, this.#nowMs);
  }

  /** Measures tasks of equal cost. A refused one is an error: it would be cheap. */
  #note(kind: string, works: readonly ((logic: TrackerLogic) => void)[]): void {
    const before = this.#refusals();
    const timings = works.flatMap((work) =>
      this.#logics.map((logic) => this.#times.measure(() => work(logic))),
    );
    this.#noted.push({ kind, timings, refused: this.#refusals() > before });
  }

  #refusals(): number {
    return this.#logics.reduce(
      (sum, { counts }) => sum + counts.refused + counts.limited + counts.malformed,
      0,
    );
  }
}
