import { HEARTBEAT_MAX_MS, RELAYED_RETRY_MS } from '../../../Protocol/Limits.ts';
import type { Random } from '../../../Shared/Clock.ts';
import type { Purpose, SessionState } from './SessionTypes.ts';
import type { Transaction } from './Transactions.ts';

/** A tracker is lost when this many tries of one heartbeat, and this long, brought no answer. */
const LOST_TRIES = 3;
const LOST_MS = 2_500;
/** Connecting to a lost tracker: two quick repeats, then every 2 to 4 s. */
const QUICK_TRIES = 2;
const RECONNECT_MS = 2_000;
/** A goodbye is not waited for long. */
const LEAVE_RETRY_MS = 100;
/** Shortest heartbeat interval we let a tracker tell us. */
const HEARTBEAT_MIN_MS = 1_000;

/** Cookies are good for 60 s at least (BEP 15): ours is replaced before. */
export const COOKIE_RENEW_MS = 45_000;
/** A cookie that is refused at once is not asked for again at once. */
export const COOKIE_RETRY_MS = 1_000;
/** After `too-many`. */
export const THROTTLED_RETRY_MS = 500;
/** After a heartbeat was refused. */
export const REFUSED_RETRY_MS = 4_000;
/** Tries of one question of ours, while heartbeats are answered. */
export const ASK_TRIES = 8;

/** @param heardMs - when the tracker last answered anything at all */
export function isLost(transaction: Transaction<Purpose>, lastReplyMs: number, nowMs: number): boolean {
  return transaction.tries >= LOST_TRIES && nowMs - Math.max(transaction.firstSentMs, lastReplyMs) >= LOST_MS;
}

/** When a request just sent is repeated, where the general waits do not fit; undefined: they do. */
export function retryMs(
  { purpose, tries, firstSentMs }: Transaction<Purpose>,
  state: SessionState,
  nowMs: number,
  random: Random,
): number | undefined {
  if (purpose.kind === 'leave') return nowMs + LEAVE_RETRY_MS;
  // Peers may be asked for it: their answers are given their time.
  if (purpose.kind === 'ask' && ['search', 'locate'].includes(purpose.request.type))
    return nowMs + RELAYED_RETRY_MS;
  if (purpose.kind !== 'connect' && purpose.kind !== 'heartbeat') return undefined;
  if (state === 'lost') return tries > QUICK_TRIES ? nowMs + RECONNECT_MS * (1 + random()) : undefined;
  return tries === LOST_TRIES ? Math.max(firstSentMs + LOST_MS, nowMs + 500) : undefined;
}

/** The next heartbeat: some early, none late, because the tracker counts missed ones from the interval it told. */
export function nextHeartbeatMs(sentMs: number, requestedMs: number, random: Random): number {
  const intervalMs = Math.min(Math.max(requestedMs, HEARTBEAT_MIN_MS), HEARTBEAT_MAX_MS);
  return sentMs + intervalMs * (0.85 + 0.15 * random());
}
