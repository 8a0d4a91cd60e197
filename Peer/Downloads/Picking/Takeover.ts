import {
  ENDGAME_COPIES,
  TAKEOVER_ANYWAY_MS,
  TAKEOVER_REMAINING_MS,
  TAKEOVER_RUNNING_MS,
  WINDOW_BYTES_MIN,
} from '../../../Protocol/Limits.ts';

/** Bytes due within this time may have been sent already: the window of a lane is one second of its rate. */
const SOON_MS = 1_500;
/**
 * Socket buffers between two peers hold about this much (Linux: 6 MB of receive buffer at most). Bytes beyond it
 * can still be cancelled.
 */
const IN_SOCKETS_BYTES = 6 * 1_048_576;
/** Sent bytes arrive within this time. */
const QUIET_MS = 1_000;

/** An open request for a unit. */
export interface UnitRequest<Key> {
  readonly unit: number;
  readonly source: Key;
  readonly bytes: number;
  readonly sinceMs: number;
  /** Bytes received; updated by the receiver. */
  received: number;
}

/** Measured speed of a source. */
export interface Pace {
  /** Undefined: not measured yet. */
  readonly bytesPerSecond: number | undefined;
  /** The source has queued us or is silent: its requests may be taken over at once. */
  readonly waiting: boolean;
  /** Milliseconds without bytes while requests are pending. */
  readonly quietMs?: number;
}

/** A request that an idle source would finish sooner. */
export interface Takeover<Key> {
  readonly request: UnitRequest<Key>;
  /** `move`: the request to the slow source is cancelled. `copy`: both stay open, and the first to finish wins. */
  readonly kind: 'move' | 'copy';
  /** Bytes that may arrive twice because of the takeover. */
  readonly costBytes: number;
}

export interface IdleSource<Key> {
  readonly key: Key;
  readonly pace: Pace;
  /** Bytes of this file that it still has to send. */
  readonly openBytes: number;
  has(unit: number): boolean;
}

/** Open requests of one source, oldest first, and its speed. */
export interface BusySource<Key> {
  readonly pace: Pace;
  readonly open: Iterable<UnitRequest<Key>>;
}

/** Limits of a takeover. */
export interface TakeoverRules {
  readonly nowMs: number;
  /** Every unit is requested: unstarted requests may move, started ones may be copied. */
  readonly endgame: boolean;
  /** Duplicate bytes that are left in the allowance. */
  readonly duplicateBytes: number;
  copies(unit: number): number;
}

/**
 * Finds the open request that an idle source should take over: the one with the longest remaining time. The idle
 * source must be at least twice as fast, including its own pending bytes; otherwise two sources would pass a unit
 * to and fro. Before the endgame only units qualify that have run for 4 s and need 5 s more (as AirDC++ does). A
 * request counts as started when bytes arrived or when it is the first of its source. The duplicate bytes must fit
 * the allowance, unless the request would take half a minute more.
 */
export function findTakeover<Key>(
  idle: IdleSource<Key>,
  busySources: Iterable<BusySource<Key>>,
  rules: TakeoverRules,
): Takeover<Key> | undefined {
  if (idle.pace.waiting) return undefined;
  let best: Takeover<Key> | undefined;
  let worstMs = 0;
  for (const busy of busySources) {
    let aheadBytes = 0;
    for (const request of busy.open) {
      const before = aheadBytes;
      aheadBytes += request.bytes - request.received;
      if (request.source === idle.key || !idle.has(request.unit)) continue;
      const leftMs = leftMsOf(request, before, busy.pace, rules.nowMs);
      if (leftMs <= worstMs || leftMs < 2 * durationMs(idle.openBytes + request.bytes, idle.pace)) continue;
      const found = takeoverOf(request, before, leftMs, busy.pace, idle.pace, rules);
      if (found !== undefined) [best, worstMs] = [found, leftMs];
    }
  }
  return best;
}

function takeoverOf<Key>(
  request: UnitRequest<Key>,
  aheadBytes: number,
  leftMs: number,
  from: Pace,
  to: Pace,
  rules: TakeoverRules,
): Takeover<Key> | undefined {
  const copies = rules.copies(request.unit);
  if (copies === 1 && from.waiting && request.received === 0) return { request, kind: 'move', costBytes: 0 };
  const affordable = (costBytes: number) => costBytes <= 0 || costBytes <= rules.duplicateBytes;
  const unstarted = request.received === 0 && aheadBytes > 0;
  const moveBytes = lostBytes(request, aheadBytes, from, leftMs);
  if (copies === 1 && unstarted && rules.endgame && affordable(moveBytes)) {
    return { request, kind: 'move', costBytes: moveBytes };
  }
  if (rules.endgame && copies < ENDGAME_COPIES && affordable(request.bytes)) {
    return { request, kind: 'copy', costBytes: request.bytes };
  }
  const running = rules.nowMs - request.sinceMs >= TAKEOVER_RUNNING_MS;
  const slow = running && leftMs >= TAKEOVER_REMAINING_MS && speed(to) >= 2 * speed(from);
  const stuck = rules.endgame && moveBytes === request.received;
  if (copies !== 1 || !(slow || stuck)) return undefined;
  if (!affordable(moveBytes) && !(slow && leftMs >= TAKEOVER_ANYWAY_MS)) return undefined;
  return { request, kind: 'move', costBytes: moveBytes };
}

/**
 * Bytes wasted when a request is cancelled now: those that arrived, or the whole request when it was due soon,
 * because sent bytes in sockets cannot be recalled.
 * @param aheadBytes - bytes that the source sends before the request
 * @param leftMs - remaining time of the request
 */
export function lostBytes<Key>(
  request: UnitRequest<Key>,
  aheadBytes: number,
  pace: Pace,
  leftMs: number,
): number {
  const inSockets = aheadBytes < IN_SOCKETS_BYTES && leftMs < SOON_MS;
  const onItsWay = inSockets && (pace.quietMs ?? 0) < QUIET_MS;
  return onItsWay ? request.bytes : request.received;
}

/** Estimates the remaining time of a request. @param aheadBytes - bytes that the source sends before the request */
export function leftMsOf<Key>(
  request: UnitRequest<Key>,
  aheadBytes: number,
  pace: Pace,
  nowMs: number,
): number {
  if (pace.waiting) return Number.POSITIVE_INFINITY;
  return durationMs(aheadBytes + request.bytes - request.received, pace, request, nowMs);
}

/** Estimates the time to send `bytes`. A source that never delivered is at least as slow as its silence so far. */
function durationMs(bytes: number, pace: Pace, request?: { sinceMs: number }, nowMs = 0): number {
  const ms = (bytes / speed(pace)) * 1_000;
  const silentMs = pace.bytesPerSecond === undefined && request !== undefined ? nowMs - request.sinceMs : 0;
  return Math.max(ms, silentMs);
}

/** Speed in bytes per second. An unmeasured source counts as one that sends its smallest window per second. */
function speed(pace: Pace): number {
  return Math.max(1, pace.bytesPerSecond ?? WINDOW_BYTES_MIN);
}
