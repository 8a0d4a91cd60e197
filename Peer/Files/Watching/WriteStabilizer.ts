import { type FileState, sameState } from '../Disk/FileState.ts';
import type { ScanSettings } from './ScanSettings.ts';

interface Waiting {
  readonly state: FileState;
  readonly dueMs: number;
  /** It was touched long ago: nothing to wait for. */
  readonly isOld: boolean;
}

/** A file whose wait is over. */
export interface Due {
  readonly path: string;
  readonly state: FileState;
  readonly isOld: boolean;
}

/**
 * Files that wait until nobody writes to them any more. A file is due when it has looked the same for `quietMs`; one
 * whose hash was void waits twice as long each time, so that a log that never rests is not read over and over.
 */
export class WriteStabilizer {
  readonly #settings: ScanSettings;
  readonly #waiting = new Map<string, Waiting>();
  readonly #waits = new Map<string, number>();

  constructor(settings: ScanSettings) {
    this.#settings = settings;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Bytes of all that wait: a sum over all, for display. */
  get bytes(): number {
    let sum = 0;
    for (const { state } of this.#waiting.values()) sum += state.size;
    return sum;
  }

  /**
   * A file was seen like this. The same as before changes nothing, so that looking twice does not start the wait again.
   * @param untouchedMs - how long ago it was written to, by the wall clock; what is old needs not wait. Negative: unknown.
   */
  seen(path: string, state: FileState, nowMs: number, untouchedMs: number): void {
    const before = this.#waiting.get(path);
    if (before !== undefined && sameState(before.state, state)) return;
    const waitMs = this.#waits.get(path) ?? this.#settings.quietMs;
    const isOld = before === undefined && untouchedMs >= waitMs;
    this.#waiting.set(path, { state, dueMs: isOld ? nowMs : nowMs + waitMs, isOld });
  }

  /** It changed while it was hashed. */
  voided(path: string): void {
    const { quietMs, quietMaxMs } = this.#settings;
    this.#waits.set(path, Math.min(quietMaxMs, 2 * (this.#waits.get(path) ?? quietMs)));
  }

  /** It was hashed, or is gone: nothing is remembered. */
  forget(path: string): void {
    this.#waiting.delete(path);
    this.#waits.delete(path);
  }

  paths(): Iterable<string> {
    return this.#waiting.keys();
  }

  /** Takes up to `limit` that are due, each with the state it was last seen in. */
  takeDue(nowMs: number, limit: number): Due[] {
    const due: Due[] = [];
    for (const [path, { state, dueMs, isOld }] of this.#waiting) {
      if (due.length === limit) break;
      if (dueMs <= nowMs) due.push({ path, state, isOld });
    }
    for (const { path } of due) this.#waiting.delete(path);
    return due;
  }
}
