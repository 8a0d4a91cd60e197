import { type FileState, sameState } from '../Disk/FileState.ts';
import type { ScanSettings } from './ScanSettings.ts';

interface PendingFile {
  readonly state: FileState;
  readonly dueMs: number;
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
  /** The state in which it rested; undefined: it was last written long ago. */
  readonly state: FileState | undefined;
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
  /** Files last written long ago, and their sizes: due at once, and many when a share is hashed for the first time. */
  readonly #old = new Map<string, number>();
  /** Goes through `#old` once: a new iteration would pass all that was taken before. */
  #nextOld = this.#old.keys();
  /** Ordered by time of the last change. */
  readonly #periods = new Map<string, Period>();
  readonly #restless = new Set<string>();

  constructor(settings: ScanSettings) {
    this.#settings = settings;
  }

  get size(): number {
    return this.#pending.size + this.#old.size;
  }

  /** Pending files in their quiet period: the others were last written long ago. */
  get waiting(): number {
    return this.#pending.size;
  }

  /** Total size of the pending files, for display. */
  get bytes(): number {
    let sum = 0;
    for (const size of this.#old.values()) sum += size;
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
    if (before === undefined && untouchedMs >= periodMs) this.#old.set(path, state.size);
    else {
      this.#old.delete(path);
      this.#pending.set(path, { state, dueMs: nowMs + periodMs, sinceMs: before?.sinceMs ?? nowMs });
    }
  }

  /** Doubles the quiet period of a file that changed while it was hashed. */
  backOff(path: string): void {
    const { quietMs, quietMaxMs } = this.#settings;
    const ms = Math.min(quietMaxMs, 2 * (this.#periods.get(path)?.ms ?? quietMs));
    this.#setPeriod(path, { ms, restedMs: undefined });
  }

  /** Records that a file was hashed. @param untouchedMs - age of its last write by the wall clock */
  rested(path: string, nowMs: number, untouchedMs: number): void {
    const ms = this.#periods.get(path)?.ms ?? this.#settings.quietMs;
    this.forget(path);
    if (untouchedMs < REST_PERIODS * ms) this.#periods.set(path, { ms, restedMs: nowMs });
    const oldestMs = nowMs - REST_PERIODS * this.#settings.quietMaxMs;
    for (const [each, { restedMs = nowMs }] of this.#periods) {
      if (restedMs >= oldestMs) break;
      this.#periods.delete(each);
    }
  }

  /** Drops a file that needs no hash. */
  cancel(path: string): void {
    this.#pending.delete(path);
    this.#old.delete(path);
    this.#restless.delete(path);
  }

  /** Drops a file that was removed, together with its backoff. */
  forget(path: string): void {
    this.cancel(path);
    this.#periods.delete(path);
  }

  /** Yields the pending files that are expected to rest soon. */
  *restingPaths(): Generator<string> {
    yield* this.#old.keys();
    for (const path of this.#pending.keys()) if (!this.#restless.has(path)) yield path;
  }

  /** Returns the files that are being written all the time, each once until it rests. */
  takeRestless(nowMs: number): string[] {
    const found: string[] = [];
    for (const [path, { sinceMs, dueMs }] of this.#pending) {
      // A file that is due already waits for others.
      if (dueMs <= nowMs || nowMs - sinceMs < RESTLESS_MS || this.#restless.has(path)) continue;
      this.#restless.add(path);
      found.push(path);
    }
    return found;
  }

  /** Takes up to `limit` due files, those that rested first. */
  takeDue(nowMs: number, limit: number): DueFile[] {
    const due: DueFile[] = [];
    for (const [path, { state, dueMs }] of this.#pending) {
      if (due.length === limit) break;
      if (dueMs <= nowMs) due.push({ path, state });
    }
    for (const { path } of due) this.#pending.delete(path);
    while (due.length < limit && this.#old.size > 0) {
      const { value: path, done } = this.#nextOld.next();
      if (done) this.#nextOld = this.#old.keys();
      else if (this.#old.delete(path)) due.push({ path, state: undefined });
    }
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
