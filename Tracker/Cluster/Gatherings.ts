import type { InstanceId } from '../../Protocol/Ids.ts';
import type { AnswerRecord, RecordHead } from './BusRecords.ts';

/** Time in which the other trackers may answer a question. */
export const GATHER_MS = 300;
/** Questions open at once. Beyond this only the own part answers. */
const OPEN_MAX = 1_024;
/** Bytes of the answers of one tracker to one question: 200 hits with the longest paths and eight holders each. */
const ANSWER_BYTES_MAX = 524_288;
const NOTHING: readonly never[] = [];

/** The records that answered a question. */
export interface Gathered {
  readonly records: readonly AnswerRecord[];
  /** Trackers whose answer is whole. */
  readonly answered: number;
  /** The time now. */
  readonly nowMs: number;
}

interface Gathering {
  readonly number: number;
  readonly askedMs: number;
  readonly untilMs: number;
  /** Records by their number, by tracker, of all that were asked. */
  readonly records: Map<InstanceId, Map<number, AnswerRecord>>;
  readonly bytes: Map<InstanceId, number>;
  /** Trackers whose last record is awaited. */
  readonly waiting: Set<InstanceId>;
  /** Ends the gathering early. */
  readonly isEnough: (record: AnswerRecord) => boolean;
  readonly end: (gathered: Gathered) => void;
}

export interface GatherOptions {
  readonly asked: readonly InstanceId[];
  /** Of these, the trackers to wait for. */
  readonly awaited: readonly InstanceId[];
  readonly isEnough?: (record: AnswerRecord) => boolean;
  readonly end: (gathered: Gathered) => void;
}

/** Questions to other trackers that are open. Each ends once: with its last answer, or after GATHER_MS. */
export class Gatherings {
  readonly #open = new Map<number, Gathering>();
  #number: number;

  /** @param first - random start of the numbers, which voids those of an earlier run */
  constructor(first: number) {
    this.#number = first;
  }

  /** End of the oldest question; undefined: none is open. */
  get nextEndMs(): number | undefined {
    // Asked for with each datagram: no iterator in vain.
    return this.#open.size === 0 ? undefined : this.#open.values().next().value?.untilMs;
  }

  /** Opens a question. @returns its number; undefined: too many are open */
  open({ asked, awaited, isEnough = () => false, end }: GatherOptions, nowMs: number): number | undefined {
    if (this.#open.size >= OPEN_MAX) return undefined;
    this.#number = (this.#number + 1) >>> 0;
    this.#open.set(this.#number, {
      number: this.#number,
      askedMs: nowMs,
      untilMs: nowMs + GATHER_MS,
      records: new Map(asked.map((member) => [member, new Map()])),
      bytes: new Map(),
      waiting: new Set(awaited),
      isEnough,
      end,
    });
    return this.#number;
  }

  /** Whether a question is open to this tracker. */
  expects({ from, question }: Pick<RecordHead, 'from' | 'question'>, nowMs: number): boolean {
    const gathering = this.#open.get(question);
    return gathering?.records.has(from) === true && nowMs < gathering.untilMs;
  }

  /** Takes a record. False: the tracker was not asked, sends it twice or too many, or is late. */
  answered(record: AnswerRecord, bytes: number, nowMs: number): boolean {
    const gathering = this.#open.get(record.question);
    const records = gathering?.records.get(record.from);
    if (gathering === undefined || records === undefined || !this.expects(record, nowMs)) return false;
    const number = partOf(record);
    const ofMember = (gathering.bytes.get(record.from) ?? 0) + bytes;
    if (ofMember > ANSWER_BYTES_MAX || records.has(number)) return false;
    gathering.bytes.set(record.from, ofMember);
    records.set(number, record);
    // The bus keeps the order of each sender: a record that is missing before the last one was lost.
    if (isLast(record)) gathering.waiting.delete(record.from);
    if (gathering.waiting.size === 0 || gathering.isEnough(record)) this.#end(gathering, nowMs);
    return true;
  }

  /** Ends the questions whose time is up. @returns the trackers that did not answer at all, and since when */
  expire(nowMs: number): readonly { readonly member: InstanceId; readonly askedMs: number }[] {
    if (this.#open.size === 0) return NOTHING;
    const missing: { member: InstanceId; askedMs: number }[] = [];
    for (const gathering of this.#open.values()) {
      if (gathering.untilMs > nowMs) break; // The oldest is first.
      for (const [member, records] of gathering.records) {
        if (records.size === 0) missing.push({ member, askedMs: gathering.askedMs });
      }
      this.#end(gathering, nowMs);
    }
    return missing;
  }

  #end(gathering: Gathering, nowMs: number): void {
    this.#open.delete(gathering.number);
    const answers = [...gathering.records.values()];
    gathering.end({
      records: answers.flatMap((records) => [...records.values()]),
      answered: answers.filter(isWhole).length,
      nowMs,
    });
  }
}

function partOf(record: AnswerRecord): number {
  return 'part' in record ? record.part : 0;
}

function isLast(record: AnswerRecord): boolean {
  return !('isLast' in record) || record.isLast;
}

/** Whether the last record and all before it are there. */
function isWhole(records: ReadonlyMap<number, AnswerRecord>): boolean {
  const last = [...records.values()].find(isLast);
  return last !== undefined && records.size === partOf(last) + 1;
}
