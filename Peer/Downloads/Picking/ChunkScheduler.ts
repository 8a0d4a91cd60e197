import type { Bitfield } from '../../../Protocol/Bitfield.ts';
import { chunkLength } from '../../../Protocol/ChunkLayout.ts';
import { CHUNK_BYTES_MAX, ENDGAME_DUPLICATE_RATIO } from '../../../Protocol/Limits.ts';
import type { SourceSuggestion } from '../../Transfer.ts';
import { ChunkSet } from './ChunkSet.ts';
import type { ChunkSchedulerOptions, ChunkTask } from './ChunkTask.ts';
import { Holdings, type Member } from './Holdings.ts';
import { RarityOrder } from './RarityOrder.ts';
import { Runs } from './Runs.ts';
import { type BusySource, type ChunkRequest, findTakeover, leftMsOf, lostBytes } from './Takeover.ts';

export type { ChunkSchedulerOptions, ChunkTask } from './ChunkTask.ts';
export type { ChunkRequest } from './Takeover.ts';

/** Maximum bytes of duplicate requests: copies stay in memory until one wins (Files/Parts/ChunkWriting.ts). */
const COPY_BYTES_MAX = 2 * CHUNK_BYTES_MAX;

/** Interval of takeover searches per source, before the endgame and in it. */
const SEARCH_MS = 100;
const ENDGAME_SEARCH_MS = 20;
/** Idle time after which a suggesting source is asked for other chunks too. */
const SUGGESTIONS_LATE_MS = 2_000;

/**
 * Decides which chunk of one file to request from which source. A chunk is missing, requested (in the endgame up
 * to ENDGAME_COPIES times) or verified; every failure makes it missing again. The caller sends, receives and
 * enforces the window of each source.
 *
 * Order: contiguous runs when every source is complete (sequential disk reads); rarest first with random
 * tie-breaks as soon as one source is partial; ascending with `in order`.
 */
export class ChunkScheduler<Key> {
  readonly #options: ChunkSchedulerOptions<Key>;
  readonly #missing: ChunkSet;
  readonly #rarity: RarityOrder;
  readonly #runs = new Runs<Key>();
  readonly #members = new Map<Key, Member<Key>>();
  readonly #requested = new Map<number, ChunkRequest<Key>[]>();
  #partial = 0;
  /** Trusted sources that have the complete file. */
  #seeds = 0;
  /** Time of the last request or verified chunk, over all sources. */
  #activeMs = Number.NEGATIVE_INFINITY;
  /** Bytes that takeovers have duplicated, or may still duplicate. */
  #duplicateBytes = 0;

  constructor(options: ChunkSchedulerOptions<Key>) {
    const { layout, verified, random } = options;
    this.#options = options;
    this.#missing = new ChunkSet(layout.chunkCount);
    this.#rarity = new RarityOrder(layout.chunkCount, random);
    for (let chunk = 0; chunk < layout.chunkCount; chunk++) if (!verified.has(chunk)) this.#setMissing(chunk);
  }

  /** Tells whether every chunk is verified. */
  get complete(): boolean {
    return this.#missing.count === 0 && this.#requested.size === 0;
  }

  /** Number of chunks without a request. */
  get missing(): number {
    return this.#missing.count;
  }

  /** Length of the longest chunk: a source with less room cannot be asked. */
  get chunkBytes(): number {
    return Math.min(this.#options.layout.chunkBytes, this.#options.layout.size);
  }

  stateOf(chunk: number): 'missing' | 'requested' | 'verified' {
    if (this.#missing.has(chunk)) return 'missing';
    return this.#requested.has(chunk) ? 'requested' : 'verified';
  }

  /** Lists the open requests for a chunk. */
  requestsFor(chunk: number): readonly ChunkRequest<Key>[] {
    return this.#requested.get(chunk) ?? [];
  }

  /** Lists the open requests of a source, oldest first. */
  requestsOf(source: Key): readonly ChunkRequest<Key>[] {
    return [...(this.#members.get(source)?.open.values() ?? [])];
  }

  /** Adds a source. @param have - its chunks; undefined: all */
  join(source: Key, have: Bitfield | undefined): void {
    if (this.#members.has(source)) {
      this.update(source, have);
      return;
    }
    const holdings = new Holdings(this.#options.layout.chunkCount);
    this.#members.set(source, {
      holdings,
      trusted: true,
      useful: 0,
      suggestion: undefined,
      activeMs: 0,
      searchedMs: Number.NEGATIVE_INFINITY,
      open: new Map(),
    });
    this.#partial++;
    this.update(source, have);
  }

  /** Updates the chunks of a source. */
  update(source: Key, have: Bitfield | undefined): void {
    const member = this.#members.get(source);
    if (member === undefined) return;
    const staysPartial = !member.holdings.complete && have !== undefined && !have.complete;
    if (!staysPartial) this.#spread(member, -1);
    member.holdings.update(have, (chunk, has) => {
      if (this.#missing.has(chunk)) member.useful += has ? 1 : -1;
      if (!member.trusted || !staysPartial) return;
      if (has) this.#rarity.raise(chunk);
      else this.#rarity.lower(chunk);
    });
    if (!staysPartial) this.#spread(member, 1);
  }

  /** Updates the suggestion of a source. */
  suggest(source: Key, suggestion: SourceSuggestion | undefined, nowMs: number): void {
    const member = this.#members.get(source);
    if (member === undefined) return;
    member.suggestion = suggestion;
    member.activeMs = nowMs;
  }

  /** Removes a source; its requested chunks are missing again. */
  leave(source: Key): void {
    const member = this.#members.get(source);
    if (member === undefined) return;
    for (const request of [...member.open.values()]) this.failed(request);
    this.#spread(member, -1);
    this.#members.delete(source);
    this.#runs.forget(source);
  }

  /** Distrusts a source that sent corrupt data: only chunks that no other source has are requested from it. */
  distrust(source: Key): void {
    const member = this.#members.get(source);
    if (member === undefined) return;
    this.#spread(member, -1);
    member.trusted = false;
  }

  /**
   * Tells whether a source has its equal share of the open chunks among `expected` sources. The first source thus
   * leaves chunks to others that connect a moment later. Two chunks are always allowed.
   */
  hasItsShare(source: Key, expected: () => number): boolean {
    const open = this.#members.get(source)?.open.size ?? 0;
    return open >= 2 && open >= (this.#missing.count + this.#requested.size) / Math.max(1, expected());
  }

  /** Tells whether a source serves only suggested chunks, because no other source has them. */
  isHeldBack(source: Key): boolean {
    return this.#members.get(source)?.suggestion?.rest === 'nothing';
  }

  /** Tells whether a source has chunks without a request. */
  hasMissing(source: Key): boolean {
    return (this.#members.get(source)?.useful ?? 0) > 0;
  }

  /** Opens the next request to a source; undefined: none. */
  next(source: Key, nowMs: number): ChunkTask<Key> | undefined {
    const member = this.#members.get(source);
    if (member === undefined) return undefined;
    const urgent = this.#options.order === 'in order' ? this.#takeover(source, member, nowMs) : undefined;
    if (urgent !== undefined) return urgent;
    if (member.open.size > 0) member.activeMs = nowMs;
    const chunk = this.#pick(source, member, nowMs);
    const heldBack = this.isHeldBack(source) && this.#missing.count > 0 && !this.#isStuck(member, nowMs);
    if (chunk < 0) return member.trusted && !heldBack ? this.#takeover(source, member, nowMs) : undefined;
    this.#setRequested(chunk);
    return { request: this.#open(chunk, source, member, nowMs), insteadOf: undefined };
  }

  /**
   * Marks a chunk as verified. Returns the other open requests for it; they are closed here, the caller cancels
   * them.
   */
  verified(request: ChunkRequest<Key>, nowMs: number): readonly ChunkRequest<Key>[] {
    const { chunk } = request;
    this.#activeMs = nowMs;
    if (this.#missing.has(chunk)) this.#setRequested(chunk);
    const losers = (this.#requested.get(chunk) ?? []).filter((other) => other !== request);
    for (const loser of losers) this.#duplicateBytes -= loser.bytes - this.#lostBytes(loser, nowMs);
    for (const other of [request, ...losers]) this.#members.get(other.source)?.open.delete(chunk);
    this.#requested.delete(chunk);
    return losers;
  }

  /** Closes a failed request. Its chunk is missing again unless another request for it is open. */
  failed(request: ChunkRequest<Key>): void {
    if (!this.#close(request)) return;
    if (this.requestsFor(request.chunk).length > 0) this.#duplicateBytes -= request.bytes - request.received;
    else {
      this.#requested.delete(request.chunk);
      this.#setMissing(request.chunk);
    }
  }

  #pick(source: Key, member: Member<Key>, nowMs: number): number {
    if (member.useful === 0) return -1;
    if (!member.trusted) return this.#pickUnheld(member);
    if (this.#options.order === 'in order') return this.#pickInOrder(member);
    if (member.suggestion !== undefined) {
      const chunk = this.#pickSuggested(member, member.suggestion);
      // A source does not stay idle for long: its suggestions may be late or malicious.
      if (chunk >= 0 || !this.#isStuck(member, nowMs)) return chunk;
    }
    if (this.#partial === 0) return this.#runs.next(source, this.#missing);
    return this.#pickRarest(member, this.#rarity.length);
  }

  /** Tells whether neither this source nor any other has had a request for a while. */
  #isStuck({ activeMs }: Member<Key>, nowMs: number): boolean {
    return nowMs - Math.max(activeMs, this.#activeMs) >= SUGGESTIONS_LATE_MS;
  }

  #pickSuggested(member: Member<Key>, { chunks, rest }: SourceSuggestion): number {
    const chunk = chunks.find((each) => this.#missing.has(each) && member.holdings.has(each));
    if (chunk !== undefined || rest === 'nothing') return chunk ?? -1;
    // Chunks that other sources have too; with a second complete source these are all chunks.
    return this.#pickRarest(member, this.#rarity.length, this.#seeds > 1 ? 0 : this.#rarity.unheld);
  }

  #pickUnheld(member: Member<Key>): number {
    return this.#seeds > 0 ? -1 : this.#pickRarest(member, this.#rarity.unheld);
  }

  #pickRarest(member: Member<Key>, end: number, from = 0): number {
    for (let place = from; place < end; place++) {
      const chunk = this.#rarity.at(place);
      if (member.holdings.has(chunk)) return chunk;
    }
    return -1;
  }

  #pickInOrder(member: Member<Key>): number {
    let chunk = this.#missing.next(0);
    while (chunk >= 0 && !member.holdings.has(chunk)) chunk = this.#missing.next(chunk + 1);
    return chunk;
  }

  #takeover(source: Key, member: Member<Key>, nowMs: number): ChunkTask<Key> | undefined {
    const { layout, paceOf } = this.#options;
    // In a swarm some source is without missing chunks at every moment.
    if (nowMs - member.searchedMs < (this.#missing.count > 0 ? SEARCH_MS : ENDGAME_SEARCH_MS))
      return undefined;
    if (this.#missing.count > 0) member.searchedMs = nowMs;
    const ratio = Math.max(layout.size * ENDGAME_DUPLICATE_RATIO, this.chunkBytes);
    const budget = Math.min(ratio, COPY_BYTES_MAX);
    let openBytes = 0;
    for (const { bytes, received } of member.open.values()) openBytes += bytes - received;
    const found = findTakeover(
      {
        key: source,
        pace: paceOf(source, nowMs),
        openBytes,
        has: (chunk) => member.holdings.has(chunk) && !member.open.has(chunk),
      },
      this.#busySources(source, nowMs),
      {
        nowMs,
        endgame: this.#missing.count === 0,
        duplicateBytes: budget - this.#duplicateBytes,
        copies: (chunk) => this.#requested.get(chunk)?.length ?? 0,
      },
    );
    if (found === undefined) {
      member.searchedMs = nowMs;
      return undefined;
    }
    const { request: theirs, kind, costBytes } = found;
    const request = this.#open(theirs.chunk, source, member, nowMs);
    this.#duplicateBytes += costBytes;
    if (kind === 'copy') return { request, insteadOf: undefined };
    this.#close(theirs);
    return { request, insteadOf: theirs };
  }

  /** Bytes wasted when an open request is cancelled now. */
  #lostBytes(request: ChunkRequest<Key>, nowMs: number): number {
    let aheadBytes = 0;
    for (const other of this.#members.get(request.source)?.open.values() ?? []) {
      if (other === request) break;
      aheadBytes += other.bytes - other.received;
    }
    const pace = this.#options.paceOf(request.source, nowMs);
    return lostBytes(request, aheadBytes, pace, leftMsOf(request, aheadBytes, pace, nowMs));
  }

  /** Removes a request. Returns false when it is not open. */
  #close(request: ChunkRequest<Key>): boolean {
    const copies = this.#requested.get(request.chunk) ?? [];
    const at = copies.indexOf(request);
    if (at < 0) return false;
    copies.splice(at, 1);
    this.#members.get(request.source)?.open.delete(request.chunk);
    return true;
  }

  *#busySources(idle: Key, nowMs: number): Generator<BusySource<Key>> {
    for (const [source, { open }] of this.#members) {
      if (source === idle || open.size === 0) continue;
      yield { pace: this.#options.paceOf(source, nowMs), open: open.values() };
    }
  }

  /** Adds the chunks of a source to the rarity counts, or removes them. Complete sources do not change the order. */
  #spread(member: Member<Key>, step: 1 | -1): void {
    if (!member.trusted) return;
    if (member.holdings.complete) {
      this.#seeds += step;
      return;
    }
    this.#partial += step;
    for (const chunk of member.holdings.chunks()) {
      if (step > 0) this.#rarity.raise(chunk);
      else this.#rarity.lower(chunk);
    }
  }

  #open(chunk: number, source: Key, member: Member<Key>, sinceMs: number): ChunkRequest<Key> {
    const bytes = chunkLength(this.#options.layout, chunk);
    this.#activeMs = sinceMs;
    const request = { chunk, source, bytes, sinceMs, received: 0 };
    member.open.set(chunk, request);
    const copies = this.#requested.get(chunk);
    if (copies === undefined) this.#requested.set(chunk, [request]);
    else copies.push(request);
    return request;
  }

  #setMissing(chunk: number): void {
    if (!this.#missing.add(chunk)) return;
    this.#rarity.add(chunk);
    for (const member of this.#members.values()) if (member.holdings.has(chunk)) member.useful++;
  }

  #setRequested(chunk: number): void {
    this.#missing.delete(chunk);
    this.#rarity.remove(chunk);
    for (const member of this.#members.values()) if (member.holdings.has(chunk)) member.useful--;
  }
}
