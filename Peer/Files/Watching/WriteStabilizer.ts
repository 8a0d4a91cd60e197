import { type FileState, sameState } from '../Disk/FileState.ts';
import type { ScanSettings } from './ScanSettings.ts';

interface Waiting {
  readonly state: FileState;
  readonly dueMs: number;
  /** Last written long ago: no quiet period is needed. */
  readonly isOld: boolean;
}

/** A file whose quiet period is over. */
export interface Due {
  readonly path: string;
  readonly state: FileState;
  readonly isOld: boolean;
}

/**
 * Files waiting for their quiet period: a file is due when its state has been the same for `quietMs`. Each hash
 * that was invalidated by a write doubles the period, so that a busy log file is not read over and over.
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

  /** Total size of the pending files, for display. */
  get bytes(): number {
    let sum = 0;
    for (const { state } of this.#waiting.values()) sum += state.size;
    return sum;
  }

  /**
   * Records the state of a file. An unchanged state does not restart the quiet period.
   * @param untouchedMs - age of the last write by the wall clock; an old file is due at once. Negative: unknown.
   */
  seen(path: string, state: FileState, nowMs: number, untouchedMs: number): void {
    const before = this.#waiting.get(path);
    if (before !== undefined && sameState(before.state, state)) return;
    const waitMs = this.#waits.get(path) ?? this.#settings.quietMs;
    const isOld = before === undefined && untouchedMs >= waitMs;
    this.#waiting.set(path, { state, dueMs: isOld ? nowMs : nowMs + waitMs, isOld });
  }

  /** Doubles the quiet period of a file that changed while it was hashed. */
  voided(path: string): void {
    const { quietMs, quietMaxMs } = this.#settings;
    this.#waits.set(path, Math.min(quietMaxMs, 2 * (this.#waits.get(path) ?? quietMs)));
  }

  /** Drops a file that was hashed or removed, together with its backoff. */
  forget(path: string): void {
    this.#waiting.delete(path);
    this.#waits.delete(path);
  }

  paths(): Iterable<string> {
    return this.#waiting.keys();
  }

  /** Takes up to `limit` due files, each with its last recorded state. */
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
