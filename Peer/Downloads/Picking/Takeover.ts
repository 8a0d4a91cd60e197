import {
  ENDGAME_COPIES,
  TAKEOVER_ANYWAY_MS,
  TAKEOVER_REMAINING_MS,
  TAKEOVER_RUNNING_MS,
  WINDOW_BYTES_MIN,
} from '../../../Protocol/Limits.ts';

/** What a source delivers within this time may be on its way already: a lane's window is a second of its rate. */
const SOON_MS = 1_500;
/** Sockets hold about this much between two peers (Linux: 6 MB of receive buffer at most): what a source sends later can be taken back. */
const IN_SOCKETS_BYTES = 6 * 1_048_576;
/** What is on its way comes within this time. */
const QUIET_MS = 1_000;

/** A chunk asked of a source. */
export interface ChunkRequest<Key> {
  readonly chunk: number;
  readonly source: Key;
  readonly bytes: number;
  readonly sinceMs: number;
  /** Bytes that came; kept up to date by whoever receives them. */
  received: number;
}

/** How fast a source is, as far as known. */
export interface Pace {
  /** Undefined: not measured yet. */
  readonly bytesPerSecond: number | undefined;
  /** It is asked but serves others first, or is silent: its requests may be taken at once. */
  readonly waiting: boolean;
  /** Asked, and nothing came for so long. */
  readonly quietMs?: number;
}

/** A request that another source would finish sooner. */
export interface Takeover<Key> {
  readonly request: ChunkRequest<Key>;
  /** `move`: the slow source is no longer asked. `copy`: both are, the first one wins. */
  readonly kind: 'move' | 'copy';
  /** Bytes that may come twice because of it. */
  readonly costBytes: number;
}

export interface IdleSource<Key> {
  readonly key: Key;
  readonly pace: Pace;
  /** What it is still to send of this file. */
  readonly openBytes: number;
  has(chunk: number): boolean;
}

/** One source's open requests, in the order they were asked, and its pace. */
export interface BusySource<Key> {
  readonly pace: Pace;
  readonly open: Iterable<ChunkRequest<Key>>;
}

/** What is allowed now. */
export interface TakeoverRules {
  readonly nowMs: number;
  /** Nothing of the file is unrequested: unstarted requests may move, started ones may be copied. */
  readonly endgame: boolean;
  /** Bytes that may still come twice. */
  readonly duplicateBytes: number;
  copies(chunk: number): number;
}

/**
 * Which open request of the others an idle source should take over: the one that would take longest where it is, when the idle source is
 * at least twice as soon, after what it has to send already (so that two sources never pass a chunk to and fro). Before the endgame only chunks that run for 4 s and need 5 s more (AirDC++).
 * `started` is a guess: the first open request of a source, or one of which bytes came. What a takeover may cost in bytes that come
 * twice must fit what is left of the allowance, unless the request would take half a minute more.
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
      if (request.source === idle.key || !idle.has(request.chunk)) continue;
      const leftMs = leftMsOf(request, before, busy.pace, rules.nowMs);
      if (leftMs <= worstMs || leftMs < 2 * durationMs(idle.openBytes + request.bytes, idle.pace)) continue;
      const found = takeoverOf(request, before, leftMs, busy.pace, idle.pace, rules);
      if (found !== undefined) [best, worstMs] = [found, leftMs];
    }
  }
  return best;
}

function takeoverOf<Key>(
  request: ChunkRequest<Key>,
  aheadBytes: number,
  leftMs: number,
  from: Pace,
  to: Pace,
  rules: TakeoverRules,
): Takeover<Key> | undefined {
  const copies = rules.copies(request.chunk);
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
 * Bytes of a request that were sent in vain when it is cancelled now: those that came; and of a source that would have delivered it
 * soon all, because they lie in sockets, where nothing can be taken back.
 * @param aheadBytes - what it sends before the request
 * @param leftMs - when the source would have delivered it
 */
export function lostBytes<Key>(
  request: ChunkRequest<Key>,
  aheadBytes: number,
  pace: Pace,
  leftMs: number,
): number {
  const inSockets = aheadBytes < IN_SOCKETS_BYTES && leftMs < SOON_MS;
  const onItsWay = inSockets && (pace.quietMs ?? 0) < QUIET_MS;
  return onItsWay ? request.bytes : request.received;
}

/** When a source delivers a request, as far as can be told. @param aheadBytes - what it sends before the request */
export function leftMsOf<Key>(
  request: ChunkRequest<Key>,
  aheadBytes: number,
  pace: Pace,
  nowMs: number,
): number {
  if (pace.waiting) return Number.POSITIVE_INFINITY;
  return durationMs(aheadBytes + request.bytes - request.received, pace, request, nowMs);
}

/** How long a source needs for so many bytes; one that never delivered is at least as slow as it was until now. */
function durationMs(bytes: number, pace: Pace, request?: { sinceMs: number }, nowMs = 0): number {
  const ms = (bytes / speed(pace)) * 1_000;
  const silentMs = pace.bytesPerSecond === undefined && request !== undefined ? nowMs - request.sinceMs : 0;
  return Math.max(ms, silentMs);
}

/** Unmeasured sources count as if they filled their smallest window once a second. */
function speed(pace: Pace): number {
  return Math.max(1, pace.bytesPerSecond ?? WINDOW_BYTES_MIN);
}
