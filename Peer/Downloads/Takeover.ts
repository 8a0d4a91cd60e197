import {
  ENDGAME_COPIES,
  STEAL_REMAINING_MS,
  STEAL_RUNNING_MS,
  WINDOW_BYTES_MIN,
} from '../../Protocol/Limits.ts';

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
}

/** A request that another source would finish sooner. */
export interface Takeover<Key> {
  readonly request: ChunkRequest<Key>;
  /** `move`: the slow source is no longer asked. `copy`: both are, the first one wins. */
  readonly kind: 'move' | 'copy';
}

export interface Thief<Key> {
  readonly key: Key;
  readonly pace: Pace;
  /** What it is still to send of this file. */
  readonly openBytes: number;
  has(chunk: number): boolean;
}

/** One source's open requests, in the order they were asked, and its pace. */
export interface Victim<Key> {
  readonly pace: Pace;
  readonly open: Iterable<ChunkRequest<Key>>;
}

/** What is allowed now. */
export interface TakeoverRules {
  readonly nowMs: number;
  /** Nothing of the file is unrequested: unstarted requests may move, started ones may be copied. */
  readonly endgame: boolean;
  /** Bytes that may still be asked for twice. */
  readonly duplicateBytes: number;
  copies(chunk: number): number;
}

/**
 * Which open request of the others an idle source should take over: the one that would take longest where it is, when the idle source is
 * at least twice as soon, after what it has to send already (so that two sources never pass a chunk to and fro). Before the endgame only chunks that run for 4 s and need 5 s more (AirDC++).
 * `started` is a guess: the first open request of a source, or one of which bytes came.
 */
export function findTakeover<Key>(
  thief: Thief<Key>,
  victims: Iterable<Victim<Key>>,
  rules: TakeoverRules,
): Takeover<Key> | undefined {
  if (thief.pace.waiting) return undefined;
  let best: Takeover<Key> | undefined;
  let worstMs = 0;
  for (const victim of victims) {
    let aheadBytes = 0;
    for (const request of victim.open) {
      const first = aheadBytes === 0;
      aheadBytes += request.bytes - request.received;
      if (request.source === thief.key || !thief.has(request.chunk)) continue;
      const leftMs = victim.pace.waiting
        ? Number.POSITIVE_INFINITY
        : durationMs(aheadBytes, victim.pace, request, rules.nowMs);
      if (leftMs <= worstMs || leftMs < 2 * durationMs(thief.openBytes + request.bytes, thief.pace)) continue;
      const kind = takeoverKind(request, first, leftMs, victim.pace, thief.pace, rules);
      if (kind !== undefined) [best, worstMs] = [{ request, kind }, leftMs];
    }
  }
  return best;
}

function takeoverKind<Key>(
  request: ChunkRequest<Key>,
  first: boolean,
  leftMs: number,
  from: Pace,
  to: Pace,
  rules: TakeoverRules,
): Takeover<Key>['kind'] | undefined {
  const copies = rules.copies(request.chunk);
  const unstarted = request.received === 0 && (!first || from.waiting);
  if (copies === 1 && unstarted && (rules.endgame || from.waiting)) return 'move';
  if (rules.endgame && copies < ENDGAME_COPIES && request.bytes <= rules.duplicateBytes) return 'copy';
  const slow = rules.nowMs - request.sinceMs >= STEAL_RUNNING_MS && leftMs >= STEAL_REMAINING_MS;
  return copies === 1 && slow && speed(to) >= 2 * speed(from) ? 'move' : undefined;
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
