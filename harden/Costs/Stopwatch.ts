import type { TrackerRequest } from '../../Protocol/TrackerMessages.ts';
import type { TrackerLogic } from '../../Tracker/TrackerLogic.ts';
import type { Figure } from '../Trial.ts';
import type { Crowd } from './Crowd.ts';

/** Repetitions of a question: the least time counts, since other programs and the collector of garbage disturb single ones. */
const REPEATS = 5;
/** Repetitions of one that is above LONG_MS: a question that costs as much does so every time. */
const REPEATS_MAX = 40;
/** Longest CPU time of a datagram that is not counted as above. */
const LONG_MS = 5;
/** A step between datagrams that never ends is a fault. */
const STEPS_MAX = 1_000_000;
/** Part of the datagrams that may take longer: the collector of garbage, and memory that grows. */
const RARE = 1 / 500;
const RARE_MAX_MS = 50;
/** Number of the first stranger: each question comes from a host of its own, so that no limit applies. */
const STRANGERS_FROM = 5_000_000;

interface Kind {
  count: number;
  totalMs: number;
  worstMs: number;
  above: number;
}

/** Sends datagrams to a tracker's logic and keeps the dearest of each kind. */
export class Stopwatch {
  readonly #logic: TrackerLogic;
  readonly #crowd: Crowd;
  readonly #kinds = new Map<string, Kind>();
  #nowMs = 0;
  #strangers = 0;
  #transaction = 0;

  constructor(logic: TrackerLogic, crowd: Crowd) {
    this.#logic = logic;
    this.#crowd = crowd;
  }

  /** Sends a datagram that can be sent once only. */
  send(kind: string, request: TrackerRequest, peer: number): void {
    const from = this.#crowd.addressOf(peer);
    const bytes = this.#crowd.encode(request, from, this.#nowMs);
    this.#note(
      kind,
      cpuMs(() => this.#logic.receive(bytes, from, this.#nowMs)),
    );
  }

  /** Asks the same several times. @param peer - the one that asks; default: strangers */
  again(kind: string, request: TrackerRequest, peer?: number): void {
    let leastMs = Number.POSITIVE_INFINITY;
    for (let at = 0; at < REPEATS || (at < REPEATS_MAX && leastMs >= LONG_MS); at++) {
      const from = this.#crowd.addressOf(peer ?? STRANGERS_FROM + this.#strangers++);
      const bytes = this.#crowd.encode(request, from, this.#nowMs);
      bytes.writeUInt32BE(++this.#transaction, 12);
      leastMs = Math.min(
        leastMs,
        cpuMs(() => this.#logic.receive(bytes, from, this.#nowMs)),
      );
    }
    this.#note(kind, leastMs);
  }

  /** Makes steps until there is nothing to do. */
  rest(kind: string): void {
    for (let step = 0; step < STEPS_MAX; step++) {
      this.#note(
        kind,
        cpuMs(() => this.#logic.expire(this.#nowMs)),
      );
      if (this.#logic.nextEndMs !== Number.NEGATIVE_INFINITY) return;
    }
    throw new Error('the tracker has no end of work');
  }

  /** Lets time pass. */
  pass(ms: number): void {
    this.#nowMs += ms;
  }

  figures(maxMs: number): Figure[] {
    return [...this.#kinds].map(([name, { count, totalMs, worstMs, above }]) => ({
      name,
      value: `${worstMs.toFixed(2)} ms at most, ${(totalMs / count).toFixed(3)} ms on average, ${above} of ${count} above`,
      wanted: `below ${maxMs} ms${count < 1 / RARE ? '' : `, one in ${1 / RARE} below ${RARE_MAX_MS} ms`}`,
      met: above <= count * RARE && worstMs < RARE_MAX_MS,
    }));
  }

  #note(name: string, ms: number): void {
    const kind = this.#kinds.get(name) ?? { count: 0, totalMs: 0, worstMs: 0, above: 0 };
    kind.count++;
    kind.totalMs += ms;
    kind.worstMs = Math.max(kind.worstMs, ms);
    if (ms >= LONG_MS) kind.above++;
    this.#kinds.set(name, kind);
  }
}

/**
 * Time of one call: the lesser of the time on the wall, which counts other programs, and the CPU time of the process, which counts
 * its other threads.
 */
function cpuMs(work: () => void): number {
  const startedMs = performance.now();
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return Math.min((user + system) / 1_000, performance.now() - startedMs);
}
