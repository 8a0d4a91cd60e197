import type { InstanceId } from '../../Protocol/Ids.ts';
import { CLUSTER_MEMBERS_MAX } from '../../Protocol/Limits.ts';
import { type Address, formatAddress } from '../../Shared/Network/Address.ts';
import type { RecordHead, RecordOf } from './BusRecords.ts';

/** Interval of announcements. */
export const ANNOUNCE_MS = 5_000;
/** Time without a message after which a tracker is silent and no longer asked: two announcements and a margin. */
const SILENT_MS = 12_000;
/** Unanswered questions after which only an answer shows that a tracker is able to answer. */
const MISSED_MAX = 2;
/** Time after which a silent tracker is dropped. Until then answers say that one of the cluster is missing. */
const FORGOTTEN_MS = 3_600_000;

/** Another tracker of the cluster. Everything but `heardMs` is its claim. */
export interface Member {
  /** 1 to CLUSTER_MEMBERS_MAX, fixed while it is known; 0 is this tracker. */
  readonly number: number;
  readonly instanceId: InstanceId;
  readonly address: Address;
  readonly peers: number;
  readonly files: number;
  /** Time of its last message. */
  readonly heardMs: number;
  readonly isSilent: boolean;
  /**
   * Whether it left a question unanswered and has sent nothing since, or several and has answered none since. Then it
   * is asked, not waited for.
   */
  readonly isSlow: boolean;
  /** Questions left unanswered since its last answer. */
  readonly missed: number;
  /** Its last silence that has ended. */
  readonly silence: { readonly lengthMs: number; readonly endMs: number } | undefined;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export type MemberChange = 'joined' | 'left' | 'silent' | 'back';

export interface MembersOptions {
  readonly changed: (member: Member, change: MemberChange) => void;
  /** Counts a tracker that joins; false: too many do. */
  readonly allowsJoin: (nowMs: number) => boolean;
}

/** The other trackers of the cluster, by their announcements. At most CLUSTER_MEMBERS_MAX - 1. */
export class Members {
  readonly #options: MembersOptions;
  /** In order of their numbers. */
  #known: readonly Mutable<Member>[] = [];

  constructor(options: MembersOptions) {
    this.#options = options;
  }

  get all(): readonly Member[] {
    return this.#known;
  }

  get(instanceId: InstanceId): Member | undefined {
    return this.#known.find((member) => member.instanceId === instanceId);
  }

  /** The members to be asked. */
  get live(): readonly Member[] {
    return this.#known.filter(({ isSilent }) => !isSilent);
  }

  /** Takes an announcement. False: there is no room for one more tracker, or too many join. */
  announced({ from, address, peers, files, leaves }: RecordOf<'announce'>, nowMs: number): boolean {
    const known = this.heard({ from, kind: 'announcement' }, nowMs);
    if (leaves) {
      if (known !== undefined) this.#remove(known);
      return true;
    }
    if (known !== undefined) {
      Object.assign(known, { address, peers, files });
      return true;
    }
    if (!this.#options.allowsJoin(nowMs)) return false;
    // A tracker that was started again takes the place of its earlier run.
    const place = formatAddress(address);
    const earlier = this.#known.find((member) => formatAddress(member.address) === place);
    if (earlier !== undefined) this.#remove(earlier);
    const number = this.#freeNumber();
    if (number >= CLUSTER_MEMBERS_MAX) return false;
    const member: Mutable<Member> = {
      number,
      instanceId: from,
      address,
      peers,
      files,
      heardMs: nowMs,
      isSilent: false,
      isSlow: false,
      missed: 0,
      silence: undefined,
    };
    this.#known = [...this.#known, member].toSorted((one, other) => one.number - other.number);
    this.#options.changed(member, 'joined');
    return true;
  }

  /** Marks a member that left a question unanswered since `askedMs`. */
  missed(instanceId: InstanceId, askedMs: number): void {
    const member = this.#known.find((each) => each.instanceId === instanceId);
    if (member === undefined) return;
    member.missed++;
    if (member.heardMs <= askedMs || member.missed >= MISSED_MAX) member.isSlow = true;
  }

  /** Marks silent members, and drops those silent for long. */
  expire(nowMs: number): void {
    for (const member of this.#known) {
      const silentMs = nowMs - member.heardMs;
      if (silentMs >= FORGOTTEN_MS) this.#remove(member);
      else if (silentMs >= SILENT_MS && !member.isSilent) {
        member.isSilent = true;
        this.#options.changed(member, 'silent');
      }
    }
  }

  /** Counts any message of a member as a sign of life. @returns the member; undefined: it has not announced itself */
  heard({ from, kind }: Pick<RecordHead, 'from' | 'kind'>, nowMs: number): Mutable<Member> | undefined {
    const member = this.#known.find(({ instanceId }) => instanceId === from);
    if (member === undefined) return undefined;
    if (member.isSilent) {
      member.silence = { lengthMs: nowMs - member.heardMs, endMs: nowMs };
      member.isSilent = false;
      this.#options.changed(member, 'back');
    }
    if (kind === 'answer') member.missed = 0;
    // A tracker that lives but does not answer is overloaded, or worse.
    if (member.missed < MISSED_MAX) member.isSlow = false;
    member.heardMs = nowMs;
    return member;
  }

  #remove(member: Member): void {
    this.#known = this.#known.filter((each) => each !== member);
    this.#options.changed(member, 'left');
  }

  #freeNumber(): number {
    const taken = new Set(this.#known.map(({ number }) => number));
    let number = 1;
    while (taken.has(number)) number++;
    return number;
  }
}
