/** How much of something is allowed: on average, and at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** What is left of a rate: as `used` at `atMs`, so that a new bucket needs to know no rate. */
export interface TokenBucket {
  used: number;
  atMs: number;
}

export function fullBucket(nowMs: number): TokenBucket {
  return { used: 0, atMs: nowMs };
}

/** Takes one token; false when there is none. */
export function takeToken(bucket: TokenBucket, rate: Rate, nowMs: number): boolean {
  const passedMs = Math.max(0, nowMs - bucket.atMs);
  bucket.used = Math.max(0, bucket.used - (passedMs * rate.perSecond) / 1_000);
  bucket.atMs = nowMs;
  if (bucket.used + 1 > rate.burst) return false;
  bucket.used++;
  return true;
}
