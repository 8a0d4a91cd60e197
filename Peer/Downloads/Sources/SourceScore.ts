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
import { backoffMs } from '../../../Shared/Time/Backoff.ts';
import type { Verdict } from '../Model.ts';

/** Time constant of the moving average of the rate. */
const SMOOTHING_MS = 1_000;
/** Minimum busy time of one rate sample, so that a burst is not taken for a rate. */
const SAMPLE_MS = 100;
/** A reserved turn expires after this time; a request then shows whether the peer still serves us. */
const LINED_UP_MS = 30_000;
/** A window is refilled when pending bytes fall below this share. */
const REFILL_RATIO = 0.75;
/** And below this: more than a line of 1 Gbit/s holds in a round trip of 150 ms. More requests then share a message. */
const REFILL_BYTES_MAX = 24 * 1_048_576;
/**
 * Round trip above which WINDOW_BYTES_MIN is less than a 1 Gbit/s line holds: the window must stay ahead of TCP
 * slow start.
 */
const LONG_WAY_MS = 16;
/** Time during which bytes sent before a queue message may still arrive. */
const STRAGGLER_MS = 1_000;

/** Cause of a backoff. `silent`: requests were pending and no bytes arrived. */
export type BackoffReason = 'silent' | 'busy' | 'unreachable';

/** Measures one peer over all files: rate, request window, silence and corrupt data. Time is passed in. */
export class SourceScore {
  #inFlight = 0;
  #open = 0;
  #place = 0;
  #queueLength: number | undefined;
  #queuedMs = 0;
  /** Time at which a turn was reserved; undefined: none is reserved. */
  #linedUpMs: number | undefined;
  /** Time of a request without other pending ones, until its answer. The shortest such time is the round trip. */
  #requestedMs: number | undefined;
  #roundTripMs: number | undefined;
  /** Bytes left in the current turn; undefined: unlimited. */
  #turnBytes: number | undefined;
  /** No request was sent in this turn: one chunk is always allowed. */
  #turnBegins = false;
  #rate: number | undefined;
  /** The last sample while each is faster than the one before, during TCP slow start; then undefined. */
  #startRate: number | undefined = 0;
  #sampleBytes = 0;
  #sampleMs = 0;
  /** Start of the current busy time; undefined: no request is pending, or the peer has queued us. */
  #busySinceMs: number | undefined;
  #lastActivityMs = 0;
  /** Time of the last probe. */
  #probedMs = 0;
  #backoff: { readonly reason: BackoffReason; readonly untilMs: number } | undefined;
  /** Consecutive backoffs since the last bytes: for silence, and for failed connections. */
  #silentBackoffs = 0;
  #unreachableBackoffs = 0;
  #wrong = 0;
  #bannedUntilMs = Number.NEGATIVE_INFINITY;
  /** Contents by name, see SourcedContent. */
  readonly #distrusted = new Set<string>();
  /** Contents of which a blame was taken back. */
  readonly #forgiven = new Set<string>();

  /** Requested bytes that have not arrived. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Pending requests. */
  get open(): number {
    return this.#open;
  }

  /** Position in the upload queue of the peer; 0: served, or no request is pending. */
  get place(): number {
    return this.#place;
  }

  /** Length of that queue, as last reported. */
  get queueLength(): number | undefined {
    return this.#queueLength;
  }

  /**
   * Request window: bytes that the peer sends in one second. On a long path the rate doubles per round trip at
   * first, so that the average is an eighth of it; a window of the average would limit its growth.
   * Until the rate is measured, the window doubles with each one that has arrived: less than the measured rate will
   * allow, and a fast peer does not run out of requests meanwhile, each of which would wake both sides.
   */
  windowBytes(nowMs: number): number {
    const average = this.bytesPerSecond(nowMs) ?? 2 * this.#sampleBytes;
    const rate = (this.#roundTripMs ?? 0) > LONG_WAY_MS ? Math.max(average, this.#startRate ?? 0) : average;
    return Math.min(WINDOW_BYTES_MAX, Math.max(WINDOW_BYTES_MIN, rate));
  }

  /** Whether a turn is reserved without a request. */
  isLinedUp(nowMs: number): boolean {
    return this.#linedUpMs !== undefined && nowMs - this.#linedUpMs < LINED_UP_MS;
  }

  /** Records a reserved turn. */
  lineUp(nowMs: number): void {
    if (!this.isLinedUp(nowMs)) this.#linedUpMs = nowMs;
    this.#turnBytes = 0;
  }

  /** Starts a turn of `bytes`. Undefined: the turn is unlimited, or the reservation is gone. */
  turn(bytes: number | undefined): void {
    this.#linedUpMs = undefined;
    this.#place = 0;
    this.#turnBytes = bytes;
    this.#turnBegins = true;
  }

  /** Defers requests until the peer grants a turn: it serves many peers. */
  expectTurns(): void {
    if (this.#open === 0) this.#turnBytes ??= 0;
  }

  /** Whether a chunk of this length must wait for the next turn. */
  turnIsOver(chunkBytes: number): boolean {
    return !this.#turnBegins && this.#turnBytes !== undefined && this.#turnBytes < chunkBytes;
  }

  /**
   * Bytes that may be requested now. One request of any length is always allowed, except during a backoff, a
   * reservation or a ban.
   */
  roomBytes(nowMs: number): number {
    if (this.isBanned(nowMs) || this.backoffLeftMs(nowMs) > 0 || this.isLinedUp(nowMs)) return 0;
    if (this.#open === 0) return Number.POSITIVE_INFINITY;
    if (this.#place > 0 || this.#backoff !== undefined) return 0;
    return Math.max(
      0,
      Math.min(this.windowBytes(nowMs) - this.#inFlight, this.#turnBytes ?? WINDOW_BYTES_MAX),
    );
  }

  /** Whether enough of the window is free for several requests: each message wakes both sides. */
  wantsMore(nowMs: number): boolean {
    if (this.#open === 0 || this.#turnBytes !== undefined) return true;
    return this.#inFlight <= Math.min(this.windowBytes(nowMs) * REFILL_RATIO, REFILL_BYTES_MAX);
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

  /** Counts written bytes of a request; the window has room for others. */
  arrived(bytes: number): void {
    this.#inFlight -= bytes;
  }

  /** Ends a request; `missing` of its bytes did not arrive. */
  ended(missing: number, nowMs: number): void {
    this.#open--;
    this.#inFlight -= missing;
    if (!this.#owesAnswer(nowMs)) this.#place = 0;
    this.#settleBusy(nowMs);
  }

  /** Counts payload from the wire: the peer is alive. */
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
    // Late bytes show that the message about the end of the queue was lost; early ones were sent before the queue
    // message.
    if (nowMs - this.#queuedMs > STRAGGLER_MS) this.#place = 0;
    this.#settleBusy(nowMs);
    this.#sample();
  }

  /** Updates the position in the upload queue; 0: a slot is granted. */
  queued(place: number, nowMs: number, of?: number): void {
    this.#queueLength = of;
    if (this.#place === 0) this.#queuedMs = nowMs;
    this.#place = this.#owesAnswer(nowMs) ? place : 0;
    this.#lastActivityMs = nowMs;
    this.#requestedMs = undefined;
    this.#settleBusy(nowMs);
  }

  /** Rate in bytes per second; undefined until measured. Decreases while requests are pending without bytes. */
  bytesPerSecond(nowMs: number): number | undefined {
    this.#settleBusy(nowMs);
    this.#sample();
    return this.#rate;
  }

  /**
   * Detects a silent peer: requests pending, not queued, no bytes for SNUB_MS. True once; its requests are then
   * cancelled.
   */
  turnedSilent(nowMs: number): boolean {
    const asked = this.#open > 0 && this.#place === 0;
    if (!asked || this.backoffLeftMs(nowMs) > 0 || nowMs - this.#lastActivityMs < SNUB_MS) return false;
    this.backOff('silent', nowMs);
    return true;
  }

  /** Whether to probe: the peer owes an answer and was silent for QUIET_MS. True once per QUIET_MS. */
  wantsProbe(nowMs: number): boolean {
    const lastMs = Math.max(this.#lastActivityMs, this.#probedMs, this.#linedUpMs ?? this.#lastActivityMs);
    if (!this.#owesAnswer(nowMs) || nowMs - lastMs < QUIET_MS) return false;
    this.#probedMs = nowMs;
    return true;
  }

  /** Milliseconds since the last activity while requests are pending. */
  quietMs(nowMs: number): number {
    return this.#open > 0 ? nowMs - this.#lastActivityMs : 0;
  }

  /**
   * Starts a backoff that grows with each one: SNUB_RETRY_MS, or AWAY_RETRY_MS for a peer that cannot be reached.
   * Bytes from the peer end it. Ignored during a backoff.
   */
  backOff(reason: BackoffReason, nowMs: number): void {
    if (this.backoffLeftMs(nowMs) > 0) return;
    const restMs =
      reason === 'unreachable'
        ? backoffMs(AWAY_RETRY_MS, this.#unreachableBackoffs++)
        : backoffMs(SNUB_RETRY_MS, this.#silentBackoffs++);
    this.#backoff = { reason, untilMs: nowMs + restMs };
  }

  /** Ends the backoff of a peer that could not be reached, because its address is known again. */
  rediscovered(): void {
    if (this.#backoff?.reason === 'unreachable') this.#backoff = undefined;
    this.#unreachableBackoffs = 0;
  }

  /** Milliseconds until the backoff ends; 0: none. */
  backoffLeftMs(nowMs: number): number {
    return Math.max(0, (this.#backoff?.untilMs ?? nowMs) - nowMs);
  }

  /** Cause of the backoff, also during the trial request after it. */
  get backoffReason(): BackoffReason | undefined {
    return this.#backoff?.reason;
  }

  /** Records corrupt data of a content and returns the consequence. */
  blame(content: string, nowMs: number): Verdict {
    const again = this.#distrusted.has(content);
    this.#distrusted.add(content);
    this.#wrong++;
    if (this.#wrong < BAN_AFTER) return again ? 'distrusted again' : 'distrusted';
    this.#wrong = 0;
    this.#bannedUntilMs = nowMs + BAN_MS;
    return 'banned';
  }

  /** Takes one blame for a content back. Returns false the second time. */
  forgive(content: string): boolean {
    if (this.#forgiven.has(content)) return false;
    this.#forgiven.add(content);
    this.#wrong = Math.max(0, this.#wrong - 1);
    return this.#distrusted.delete(content);
  }

  /** Whether the peer sent corrupt data of that content. */
  isDistrusted(content: string): boolean {
    return this.#distrusted.has(content);
  }

  isBanned(nowMs: number): boolean {
    return nowMs < this.#bannedUntilMs;
  }

  /** Whether the peer owes an answer: requests are pending or a turn is reserved. */
  #owesAnswer(nowMs: number): boolean {
    return this.#open > 0 || this.isLinedUp(nowMs);
  }

  /** Adds the current busy time to the sample. */
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
