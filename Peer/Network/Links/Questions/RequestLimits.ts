import { PEER_IDS_BURST, PEER_IDS_MS, PEER_WORDS_BURST, PEER_WORDS_MS } from '../../../../Protocol/Limits.ts';
import { fullBucket, type Rate, type TokenBucket, takeToken } from '../../../../Shared/Time/TokenBucket.ts';

/**
 * Rates of one peer: searches by words and by id, names of peers and trackers, dials it causes, itself or through a
 * relay, and verified chunks.
 */
const RATES = {
  words: { burst: PEER_WORDS_BURST, perSecond: 1_000 / PEER_WORDS_MS },
  ids: { burst: PEER_IDS_BURST, perSecond: 1_000 / PEER_IDS_MS },
  peers: { burst: 1_000, perSecond: 20 },
  trackers: { burst: 8, perSecond: 0.2 },
  dials: { burst: 8, perSecond: 0.5 },
  relayed: { burst: 32, perSecond: 4 },
  checks: { burst: 8, perSecond: 0.2 },
} as const satisfies Record<string, Rate>;

/** Token buckets for the messages of one peer that cost us work or memory. */
export class RequestLimits {
  readonly #buckets: Readonly<Record<keyof typeof RATES, TokenBucket>>;

  constructor(nowMs: number) {
    const full = () => fullBucket(nowMs);
    this.#buckets = {
      words: full(),
      ids: full(),
      peers: full(),
      trackers: full(),
      dials: full(),
      relayed: full(),
      checks: full(),
    };
  }

  /** Returns false when the rate is exceeded. */
  take(kind: keyof typeof RATES, nowMs: number): boolean {
    return takeToken(this.#buckets[kind], RATES[kind], nowMs);
  }
}
