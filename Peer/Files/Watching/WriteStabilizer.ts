import { type FileState, sameState } from '../Disk/FileState.ts';
import type { ScanSettings } from './ScanSettings.ts';

interface PendingFile {
  readonly state: FileState;
  readonly dueMs: number;
  /** Last written long ago: no quiet period is needed. */
  readonly isOld: boolean;
}

/** A file whose quiet period is over. */
export interface DueFile {
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
  readonly #pending = new Map<string, PendingFile>();
  readonly #periodMs = new Map<string, number>();

  constructor(settings: ScanSettings) {
    this.#settings = settings;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Total size of the pending files, for display. */
  get bytes(): number {
    let sum = 0;
    for (const { state } of this.#pending.values()) sum += state.size;
    return sum;
  }

  /**
   * Records the state of a file. An unchanged state does not restart the quiet period.
   * @param untouchedMs - age of the last write by the wall clock; an old file is due at once. Negative: unknown.
   */
  observe(path: string, state: FileState, nowMs: number, untouchedMs: number): void {
    const before = this.#pending.get(path);
    if (before !== undefined && sameState(before.state, state)) return;
    const periodMs = this.#periodMs.get(path) ?? this.#settings.quietMs;
    const isOld = before === undefined && untouchedMs >= periodMs;
    this.#pending.set(path, { state, dueMs: isOld ? nowMs : nowMs + periodMs, isOld });
  }

  /** Doubles the quiet period of a file that changed while it was hashed. */
  backOff(path: string): void {
    const { quietMs, quietMaxMs } = this.#settings;
    this.#periodMs.set(path, Math.min(quietMaxMs, 2 * (this.#periodMs.get(path) ?? quietMs)));
  }

  /** Drops a file that was hashed or removed, together with its backoff. */
  forget(path: string): void {
    this.#pending.delete(path);
    this.#periodMs.delete(path);
  }

  paths(): Iterable<string> {
    return this.#pending.keys();
  }

  /** Takes up to `limit` due files, each with its last recorded state. */
  takeDue(nowMs: number, limit: number): DueFile[] {
    const due: DueFile[] = [];
    for (const [path, { state, dueMs, isOld }] of this.#pending) {
      if (due.length === limit) break;
      if (dueMs <= nowMs) due.push({ path, state, isOld });
    }
    for (const { path } of due) this.#pending.delete(path);
    return due;
  }
}
