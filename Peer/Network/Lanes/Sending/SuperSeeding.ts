import { Bitfield } from '../../../../Protocol/Bitfield.ts';
import type { PeerId } from '../../../../Protocol/Ids.ts';
import type { SuggestedRest } from '../../../../Protocol/PeerMessages.ts';

/**
 * Suggestions open per leecher, refilled when half of them are requested. Bounded by its share of the free chunks.
 */
const SUGGESTIONS_MAX = 4;
/**
 * A leecher that neither requests a suggested chunk nor confirms a sent one within this time loses it to another
 * leecher.
 */
export const SUGGESTION_MS = 5_000;

/** Chunks that one leecher should request from us. */
export interface Suggestion {
  readonly chunks: readonly number[];
  readonly rest: SuggestedRest;
}

interface Member {
  /** Whether the peer follows suggestions. */
  readonly follows: boolean;
  /** Chunks it announced, and chunks it was sent. */
  readonly held: Bitfield;
  /** Sent and not announced since, with the time of sending: the chunk may be lost or damaged. */
  readonly unconfirmed: Map<number, number>;
  /** Requested and not sent yet. */
  readonly asked: Set<number>;
  /** Suggested and not requested yet, with the time of the suggestion. */
  readonly suggested: Map<number, number>;
  /** The last suggestion sent, less the chunks requested since. */
  lastSent: Suggestion;
}

const FREE: Suggestion = { chunks: [], rest: 'anything' };

/**
 * Super-seeding of one file: every chunk leaves once before any is repeated. A chunk is assigned when a leecher has
 * it, requested it, or was given it as a suggestion; free chunks are suggested to one leecher each. Following
 * leechers exchange these chunks meanwhile, so that the upload carries no byte twice while any has not left once.
 * Claims are not trusted: an ignored suggestion passes to another leecher, and a claim to have a chunk only ends
 * suggestions.
 */
export class SuperSeeding {
  readonly #chunkCount: number;
  readonly #members = new Map<PeerId, Member>();
  /** Number of members to which a chunk is assigned, and number of free chunks. */
  readonly #given: Uint16Array;
  #free: number;
  /** Number of members that have a chunk, and number of chunks that none has. */
  readonly #had: Uint16Array;
  #unsent: number;
  /** Next candidate for a suggestion. Order is ascending, so that a disk reads forwards. */
  #cursor: number;

  /** @param firstChunk - first candidate; differs between seeders, so that they give out different chunks */
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

  /** Adds a leecher. */
  join(peer: PeerId, follows: boolean): void {
    if (this.#members.has(peer)) return;
    this.#members.set(peer, {
      follows,
      held: new Bitfield(this.#chunkCount),
      unconfirmed: new Map(),
      asked: new Set(),
      suggested: new Map(),
      lastSent: FREE,
    });
  }

  /** Removes a leecher: chunks that it alone had are free again. */
  leave(peer: PeerId): void {
    const member = this.#members.get(peer);
    if (member === undefined) return;
    this.#members.delete(peer);
    for (let chunk = 0; chunk < this.#chunkCount; chunk++) {
      if (isGiven(member, chunk)) this.#take(chunk);
      if (member.held.has(chunk)) this.#lose(chunk);
    }
  }

  /** Records chunks that a leecher has; indexes outside the file are ignored. */
  holds(peer: PeerId, chunks: readonly number[]): void {
    this.#change(peer, chunks, (member, chunk) => {
      member.unconfirmed.delete(chunk);
      this.#has(member, chunk);
    });
  }

  /** Records a page of a leecher's bitfield. */
  holdsPage(peer: PeerId, firstByte: number, bits: Uint8Array): void {
    const end = Math.min(this.#chunkCount, (firstByte + bits.length) * 8);
    for (let chunk = firstByte * 8; chunk < end; chunk++) {
      const byte = bits[(chunk >> 3) - firstByte] ?? 0;
      if ((byte & (0x80 >> (chunk & 7))) !== 0) this.holds(peer, [chunk]);
    }
  }

  asked(peer: PeerId, chunks: readonly number[]): void {
    this.#change(peer, chunks, (member, chunk) => {
      member.suggested.delete(chunk);
      member.asked.add(chunk);
      if (member.lastSent.chunks.includes(chunk))
        member.lastSent = {
          ...member.lastSent,
          chunks: member.lastSent.chunks.filter((other) => other !== chunk),
        };
    });
  }

  /** Records that requests ended unsent: withdrawn, or not available here. */
  dropped(peer: PeerId, chunks: readonly number[]): void {
    this.#change(peer, chunks, ({ asked }, chunk) => asked.delete(chunk));
  }

  /** Records chunks sent to a leecher, which is expected to announce them. */
  sent(peer: PeerId, chunks: readonly number[], nowMs: number): void {
    this.#change(peer, chunks, (member, chunk) => {
      member.asked.delete(chunk);
      // A leecher that makes no suggestions does not announce its chunks.
      if (member.follows && !member.held.has(chunk)) member.unconfirmed.set(chunk, nowMs);
      this.#has(member, chunk);
    });
  }

  /** Whether a suggestion or announcement is pending. `suggest` must then run again after SUGGESTION_MS. */
  get expects(): boolean {
    const members = [...this.#members.values()];
    return (
      members.length > 1 &&
      members.some(({ suggested, unconfirmed }) => suggested.size + unconfirmed.size > 0)
    );
  }

  /** The suggestions that changed since the last call; they count as sent. */
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
      if (!member.follows || isSame(member.lastSent, suggestion)) continue;
      member.lastSent = suggestion;
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

  /** Refills leechers that are short: with free chunks, or else with one of the leecher that has most suggestions. */
  #fill(nowMs: number): void {
    const share = Math.max(1, Math.min(SUGGESTIONS_MAX, Math.floor(this.#free / this.#members.size)));
    for (const [peer, member] of this.#members) {
      if (!member.follows || member.suggested.size > share / 2) continue;
      while (member.suggested.size < share && this.#free > 0) this.#give(peer, this.#nextFree(), nowMs);
      if (member.suggested.size > 0) continue;
      const chunk = this.#spare(member);
      if (chunk !== undefined) this.#give(peer, chunk, nowMs);
    }
  }

  #give(peer: PeerId, chunk: number, nowMs: number): void {
    this.#change(peer, [chunk], ({ suggested }) => suggested.set(chunk, nowMs));
  }

  #takeBack(peer: PeerId, chunk: number): void {
    this.#change(peer, [chunk], ({ suggested }) => suggested.delete(chunk));
  }

  /** Discards an unconfirmed chunk. */
  #forget(peer: PeerId, chunk: number): void {
    this.#change(peer, [chunk], ({ held, unconfirmed }) => {
      unconfirmed.delete(chunk);
      held.clear(chunk);
      this.#lose(chunk);
    });
  }

  /** Takes back the last suggestion of the member with most of them, and returns it. */
  #spare(taker: Member): number | undefined {
    let most: [PeerId, Member] | undefined;
    for (const each of this.#members)
      if (each[1].suggested.size > (most?.[1].suggested.size ?? 1)) most = each;
    const chunk = [...(most?.[1].suggested.keys() ?? [])].findLast((each) => !isGiven(taker, each));
    if (most !== undefined && chunk !== undefined) this.#takeBack(most[0], chunk);
    return chunk;
  }

  /** Requires a free chunk. */
  #nextFree(): number {
    for (;;) {
      this.#cursor %= this.#chunkCount;
      if (this.#given[this.#cursor] === 0) return this.#cursor;
      this.#cursor++;
    }
  }

  /** Changes the state of chunks at a member, and keeps the counts. */
  #change(peer: PeerId, chunks: readonly number[], change: (member: Member, chunk: number) => void): void {
    const member = this.#members.get(peer);
    if (member === undefined) return;
    for (const chunk of chunks) {
      if (!(chunk >= 0 && chunk < this.#chunkCount)) continue;
      const before = isGiven(member, chunk);
      change(member, chunk);
      const after = isGiven(member, chunk);
      if (before && !after) this.#take(chunk);
      if (before || !after) continue;
      if (this.#given[chunk] === 0) this.#free--;
      this.#given[chunk] = (this.#given[chunk] ?? 0) + 1;
    }
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
