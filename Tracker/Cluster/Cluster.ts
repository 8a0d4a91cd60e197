import type { TrackerShare } from '../../Protocol/Extensions.ts';
import type { InstanceId } from '../../Protocol/Ids.ts';
import { CLUSTER_TRACKERS_MAX } from '../../Protocol/Limits.ts';
import type { ClusterMember } from '../../Protocol/TrackerItems.ts';
import { type Address, formatAddress, isLoopback } from '../../Shared/Network/Address.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { BusLimits } from './BusLimits.ts';
import {
  type AnswerRecord,
  type BusRecord,
  decodeRecord,
  encodeRecord,
  headOf,
  isQuestion,
  type Question,
  type QuestionRecord,
  type RecordOf,
} from './BusRecords.ts';
import { type Gathered, Gatherings } from './Gatherings.ts';
import { ANNOUNCE_MS, type Member, type MemberChange, Members } from './Members.ts';
import { MessageRates } from './MessageRates.ts';

/** Announcements sent because another tracker joined: at most one in this time. */
const WELCOME_MS = 200;
const NOTHING: readonly never[] = [];

/** A record to send: to all trackers of the cluster, or to one. */
export interface Outgoing {
  readonly to: 'all' | InstanceId;
  readonly bytes: Uint8Array;
}

export interface ClusterOptions {
  readonly name: string;
  readonly self: InstanceId;
  /** Address of this tracker for peers. */
  readonly address: Address;
  /** Random start of the numbers of questions. */
  readonly firstQuestion: number;
  /** Figures of this tracker, for the others. */
  readonly figures: () => { readonly peers: number; readonly files: number };
  readonly changed?: (member: Member, change: MemberChange) => void;
}

/** Records dropped since the start, by reason. */
export interface ClusterCounts {
  malformed: number;
  /** Over a rate, of an unknown tracker, or one more tracker than fit. */
  refused: number;
  /** Answers to a question that has ended, and further ones than may come. */
  late: number;
}

/** State of the cluster, and records since the start. */
export interface ClusterStats extends ClusterCounts {
  /** This one included. */
  readonly trackers: number;
  readonly silent: number;
  readonly isConnected: boolean;
  readonly received: number;
  readonly sent: number;
}

/**
 * One tracker among others, as a function of records and time. Records to send are collected by `take`. Bytes from
 * the bus are handled like those of strangers. docs/reference/protocol.md, "Clusters".
 */
export class Cluster {
  readonly name: string;
  readonly members: Members;
  readonly counts: ClusterCounts = { malformed: 0, refused: 0, late: 0 };
  readonly #options: ClusterOptions;
  readonly #gatherings: Gatherings;
  readonly #rates = new MessageRates();
  readonly #limits = new BusLimits();
  #outgoing: Outgoing[] = [];
  #isConnected = false;
  #announceMs = Number.POSITIVE_INFINITY;
  #welcomedMs = Number.NEGATIVE_INFINITY;
  #answer: (record: QuestionRecord, nowMs: number) => void = () => {};
  /** Facts for answers to heartbeats, until a member changes. */
  #summary: Summary | undefined;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.name = options.name;
    this.#gatherings = new Gatherings(options.firstQuestion);
    this.members = new Members({
      allowsJoin: (nowMs) => this.#limits.allowsJoin(nowMs),
      changed: (member, change) => {
        this.#summary = undefined;
        if (change === 'left') this.#limits.left(member.instanceId);
        options.changed?.(member, change);
      },
    });
  }

  get address(): Address {
    return this.#options.address;
  }

  /** Connected to the bus. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Time of the next `expire`; undefined: none needed. */
  get nextEndMs(): number | undefined {
    return this.#gatherings.nextEndMs;
  }

  /** Figures for the operator. */
  get stats(): ClusterStats {
    const { all, live } = this.members;
    const isConnected = this.#isConnected;
    const silent = all.length - (isConnected ? live.length : 0);
    return { trackers: 1 + all.length, silent, isConnected, ...this.#rates.totals, ...this.counts };
  }

  /** Peers of all trackers. */
  get peers(): number {
    return this.#options.figures().peers + this.#summarize().otherPeers;
  }

  /** Installs the handler of other trackers' questions. */
  answerWith(answer: (record: QuestionRecord, nowMs: number) => void): void {
    this.#answer = answer;
  }

  /** Trackers that an answer covers. @param answered - other ones that answered; undefined for a cluster of one */
  share(answered: number): TrackerShare | undefined {
    const others = this.members.all.length;
    return others === 0 ? undefined : { answered: 1 + answered, known: 1 + others };
  }

  /** Other trackers that peers may use in place of this one. Loopback addresses are for peers of this computer. */
  trackersFor(isLocal: boolean): readonly Address[] {
    const { all, remote } = this.#summarize();
    return isLocal ? all : remote;
  }

  /** The tracker to refer peers to when this one closes. */
  get successor(): Address | undefined {
    const { all, remote } = this.#summarize();
    return this.members.live.length === 0 ? undefined : (remote[0] ?? all[0]);
  }

  /** Members for the answer to `cluster`, this tracker first. */
  describe(nowMs: number): {
    readonly members: readonly ClusterMember[];
    readonly received: number;
    readonly sent: number;
  } {
    const { address, figures } = this.#options;
    const self = {
      address,
      state: 'self',
      ...figures(),
      heardAgoMs: 0,
      silenceMs: 0,
      silenceAgoMs: 0,
    } as const;
    const others = this.members.all.map(
      (member): ClusterMember => ({
        address: member.address,
        state: member.isSilent || !this.#isConnected ? 'silent' : 'live',
        peers: member.peers,
        files: member.files,
        heardAgoMs: Math.round(nowMs - member.heardMs),
        silenceMs: Math.round(member.silence?.lengthMs ?? 0),
        silenceAgoMs: member.silence === undefined ? 0 : Math.round(nowMs - member.silence.endMs),
      }),
    );
    return { members: [self, ...others], ...this.#rates.perSecond };
  }

  /** Handles the connection to the bus: announces this tracker, or lets all questions end without the others. */
  connected(isConnected: boolean, nowMs: number): void {
    this.#isConnected = isConnected;
    this.#summary = undefined;
    this.#announceMs = isConnected ? nowMs + ANNOUNCE_MS : Number.POSITIVE_INFINITY;
    if (isConnected) this.#announce({ joins: true });
  }

  /** Sends a last message, before the bus is closed. */
  leave(): void {
    if (this.#isConnected) this.#announce({ leaves: true });
  }

  /**
   * Asks other trackers; false: none was asked, and `end` is not called.
   * @param end - called once, at the latest after GATHER_MS by `expire`
   */
  ask(
    question: Question,
    nowMs: number,
    end: (gathered: Gathered) => void,
    { only, isEnough }: { only?: Member; isEnough?: (record: AnswerRecord) => boolean } = {},
  ): boolean {
    const asked = only === undefined ? this.members.live : [only];
    if (!this.#isConnected || asked.length === 0) return false;
    const awaited = asked.filter(({ isSlow }) => !isSlow);
    const ids = (members: readonly Member[]) => members.map(({ instanceId }) => instanceId);
    // With slow trackers only, one of them is waited for: else nothing would ever be asked.
    const gather = { asked: ids(asked), awaited: ids(awaited.length > 0 ? awaited : asked), end };
    const number = this.#gatherings.open({ ...gather, ...(isEnough && { isEnough }) }, nowMs);
    if (number === undefined) return false;
    this.#send(only?.instanceId ?? 'all', { ...question, from: this.#options.self, question: number });
    return true;
  }

  /** Sends an answer to another tracker's question. */
  answer(to: QuestionRecord, answer: AnswerBody): void {
    const { self } = this.#options;
    this.#send(to.from, { ...answer, from: self, question: to.question } as AnswerRecord);
  }

  /** Handles bytes from the bus. Never throws, whatever the bytes. */
  receive(bytes: Uint8Array, nowMs: number): void {
    this.#rates.received++;
    try {
      const dropped = this.#limits.allowsRecord(nowMs) ? this.#received(bytes, nowMs) : 'refused';
      if (dropped !== undefined) this.counts[dropped]++;
    } catch (failure) {
      if (!(failure instanceof ShoalError)) throw failure;
      this.counts.malformed++;
    }
  }

  /** @returns why the record was dropped. @throws ShoalError BAD_FRAME */
  #received(bytes: Uint8Array, nowMs: number): 'refused' | 'late' | undefined {
    const head = headOf(bytes);
    const { kind, from } = head;
    if (from === this.#options.self) return undefined; // An echo.
    if (kind !== 'announcement' && this.members.heard(head, nowMs) === undefined) return 'refused';
    // Decoding costs most: only records of which something can come are decoded.
    if (kind === 'answer' && !this.#gatherings.expects(head, nowMs)) return 'late';
    if (kind === 'announcement' && !this.#limits.allowsAnnouncement(nowMs)) return 'refused';
    if (!this.#limits.allowsBytes(bytes.length, nowMs)) return 'refused';
    const record = decodeRecord(bytes);
    if (record.type === 'announce') return this.#announced(record, nowMs) ? undefined : 'refused';
    if (!isQuestion(record))
      return this.#gatherings.answered(record, bytes.length, nowMs) ? undefined : 'late';
    if (!this.#limits.allowsQuestion(record, nowMs)) return 'refused';
    this.#answer(record, nowMs);
    return undefined;
  }

  /** Ends questions, announces this tracker, marks silent ones. To be called once a second and at `nextEndMs`. */
  expire(nowMs: number): void {
    for (const { member, askedMs } of this.#gatherings.expire(nowMs)) this.members.missed(member, askedMs);
    this.members.expire(nowMs);
    if (nowMs < this.#announceMs) return;
    this.#announceMs = nowMs + ANNOUNCE_MS;
    this.#announce({});
  }

  /** Rolls the count of messages. To be called once a second. */
  countSecond(): void {
    this.#rates.roll();
  }

  take(): readonly Outgoing[] {
    if (this.#outgoing.length === 0) return NOTHING;
    const outgoing = this.#outgoing;
    this.#outgoing = [];
    return outgoing;
  }

  #announced(record: RecordOf<'announce'>, nowMs: number): boolean {
    const isTaken = this.members.announced(record, nowMs);
    this.#summary = undefined;
    if (!record.joins) return isTaken;
    if (nowMs < this.#welcomedMs + WELCOME_MS) {
      this.#announceMs = Math.min(this.#announceMs, nowMs); // With the next step.
      return isTaken;
    }
    this.#welcomedMs = nowMs;
    this.#announce({});
    return isTaken;
  }

  #summarize(): Summary {
    if (this.#summary !== undefined) return this.#summary;
    // Without the bus no message arrives: the members of before are still named.
    const named = this.#isConnected ? this.members.live : this.members.all;
    const all = afterOwn(
      this.#options.address,
      named.map(({ address }) => address),
    );
    const remote = all.filter(({ host }) => !isLoopback(host));
    this.#summary = { all, remote, otherPeers: named.reduce((sum, { peers }) => sum + peers, 0) };
    return this.#summary;
  }

  #announce(kind: { joins?: boolean; leaves?: boolean }): void {
    const { self, address, figures } = this.#options;
    const flags = { joins: kind.joins === true, leaves: kind.leaves === true };
    this.#send('all', { type: 'announce', from: self, address, ...figures(), ...flags });
  }

  #send(to: Outgoing['to'], record: BusRecord): void {
    this.#rates.sent++;
    this.#outgoing.push({ to, bytes: encodeRecord(record) });
  }
}

/** Other trackers that peers may use: for those of this computer, and for the others. */
interface Summary {
  readonly all: readonly Address[];
  readonly remote: readonly Address[];
  readonly otherPeers: number;
}

/** An answer without the fields that name its question. */
export type AnswerBody = {
  [T in AnswerRecord['type']]: Omit<RecordOf<T>, 'from' | 'question'>;
}[AnswerRecord['type']];

/** The addresses that follow the own one in the circle of all, so that each tracker names others of a large cluster. */
function afterOwn(own: Address, others: readonly Address[]): readonly Address[] {
  const place = formatAddress(own);
  const circle = others.toSorted((one, other) => (formatAddress(one) < formatAddress(other) ? -1 : 1));
  const next = circle.findIndex((address) => formatAddress(address) > place);
  const from = Math.max(next, 0);
  return [...circle.slice(from), ...circle.slice(0, from)].slice(0, CLUSTER_TRACKERS_MAX);
}
