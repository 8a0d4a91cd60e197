import type { TrackerShare } from '../../Protocol/Extensions.ts';
import type { PeerId } from '../../Protocol/Ids.ts';
import type { RelayQuestion } from '../../Protocol/RelayMessages.ts';
import type { ReplyOf } from '../../Protocol/TrackerMessages.ts';
import { type Address, isLoopback } from '../../Shared/Network/Address.ts';
import { fullBucket, type Rate, takeToken } from '../../Shared/Time/TokenBucket.ts';
import type { LateItems } from '../Questions/LateAnswer.ts';
import { fittingPeers } from '../Questions/ReplyPages.ts';
import type { RecordOf } from './BusRecords.ts';
import type { Cluster } from './Cluster.ts';
import type { Member } from './Members.ts';
import { mergedHits, mergedHolders } from './MergeParts.ts';
import { seenElsewhere } from './SeenElsewhere.ts';
import { SiblingDesk, type SiblingDeskOptions } from './SiblingDesk.ts';

/** Questions to the others on account of all peers of this tracker, by what they cost there. */
const SEARCH_RATE: Rate = { perSecond: 150, burst: 300 };
const OTHER_RATE: Rate = { perSecond: 4_000, burst: 8_000 };
/** A cursor in the peers of a cluster: number of the tracker (6 bits), slot (26 bits). */
const SLOT_BITS = 26;
const SLOTS = 2 ** SLOT_BITS;

/** A page of the answer to a peer. `ask` makes the question for the page at a slot of another tracker. */
interface PageRequest {
  readonly cursor: number;
  readonly ask: (slot: number) => Parameters<Cluster['ask']>[0];
}

/** Asks the other trackers on behalf of a peer, and answers theirs. */
export class ClusterLookups {
  readonly #options: SiblingDeskOptions;
  readonly #searches = fullBucket(0);
  readonly #others = fullBucket(0);

  constructor(options: SiblingDeskOptions) {
    this.#options = options;
    const desk = new SiblingDesk(options);
    options.cluster.answerWith((record, nowMs) => desk.answer(record, nowMs));
  }

  /** Peers of all trackers. */
  get peers(): number {
    return this.#options.cluster.peers;
  }

  share(answered: number): TrackerShare | undefined {
    return this.#options.cluster.share(answered);
  }

  /** Passes the question to all others; false: none is asked. @param end - called once */
  gather(
    { question, ownSize }: { readonly question: RelayQuestion; readonly ownSize: number },
    from: Address,
    nowMs: number,
    end: (items: LateItems, answered: number) => void,
  ): boolean {
    const { cluster } = this.#options;
    const { words, fileId } = question;
    if (!this.#allows(fileId === undefined ? 'search' : 'locate', from, nowMs)) return false;
    if (fileId === undefined) {
      return cluster.ask({ type: 'search', words }, nowMs, ({ records, answered }) =>
        end(mergedHits(words, records), answered),
      );
    }
    return cluster.ask({ type: 'locate', fileId }, nowMs, ({ records, answered }) =>
      end(mergedHolders(records, ownSize), answered),
    );
  }

  /** Has the tracker of a peer ask it to dial the caller; false: none is asked. */
  call(
    target: PeerId,
    caller: { readonly peerId: PeerId; readonly address: Address; readonly onTrackerHost: boolean },
    from: Address,
    nowMs: number,
    end: (known: boolean) => void,
  ): boolean {
    const { cluster } = this.#options;
    if (!this.#allows('call', from, nowMs)) return false;
    const { address } = seenElsewhere(caller, cluster.address);
    const question = { type: 'call', target, caller: caller.peerId, address } as const;
    const isKnown = (record: { readonly type: string }) =>
      record.type === 'calling' && (record as RecordOf<'calling'>).known;
    return cluster.ask(question, nowMs, ({ records }) => end(records.some(isKnown)), { isEnough: isKnown });
  }

  /** Whether a cursor leads to the peers of another tracker. */
  isElsewhere(cursor: number): boolean {
    return cursor >= SLOTS;
  }

  /** A page of the own peers, followed by those of the others. */
  withNext(page: ReplyOf<'peerList'>): ReplyOf<'peerList'> {
    return page.next > 0 ? page : this.#ended(page, 0);
  }

  /** A page of the peers of another tracker, or of the next one that answers. Undefined: it follows through `send`. */
  page(
    { cursor, ask }: PageRequest,
    from: Address,
    nowMs: number,
    send: (page: ReplyOf<'peerList'>) => void,
  ): ReplyOf<'peerList'> | undefined {
    const { cluster } = this.#options;
    const number = Math.floor(cursor / SLOTS);
    const slot = cursor % SLOTS;
    const nothing = { type: 'peerList', total: this.peers, next: 0, peers: [] } as const;
    const member = this.#after(number - 1);
    if (member === undefined || !this.#allows('peers', from, nowMs)) return this.#ended(nothing, number);
    const question = ask(member.number === number ? slot : 0);
    const isAsked = cluster.ask(
      question,
      nowMs,
      ({ records, nowMs: endMs }) => {
        const listed = records.find((record) => record.type === 'listed');
        if (listed !== undefined) return send(this.#listed(listed, member, slot));
        const further = { cursor: (member.number + 1) * SLOTS, ask };
        const page = this.page(further, from, endMs, send);
        if (page !== undefined) send(page);
      },
      { only: member },
    );
    return isAsked ? undefined : this.#ended(nothing, member.number);
  }

  #listed(listed: RecordOf<'listed'>, { number }: Member, slot: number): ReplyOf<'peerList'> {
    const page = { type: 'peerList', total: this.peers, next: 0, peers: fittingPeers(listed.peers) } as const;
    const goesOn = listed.next > slot && listed.next < SLOTS;
    return goesOn ? { ...page, next: number * SLOTS + listed.next } : this.#ended(page, number);
  }

  /** The last page of a tracker: the next one follows, or the answer ends with the number of trackers it covers. */
  #ended(page: ReplyOf<'peerList'>, number: number): ReplyOf<'peerList'> {
    const { members } = this.#options.cluster;
    const next = this.#after(number);
    if (next !== undefined) return { ...page, next: next.number * SLOTS };
    const trackers = this.share(
      this.#options.cluster.isConnected ? members.live.filter(({ isSlow }) => !isSlow).length : 0,
    );
    return trackers === undefined ? page : { ...page, trackers };
  }

  /** The next tracker to ask for a page. */
  #after(number: number): Member | undefined {
    const { cluster } = this.#options;
    if (!cluster.isConnected) return undefined;
    return cluster.members.live.find((member) => member.number > number && !member.isSlow);
  }

  #allows(kind: 'search' | 'locate' | 'peers' | 'call', { host }: Address, nowMs: number): boolean {
    const { limits, cluster } = this.#options;
    const others = cluster.members.live.length;
    if (!isLoopback(host) && limits.takeQueries(host, others, nowMs) < others) return false;
    return kind === 'search'
      ? takeToken(this.#searches, SEARCH_RATE, nowMs)
      : takeToken(this.#others, OTHER_RATE, nowMs);
  }
}
