import { Bitfield } from '../../../Protocol/Bitfield.ts';
import type { PeerId } from '../../../Protocol/Ids.ts';
import type { SuggestedRest } from '../../../Protocol/PeerMessages.ts';

/** Chunks suggested to one peer and not asked for yet: filled up to this, or its share of what is left, when half of it is asked for. */
const SUGGESTED = 4;
/** Who does not ask for what was suggested in this time loses it to others, and so does who does not say that it has what it was sent. */
export const SUGGESTION_MS = 5_000;

/** What one peer should ask us for. */
export interface Suggestion {
  readonly chunks: readonly number[];
  readonly rest: SuggestedRest;
}

interface Member {
  /** It follows suggestions. */
  readonly follows: boolean;
  /** What it has: as it says, and what we sent it. */
  readonly held: Bitfield;
  /** Of these it has not said yet that it has them, and when they were sent: it may have given them up, or they were damaged. */
  readonly unconfirmed: Map<number, number>;
  /** Asked of us and not sent. */
  readonly asked: Set<number>;
  /** Suggested and not asked for yet, and when it was. */
  readonly suggested: Map<number, number>;
  /** What it was told last, without what it has asked for since. */
  told: Suggestion;
}

const FREE: Suggestion = { chunks: [], rest: 'anything' };

/**
 * How one seeder gives a file to many leechers: every chunk once before any is repeated. A chunk is given when one of them has it, asks
 * for it, or was told to; the others are suggested, each to one leecher. Leechers who follow bring what they got to each other
 * meanwhile, so that the seeder's line carries no byte twice while anything has not left it once.
 *
 * Nobody is trusted: a suggestion that is not followed is given to another one after a while, and claims to have chunks only
 * end suggestions.
 */
export class SuperSeeding {
  readonly #chunkCount: number;
  readonly #members = new Map<PeerId, Member>();
  /** Members to whom a chunk is given, and how many chunks are given to nobody. */
  readonly #given: Uint16Array;
  #free: number;
  /** Members that have a chunk, and how many chunks none has. */
  readonly #had: Uint16Array;
  #unsent: number;
  /** Chunks are suggested in order from here on, so that a disk reads forwards. */
  #cursor: number;

  /** @param firstChunk - where to begin: another place at every seeder, so that several seeders give out different chunks */
  constructor(chunkCount: number, firstChunk: number) {
    this.#chunkCount = chunkCount;
    this.#given = new Uint16Array(chunkCount);
    this.#free = chunkCount;
    this.#had = new Uint16Array(chunkCount);
    this.#unsent = chunkCount;
    this.#cursor = firstChunk;
  }

  get members(): number {
    return this.#members.size;
  }

  /** A leecher is there. */
  join(peer: PeerId, follows: boolean): void {
    if (this.#members.has(peer)) return;
    this.#members.set(peer, {
      follows,
      held: new Bitfield(this.#chunkCount),
      unconfirmed: new Map(),
      asked: new Set(),
      suggested: new Map(),
      told: FREE,
    });
  }

  /** It is gone, or needs nothing more: what it alone had is nobody's again. */
  leave(peer: PeerId): void {
    const member = this.#members.get(peer);
    if (member === undefined) return;
    this.#members.delete(peer);
    for (let chunk = 0; chunk < this.#chunkCount; chunk++) {
      if (isGiven(member, chunk)) this.#take(chunk);
      if (member.held.has(chunk)) this.#lose(chunk);
    }
  }

  /** It has these chunks; numbers outside the file are ignored. */
  holds(peer: PeerId, chunks: Iterable<number>): void {
    for (const chunk of chunks) {
      this.#change(peer, chunk, (member) => {
        member.unconfirmed.delete(chunk);
        this.#has(member, chunk);
      });
    }
  }

  /** A page of its bitfield. */
  holdsPage(peer: PeerId, firstByte: number, bits: Uint8Array): void {
    const end = Math.min(this.#chunkCount, (firstByte + bits.length) * 8);
    for (let chunk = firstByte * 8; chunk < end; chunk++) {
      const byte = bits[(chunk >> 3) - firstByte] ?? 0;
      if ((byte & (0x80 >> (chunk & 7))) !== 0) this.holds(peer, [chunk]);
    }
  }

  asked(peer: PeerId, chunk: number): void {
    this.#change(peer, chunk, (member) => {
      member.suggested.delete(chunk);
      member.asked.add(chunk);
      if (member.told.chunks.includes(chunk))
        member.told = { ...member.told, chunks: member.told.chunks.filter((other) => other !== chunk) };
    });
  }

  /** It does not want it of us any more, or we cannot give it. */
  dropped(peer: PeerId, chunk: number): void {
    this.#change(peer, chunk, ({ asked }) => asked.delete(chunk));
  }

  /** It left for that peer, which is expected to say that it has it. */
  sent(peer: PeerId, chunk: number, nowMs: number): void {
    this.#change(peer, chunk, (member) => {
      member.asked.delete(chunk);
      // Who makes no suggestions does not tell what it gets.
      if (member.follows && !member.held.has(chunk)) member.unconfirmed.set(chunk, nowMs);
      this.#has(member, chunk);
    });
  }

  /** Something is expected of somebody, and goes to others when it does not come: `suggest` is to be called again by then. */
  get expects(): boolean {
    const members = [...this.#members.values()];
    return (
      members.length > 1 &&
      members.some(({ suggested, unconfirmed }) => suggested.size + unconfirmed.size > 0)
    );
  }

  /** Who is to be told something new. They count as told. */
  suggest(nowMs: number): [peer: PeerId, suggestion: Suggestion][] {
    const alone = this.#members.size < 2;
    for (const [peer, { suggested, unconfirmed }] of this.#members) {
      for (const [chunk, sinceMs] of suggested)
        if (alone || nowMs - sinceMs >= SUGGESTION_MS) this.#takeBack(peer, chunk);
      for (const [chunk, sinceMs] of unconfirmed)
        if (nowMs - sinceMs >= SUGGESTION_MS) this.#forget(peer, chunk);
    }
    if (!alone) this.#fill(nowMs);
    const news: [PeerId, Suggestion][] = [];
    for (const [peer, member] of this.#members) {
      const suggestion = alone ? FREE : this.#suggestionFor(member);
      if (!member.follows || isSame(member.told, suggestion)) continue;
      member.told = suggestion;
      news.push([peer, suggestion]);
    }
    return news;
  }

  #suggestionFor({ suggested }: Member): Suggestion {
    return {
      chunks: [...suggested.keys()],
      rest: this.#unsent > 0 ? 'nothing' : 'spread',
    };
  }

  /** Those with little get more: of what is nobody's, or else one of those who have most to ask for yet. */
  #fill(nowMs: number): void {
    const share = Math.max(1, Math.min(SUGGESTED, Math.floor(this.#free / this.#members.size)));
    for (const [peer, member] of this.#members) {
      if (!member.follows || member.suggested.size > share / 2) continue;
      while (member.suggested.size < share && this.#free > 0) this.#give(peer, this.#nextFree(), nowMs);
      if (member.suggested.size > 0) continue;
      const chunk = this.#spare(member);
      if (chunk !== undefined) this.#give(peer, chunk, nowMs);
    }
  }

  #give(peer: PeerId, chunk: number, nowMs: number): void {
    this.#change(peer, chunk, ({ suggested }) => suggested.set(chunk, nowMs));
  }

  #takeBack(peer: PeerId, chunk: number): void {
    this.#change(peer, chunk, ({ suggested }) => suggested.delete(chunk));
  }

  /** It does not have what it was sent. */
  #forget(peer: PeerId, chunk: number): void {
    this.#change(peer, chunk, ({ held, unconfirmed }) => {
      unconfirmed.delete(chunk);
      held.clear(chunk);
      this.#lose(chunk);
    });
  }

  /** The last suggestion of the member with most, which loses it. */
  #spare(taker: Member): number | undefined {
    let most: [PeerId, Member] | undefined;
    for (const each of this.#members)
      if (each[1].suggested.size > (most?.[1].suggested.size ?? 1)) most = each;
    const chunk = [...(most?.[1].suggested.keys() ?? [])].findLast((each) => !isGiven(taker, each));
    if (most !== undefined && chunk !== undefined) this.#takeBack(most[0], chunk);
    return chunk;
  }

  /** The caller knows that there is one. */
  #nextFree(): number {
    for (;;) {
      this.#cursor %= this.#chunkCount;
      if (this.#given[this.#cursor] === 0) return this.#cursor;
      this.#cursor++;
    }
  }

  /** Changes what is given to a member, and keeps the count. */
  #change(peer: PeerId, chunk: number, change: (member: Member) => void): void {
    const member = this.#members.get(peer);
    if (member === undefined || !(chunk >= 0 && chunk < this.#chunkCount)) return;
    const before = isGiven(member, chunk);
    change(member);
    const after = isGiven(member, chunk);
    if (before && !after) this.#take(chunk);
    if (before || !after) return;
    if (this.#given[chunk] === 0) this.#free--;
    this.#given[chunk] = (this.#given[chunk] ?? 0) + 1;
  }

  #has({ held, asked, suggested }: Member, chunk: number): void {
    if (!held.set(chunk)) return;
    asked.delete(chunk);
    suggested.delete(chunk);
    if (this.#had[chunk] === 0) this.#unsent--;
    this.#had[chunk] = (this.#had[chunk] ?? 0) + 1;
  }

  #lose(chunk: number): void {
    const count = (this.#had[chunk] ?? 1) - 1;
    this.#had[chunk] = count;
    if (count === 0) this.#unsent++;
  }

  #take(chunk: number): void {
    const count = (this.#given[chunk] ?? 1) - 1;
    this.#given[chunk] = count;
    if (count === 0) this.#free++;
  }
}

function isGiven({ held, asked, suggested }: Member, chunk: number): boolean {
  return held.has(chunk) || asked.has(chunk) || suggested.has(chunk);
}

function isSame(one: Suggestion, other: Suggestion): boolean {
  return (
    one.rest === other.rest &&
    one.chunks.length === other.chunks.length &&
    one.chunks.every((chunk, at) => chunk === other.chunks[at])
  );
}
