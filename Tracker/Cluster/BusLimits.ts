import type { InstanceId } from '../../Protocol/Ids.ts';
import {
  fullBucket,
  type Rate,
  type TokenBucket,
  takeToken,
  takeTokens,
} from '../../Shared/Time/TokenBucket.ts';
import type { QuestionRecord } from './BusRecords.ts';

type QuestionType = QuestionRecord['type'];

/** Records of all senders. Beyond this they are dropped unread. */
const RECORD_RATE: Rate = { perSecond: 20_000, burst: 40_000 };
/**
 * Bytes of decoded records: a third of a core at most. A search of the commonest word brings 40 kB from each tracker.
 */
const BYTE_RATE: Rate = { perSecond: 33_554_432, burst: 33_554_432 };
/** Announcements. Each makes the list of trackers in answers to heartbeats anew. */
const ANNOUNCE_RATE: Rate = { perSecond: 500, burst: 2_000 };
/** Trackers that join. Each causes lines in the log; a whole cluster may start at once, twice. */
const JOIN_RATE: Rate = { perSecond: 1, burst: 128 };
/** Questions of one tracker. */
const QUESTION_RATES: Readonly<Record<QuestionType, Rate>> = {
  search: { perSecond: 200, burst: 400 },
  locate: { perSecond: 5_000, burst: 10_000 },
  peers: { perSecond: 1_000, burst: 2_000 },
  folder: { perSecond: 100, burst: 200 },
  call: { perSecond: 200, burst: 400 },
};
/** CPU of an answer, in tenths of a millisecond. A search examines up to 32,768 entries. */
const QUESTION_COSTS: Readonly<Record<QuestionType, number>> = {
  search: 20,
  locate: 1,
  peers: 1,
  folder: 20,
  call: 1,
};
/** Cost of all questions: four fifths of a core, so that heartbeats are answered under any load from other trackers. */
const COST_RATE: Rate = { perSecond: 8_000, burst: 16_000 };

/** Bounds on the work caused by all other trackers, and by each of them. Their names are claims. */
export class BusLimits {
  readonly #records = fullBucket(0);
  readonly #bytes = fullBucket(0);
  readonly #announcements = fullBucket(0);
  readonly #joins = fullBucket(0);
  readonly #costs = fullBucket(0);
  readonly #questions = new Map<InstanceId, Map<QuestionType, TokenBucket>>();

  allowsRecord(nowMs: number): boolean {
    return takeToken(this.#records, RECORD_RATE, nowMs);
  }

  /** Counts a record that is to be decoded. */
  allowsBytes(count: number, nowMs: number): boolean {
    return takeTokens(this.#bytes, BYTE_RATE, nowMs, count) === count;
  }

  allowsAnnouncement(nowMs: number): boolean {
    return takeToken(this.#announcements, ANNOUNCE_RATE, nowMs);
  }

  allowsJoin(nowMs: number): boolean {
    return takeToken(this.#joins, JOIN_RATE, nowMs);
  }

  /** Counts a question of a member. */
  allowsQuestion({ from, type }: QuestionRecord, nowMs: number): boolean {
    const buckets = this.#questions.get(from) ?? new Map<QuestionType, TokenBucket>();
    this.#questions.set(from, buckets);
    const bucket = buckets.get(type) ?? fullBucket(nowMs);
    buckets.set(type, bucket);
    if (!takeToken(bucket, QUESTION_RATES[type], nowMs)) return false;
    const cost = QUESTION_COSTS[type];
    return takeTokens(this.#costs, COST_RATE, nowMs, cost) === cost;
  }

  /** Drops a member that has left. */
  left(member: InstanceId): void {
    this.#questions.delete(member);
  }
}
