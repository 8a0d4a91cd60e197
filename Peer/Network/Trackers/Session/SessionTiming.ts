import { HEARTBEAT_MAX_MS, RELAYED_RETRY_MS } from '../../../../Protocol/Limits.ts';
import type { Random } from '../../../../Shared/Time/Clock.ts';
import type { Purpose, SessionState } from './SessionTypes.ts';
import type { Transaction } from './Transactions.ts';

/**
 * A tracker counts as lost after both LOST_TRIES unanswered transmissions of one heartbeat and LOST_MS of silence.
 */
const LOST_TRIES = 3;
const LOST_MS = 2_500;
/** Reconnecting to a lost tracker: two fast retries, then one every 2 to 4 s. */
const QUICK_TRIES = 2;
const RECONNECT_MS = 2_000;
/** Retry delay of `leave`. */
const LEAVE_RETRY_MS = 100;
/** Lower bound on the heartbeat interval a tracker may request. */
const HEARTBEAT_MIN_MS = 1_000;

/** Renewal age of a cookie. Cookies are valid for at least 60 s (BEP 15). */
export const COOKIE_RENEW_MS = 45_000;
/** Minimum age of a refused cookie before a new one is requested. */
export const COOKIE_RETRY_MS = 1_000;
/** Delay after a `too-many` refusal. */
export const THROTTLED_RETRY_MS = 500;
/** Delay before reconnecting after a refused heartbeat. */
export const REFUSED_RETRY_MS = 4_000;
/** Transmissions of one query before it times out, while heartbeats are answered. */
export const ASK_TRIES = 8;

/**
 * Whether an unanswered heartbeat means that the tracker is lost.
 * @param lastReplyMs - time of the tracker's last reply of any kind
 */
export function isLost(transaction: Transaction<Purpose>, lastReplyMs: number, nowMs: number): boolean {
  return transaction.tries >= LOST_TRIES && nowMs - Math.max(transaction.firstSentMs, lastReplyMs) >= LOST_MS;
}

/** Retry time of a request just sent; undefined: the general backoff applies. */
export function retryMs(
  { purpose, tries, firstSentMs }: Transaction<Purpose>,
  state: SessionState,
  nowMs: number,
  random: Random,
): number | undefined {
  if (purpose.kind === 'leave') return nowMs + LEAVE_RETRY_MS;
  // The tracker may relay the query to peers, whose answers take longer.
  if (purpose.kind === 'ask' && ['search', 'locate'].includes(purpose.request.type))
    return nowMs + RELAYED_RETRY_MS;
  if (purpose.kind !== 'connect' && purpose.kind !== 'heartbeat') return undefined;
  if (state === 'lost') return tries > QUICK_TRIES ? nowMs + RECONNECT_MS * (1 + random()) : undefined;
  return tries === LOST_TRIES ? Math.max(firstSentMs + LOST_MS, nowMs + 500) : undefined;
}

/**
 * Time of the next heartbeat: up to 15 % early, never late, because the tracker counts missed heartbeats by the
 * interval it requested.
 */
export function nextHeartbeatMs(sentMs: number, requestedMs: number, random: Random): number {
  const intervalMs = Math.min(Math.max(requestedMs, HEARTBEAT_MIN_MS), HEARTBEAT_MAX_MS);
  return sentMs + intervalMs * (0.85 + 0.15 * random());
}
