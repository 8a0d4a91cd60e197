import type { FileId } from '../../../Protocol/Ids.ts';
import {
  AWAY_RETRY_MS,
  BAN_AFTER,
  BAN_MS,
  QUIET_MS,
  SNUB_MS,
  SNUB_RETRY_MS,
  WINDOW_BYTES_MAX,
  WINDOW_BYTES_MIN,
} from '../../../Protocol/Limits.ts';
import { backoffMs } from '../../../Shared/Backoff.ts';
import type { Verdict } from '../Model.ts';

/** Time constant of the rate's moving average. */
const SMOOTHING_MS = 1_000;
/** The rate is measured over at least this much time under way, so that one burst is no rate. */
const SAMPLE_MS = 100;
/** A place that led to no turn for this long is forgotten: a request shows whether we are still wanted. */
const LINED_UP_MS = 30_000;
/** A window is filled up again when so little of it is under way. More than a round trip of 1 Gbit/s and 150 ms stays. */
const REFILL_RATIO = 0.75;
/** From this round trip on WINDOW_BYTES_MIN is less than a line of 1 Gbit/s holds: a window must keep ahead of TCP's slow start. */
const LONG_WAY_MS = 16;
/** How long bytes may still come that were under way when a peer put us in its queue. */
const STRAGGLER_MS = 1_000;

/** Why a source is left alone for a while. `silent`: asked and nothing came. */
export type BackoffReason = 'silent' | 'busy' | 'unreachable';

/**
 * What one peer is worth as a source, over all files: how fast, how much may be under way, whether it is silent, and whether it
 * lied. Time is passed in.
 */
export class SourceScore {
  #inFlight = 0;
  #open = 0;
  #place = 0;
  #queueLength: number | undefined;
  #queuedMs = 0;
  /** Since when it keeps a place for us; undefined: it does not. */
  #linedUpMs: number | undefined;
  /** When it was asked with nothing under way, and has not answered; the quickest answer yet is the round trip. */
  #requestedMs: number | undefined;
  #roundTripMs: number | undefined;
  /** Bytes that it may be asked for in this turn; undefined: no end is known. */
  #turnBytes: number | undefined;
  /** Nothing was asked in this turn yet: one chunk is always allowed. */
  #turnBegins = false;
  #rate: number | undefined;
  /** The last sample, as long as each is faster than the one before: the connection is getting up to speed. Undefined: it was not. */
  #startRate: number | undefined = 0;
  #sampleBytes = 0;
  #sampleMs = 0;
  /** Since when it works for us; undefined: nothing is asked, or it serves others first. */
  #busySinceMs: number | undefined;
  #lastActivityMs = 0;
  /** When it was last asked for a sign of life. */
  #probedMs = 0;
  #backoff: { readonly reason: BackoffReason; readonly untilMs: number } | undefined;
  /** Rests since its last bytes: for silence, and because it could not be reached. */
  #silentBackoffs = 0;
  #unreachableBackoffs = 0;
  #wrong = 0;
  #bannedUntilMs = Number.NEGATIVE_INFINITY;
  readonly #distrusted = new Set<FileId>();

  /** Bytes asked for that have not come. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Open requests. */
  get open(): number {
    return this.#open;
  }

  /** Place in its queue; 0: it serves us, or was not asked. */
  get place(): number {
    return this.#place;
  }

  /** How many wait in its queue, as told last. */
  get queueLength(): number | undefined {
    return this.#queueLength;
  }

  /**
   * Bytes that may be under way: what it sends in a second. One request in the queue keeps the place there. On a long way TCP doubles
   * its rate each round trip at first: an average is an eighth of it then, and such a window would keep it from growing.
   */
  windowBytes(nowMs: number): number {
    const average = this.bytesPerSecond(nowMs) ?? 0;
    const rate = (this.#roundTripMs ?? 0) > LONG_WAY_MS ? Math.max(average, this.#startRate ?? 0) : average;
    return Math.min(WINDOW_BYTES_MAX, Math.max(WINDOW_BYTES_MIN, rate));
  }

  /** We wait for our turn there without a request. */
  isLinedUp(nowMs: number): boolean {
    return this.#linedUpMs !== undefined && nowMs - this.#linedUpMs < LINED_UP_MS;
  }

  /** A place is kept there. */
  lineUp(nowMs: number): void {
    if (!this.isLinedUp(nowMs)) this.#linedUpMs = nowMs;
    this.#turnBytes = 0;
  }

  /** It may be asked for so many bytes; undefined: no end is known, or no place is kept there any more. */
  turn(bytes: number | undefined): void {
    this.#linedUpMs = undefined;
    this.#place = 0;
    this.#turnBytes = bytes;
    this.#turnBegins = true;
  }

  /** It serves many: nothing is asked of it before it says that it is our turn. */
  expectTurns(): void {
    if (this.#open === 0) this.#turnBytes ??= 0;
  }

  /** A chunk of this length must wait for our next turn. */
  turnIsOver(chunkBytes: number): boolean {
    return !this.#turnBegins && this.#turnBytes !== undefined && this.#turnBytes < chunkBytes;
  }

  /** Bytes it may be asked for now. One request is always allowed, however long, unless it is to be left alone. */
  roomBytes(nowMs: number): number {
    if (this.isBanned(nowMs) || this.backoffLeftMs(nowMs) > 0 || this.isLinedUp(nowMs)) return 0;
    if (this.#open === 0) return Number.POSITIVE_INFINITY;
    if (this.#place > 0 || this.#backoff !== undefined) return 0;
    return Math.max(
      0,
      Math.min(this.windowBytes(nowMs) - this.#inFlight, this.#turnBytes ?? WINDOW_BYTES_MAX),
    );
  }

  /** Enough is free to ask for several things at once: each time costs both sides a message that wakes them. */
  wantsMore(nowMs: number): boolean {
    if (this.#open === 0 || this.#turnBytes !== undefined) return true;
    return this.#inFlight <= this.windowBytes(nowMs) * REFILL_RATIO;
  }

  requested(bytes: number, nowMs: number): void {
    if (this.#open === 0) {
      this.#lastActivityMs = nowMs;
      this.#requestedMs = nowMs;
    }
    this.#open++;
    this.#inFlight += bytes;
    this.#turnBegins = false;
    if (this.#turnBytes !== undefined) this.#turnBytes = Math.max(0, this.#turnBytes - bytes);
    this.#settleBusy(nowMs);
  }

  /** Bytes of a request are here and written: the window has room for others. */
  arrived(bytes: number): void {
    this.#inFlight -= bytes;
  }

  /** A request ended; `missing` of its bytes never came. */
  ended(missing: number, nowMs: number): void {
    this.#open--;
    this.#inFlight -= missing;
    if (!this.#isWaiting(nowMs)) this.#place = 0;
    this.#settleBusy(nowMs);
  }

  /** Payload came from the wire: it is alive, and this fast. */
  received(bytes: number, nowMs: number): void {
    this.#sampleBytes += bytes;
    this.#lastActivityMs = nowMs;
    if (this.#requestedMs !== undefined) {
      this.#roundTripMs = Math.min(this.#roundTripMs ?? Number.POSITIVE_INFINITY, nowMs - this.#requestedMs);
      this.#requestedMs = undefined;
    }
    this.#backoff = undefined;
    this.#silentBackoffs = 0;
    this.#unreachableBackoffs = 0;
    // Bytes long after the news of a queue mean that the news of its end is lost or late; a moment after, they are stragglers.
    if (nowMs - this.#queuedMs > STRAGGLER_MS) this.#place = 0;
    this.#settleBusy(nowMs);
    this.#sample();
  }

  /** It told our place in its queue; 0: our turn. */
  queued(place: number, nowMs: number, of?: number): void {
    this.#queueLength = of;
    if (this.#place === 0) this.#queuedMs = nowMs;
    this.#place = this.#isWaiting(nowMs) ? place : 0;
    this.#lastActivityMs = nowMs;
    this.#requestedMs = undefined;
    this.#settleBusy(nowMs);
  }

  /** Undefined until measured. Falls while it is asked and nothing comes. */
  bytesPerSecond(nowMs: number): number | undefined {
    this.#settleBusy(nowMs);
    this.#sample();
    return this.#rate;
  }

  /** Whether it has just turned out silent: asked, not queued, and nothing for 10 s. Its requests go back then. */
  turnedSilent(nowMs: number): boolean {
    const asked = this.#open > 0 && this.#place === 0;
    if (!asked || this.backoffLeftMs(nowMs) > 0 || nowMs - this.#lastActivityMs < SNUB_MS) return false;
    this.backOff('silent', nowMs);
    return true;
  }

  /** It has something to do for us, and has said nothing for QUIET_MS: is it there at all? True once in that time. */
  wantsProbe(nowMs: number): boolean {
    const lastMs = Math.max(this.#lastActivityMs, this.#probedMs, this.#linedUpMs ?? this.#lastActivityMs);
    if (!this.#isWaiting(nowMs) || nowMs - lastMs < QUIET_MS) return false;
    this.#probedMs = nowMs;
    return true;
  }

  /** How long it has been asked and said nothing. */
  quietMs(nowMs: number): number {
    return this.#open > 0 ? nowMs - this.#lastActivityMs : 0;
  }

  /**
   * Leaves it alone, longer from time to time: SNUB_RETRY_MS, or AWAY_RETRY_MS when it cannot be reached. Bytes from it end the
   * rest. Told twice in one rest, it counts once.
   */
  backOff(reason: BackoffReason, nowMs: number): void {
    if (this.backoffLeftMs(nowMs) > 0) return;
    const restMs =
      reason === 'unreachable'
        ? backoffMs(AWAY_RETRY_MS, this.#unreachableBackoffs++)
        : backoffMs(SNUB_RETRY_MS, this.#silentBackoffs++);
    this.#backoff = { reason, untilMs: nowMs + restMs };
  }

  /** There is news of where it is: it may be dialled at once. */
  rediscovered(): void {
    if (this.#backoff?.reason === 'unreachable') this.#backoff = undefined;
    this.#unreachableBackoffs = 0;
  }

  /** How long it is still left alone. */
  backoffLeftMs(nowMs: number): number {
    return Math.max(0, (this.#backoff?.untilMs ?? nowMs) - nowMs);
  }

  /** Why it is, or was until the trial that runs now, left alone. */
  get backoffReason(): BackoffReason | undefined {
    return this.#backoff?.reason;
  }

  /** It sent wrong bytes of a file. */
  blame(file: FileId, nowMs: number): Verdict {
    const again = this.#distrusted.has(file);
    this.#distrusted.add(file);
    this.#wrong++;
    if (this.#wrong < BAN_AFTER) return again ? 'distrusted again' : 'distrusted';
    this.#wrong = 0;
    this.#bannedUntilMs = nowMs + BAN_MS;
    return 'banned';
  }

  /** It sent wrong bytes of that file once. */
  isDistrusted(file: FileId): boolean {
    return this.#distrusted.has(file);
  }

  isBanned(nowMs: number): boolean {
    return nowMs < this.#bannedUntilMs;
  }

  /** It has something to do for us, now or later. */
  #isWaiting(nowMs: number): boolean {
    return this.#open > 0 || this.isLinedUp(nowMs);
  }

  /** Moves the time under way into the sample. */
  #settleBusy(nowMs: number): void {
    if (this.#busySinceMs !== undefined) this.#sampleMs += nowMs - this.#busySinceMs;
    this.#busySinceMs = this.#open > 0 && this.#place === 0 ? nowMs : undefined;
  }

  #sample(): void {
    if (this.#sampleMs < SAMPLE_MS) return;
    const rate = (this.#sampleBytes / this.#sampleMs) * 1_000;
    const weight = 1 - Math.exp(-this.#sampleMs / SMOOTHING_MS);
    if (this.#rate !== undefined) this.#rate += (rate - this.#rate) * weight;
    else if (this.#sampleBytes > 0) this.#rate = rate;
    else return;
    if (this.#startRate !== undefined) this.#startRate = rate > this.#startRate ? rate : undefined;
    this.#sampleBytes = 0;
    this.#sampleMs = 0;
  }
}
