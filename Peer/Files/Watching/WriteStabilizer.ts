import { type FileState, sameState } from '../Disk/FileState.ts';
import type { ScanSettings } from './ScanSettings.ts';

interface PendingFile {
  readonly state: FileState;
  readonly dueMs: number;
  /** Last written long ago: no quiet period is needed. */
  readonly isOld: boolean;
  /** Time of the first observation. */
  readonly sinceMs: number;
}

/** Quiet period of a file, and the time it last ended; undefined: while the file was hashed, it changed. */
interface Period {
  readonly ms: number;
  readonly restedMs: number | undefined;
}

/** A file whose quiet period is over. */
export interface DueFile {
  readonly path: string;
  readonly state: FileState;
  readonly isOld: boolean;
}

/** A file written again within this many of its quiet periods after the last one is being written all the time. */
const REST_PERIODS = 4;
/** A file pending for this long counts as being written: longer than any quiet period without writes. */
const RESTLESS_MS = 3_000;

/**
 * Files waiting for their quiet period: a file is due when its state has been the same for `quietMs`. Each hash
 * invalidated by a write, and each write soon after a hash, doubles the period: a busy log is not read over and over.
 */
export class WriteStabilizer {
  readonly #settings: ScanSettings;
  readonly #pending = new Map<string, PendingFile>();
  /** Ordered by time of the last change. */
  readonly #periods = new Map<string, Period>();
  readonly #restless = new Set<string>();

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
    const periodMs = this.#periodOf(path, nowMs);
    const isOld = before === undefined && untouchedMs >= periodMs;
    const sinceMs = before?.sinceMs ?? nowMs;
    this.#pending.set(path, { state, dueMs: isOld ? nowMs : nowMs + periodMs, isOld, sinceMs });
  }

  /** Doubles the quiet period of a file that changed while it was hashed. */
  backOff(path: string): void {
    const { quietMs, quietMaxMs } = this.#settings;
    const ms = Math.min(quietMaxMs, 2 * (this.#periods.get(path)?.ms ?? quietMs));
    this.#setPeriod(path, { ms, restedMs: undefined });
  }

  /** Records that a file was hashed after its quiet period. */
  rested(path: string, nowMs: number): void {
    this.cancel(path);
    this.#setPeriod(path, { ms: this.#periods.get(path)?.ms ?? this.#settings.quietMs, restedMs: nowMs });
    const oldestMs = nowMs - REST_PERIODS * this.#settings.quietMaxMs;
    for (const [each, { restedMs = nowMs }] of this.#periods) {
      if (restedMs >= oldestMs) break;
      this.#periods.delete(each);
    }
  }

  /** Drops a file that needs no hash. */
  cancel(path: string): void {
    this.#pending.delete(path);
    this.#restless.delete(path);
  }

  /** Drops a file that was removed, together with its backoff. */
  forget(path: string): void {
    this.cancel(path);
    this.#periods.delete(path);
  }

  /** Pending files that are expected to rest soon. */
  restingPaths(): string[] {
    return [...this.#pending.keys()].filter((path) => !this.#restless.has(path));
  }

  /** Returns the files that are being written all the time, each once until it rests. */
  takeRestless(nowMs: number): string[] {
    const found: string[] = [];
    for (const [path, { sinceMs, dueMs, isOld }] of this.#pending) {
      // A file that is due already waits for others.
      if (isOld || dueMs <= nowMs || nowMs - sinceMs < RESTLESS_MS || this.#restless.has(path)) continue;
      this.#restless.add(path);
      found.push(path);
    }
    return found;
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

  /** Quiet period of a file that has just changed. */
  #periodOf(path: string, nowMs: number): number {
    const period = this.#periods.get(path);
    if (period?.restedMs === undefined) return period?.ms ?? this.#settings.quietMs;
    if (nowMs - period.restedMs < REST_PERIODS * period.ms) this.backOff(path);
    else this.#periods.delete(path);
    return this.#periods.get(path)?.ms ?? this.#settings.quietMs;
  }

  #setPeriod(path: string, period: Period): void {
    this.#periods.delete(path);
    this.#periods.set(path, period);
  }
}
