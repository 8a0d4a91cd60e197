/** A limit: the average rate, and the tokens that may be taken at once after a pause. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * State of a token bucket. It counts tokens taken instead of tokens left, so that a full bucket needs no rate, and a
 * table of many buckets no rate for each. More than `burst` is a debt.
 */
export interface TokenBucket {
  used: number;
  atMs: number;
}

export function fullBucket(nowMs: number): TokenBucket {
  return { used: 0, atMs: nowMs };
}

/** Returns the tokens gained since the last call to the bucket. A clock that goes back gains nothing. */
function refill(bucket: TokenBucket, rate: Rate, nowMs: number): void {
  const passedMs = Math.max(0, nowMs - bucket.atMs);
  bucket.used = Math.max(0, bucket.used - (passedMs * rate.perSecond) / 1_000);
  bucket.atMs = nowMs;
}

/** Takes one token; false, and nothing taken, when there is none. */
export function takeToken(bucket: TokenBucket, rate: Rate, nowMs: number): boolean {
  return takeTokens(bucket, rate, nowMs, 1) === 1;
}

/** Takes up to `wanted` whole tokens. @returns the number taken */
export function takeTokens(bucket: TokenBucket, rate: Rate, nowMs: number, wanted: number): number {
  refill(bucket, rate, nowMs);
  const taken = Math.max(0, Math.min(wanted, Math.floor(rate.burst - bucket.used)));
  bucket.used += taken;
  return taken;
}
