import type { RelayedFile, RelayQuestion } from '../../../../Protocol/RelayMessages.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import { fullBucket, takeToken } from '../../../../Shared/Time/TokenBucket.ts';
import type { CatalogFeed } from '../../Ports.ts';

/** Limit on questions by words of all peers together: searching a large share takes milliseconds. */
const WORDS_RATE = { burst: 60, perSecond: 20 };

/** Answers questions of peers from our share. The answer is undefined over the rate limit, or without a share. */
export function ownMatches(
  { clock, feed }: { readonly clock: Clock; readonly feed?: Pick<CatalogFeed, 'matching'> },
  counters: { overLimit: number },
): (question: RelayQuestion) => readonly RelayedFile[] | undefined {
  const words = fullBucket(clock.nowMs());
  return (question) => {
    const within = question.fileId !== undefined || takeToken(words, WORDS_RATE, clock.nowMs());
    if (!within) counters.overLimit++;
    return within ? feed?.matching(question) : undefined;
  };
}
