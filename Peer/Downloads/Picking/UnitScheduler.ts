import type { Bitfield } from '../../../Protocol/Bitfield.ts';
import { CHUNK_BYTES_MAX, ENDGAME_DUPLICATE_RATIO } from '../../../Protocol/Limits.ts';
import type { SourceSuggestion } from '../../Transfer.ts';
import { Holdings, type Member, pendingBytes } from './Holdings.ts';
import { RarityOrder } from './RarityOrder.ts';
import { nextHeld } from './ReadWindows.ts';
import { Runs } from './Runs.ts';
import { type BusySource, findTakeover, leftMsOf, lostBytes, type UnitRequest } from './Takeover.ts';
import { UnitSet } from './UnitSet.ts';
import type { UnitSchedulerOptions, UnitTask } from './UnitTask.ts';

export type { UnitRequest } from './Takeover.ts';
export type { UnitSchedulerOptions, UnitTask } from './UnitTask.ts';

/** Maximum bytes of duplicate requests: copies stay in memory until one wins (Files/Parts/ChunkWriting.ts). */
const COPY_BYTES_MAX = 2 * CHUNK_BYTES_MAX;

/** Interval of takeover searches per source, before the endgame and in it. */
const SEARCH_MS = 100;
const ENDGAME_SEARCH_MS = 20;
/** Idle time after which a suggesting source is asked for other units too. */
const SUGGESTIONS_LATE_MS = 2_000;

/**
 * Decides which unit of one work to request from which source. A unit is missing, requested (in the endgame up to
 * ENDGAME_COPIES times) or verified; every failure makes it missing again. The caller sends, receives and enforces the
 * window of each source.
 *
 * Order: what readers need first; then contiguous runs when every source is complete (sequential disk reads), rarest
 * first with random tie-breaks as soon as one source of a swarm is partial; else, and with `in order`, ascending.
 */
export class UnitScheduler<Key> {
  readonly #options: UnitSchedulerOptions<Key>;
  readonly #missing: UnitSet;
  readonly #rarity: RarityOrder;
  readonly #runs = new Runs<Key>();
  readonly #members = new Map<Key, Member<Key>>();
  readonly #requested = new Map<number, UnitRequest<Key>[]>();
  #partial = 0;
  /** Trusted sources that have every unit. */
  #seeds = 0;
  /** Time of the last request or verified unit, over all sources. */
  #activeMs = Number.NEGATIVE_INFINITY;
  /** Bytes that takeovers have duplicated, or may still duplicate. */
  #duplicateBytes = 0;

  constructor(options: UnitSchedulerOptions<Key>) {
    const { units, verified, random } = options;
    this.#options = options;
    this.#missing = new UnitSet(units.count);
    this.#rarity = new RarityOrder(units.count, random);
    for (let unit = 0; unit < units.count; unit++) if (!verified.has(unit)) this.#setMissing(unit);
  }

  /** Whether every unit is verified. */
  get complete(): boolean {
    return this.#missing.count === 0 && this.#requested.size === 0;
  }

  /** Number of units without a request. */
  get missing(): number {
    return this.#missing.count;
  }

  /** Length of the longest unit: a source with less room cannot be asked. */
  get unitBytes(): number {
    return this.#options.units.bytesMax;
  }

  stateOf(unit: number): 'missing' | 'requested' | 'verified' {
    if (this.#missing.has(unit)) return 'missing';
    return this.#requested.has(unit) ? 'requested' : 'verified';
  }

  /** Lists the open requests for a unit. */
  requestsFor(unit: number): readonly UnitRequest<Key>[] {
    return this.#requested.get(unit) ?? [];
  }

  /** Lists the open requests of a source, oldest first. */
  requestsOf(source: Key): readonly UnitRequest<Key>[] {
    return [...(this.#members.get(source)?.open.values() ?? [])];
  }

  /** Makes a unit missing or not, where only some are to be fetched. It must not be requested. */
  want(unit: number, wanted: boolean): void {
    if (wanted) this.#setMissing(unit);
    else if (this.#missing.has(unit)) this.#setRequested(unit);
  }

  /** Adds a source. @param have - its units; undefined: all */
  join(source: Key, have: Bitfield | undefined): void {
    if (this.#members.has(source)) {
      this.update(source, have);
      return;
    }
    const holdings = new Holdings(this.#options.units.count);
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

  /** Updates the units of a source. */
  update(source: Key, have: Bitfield | undefined): void {
    const member = this.#members.get(source);
    if (member === undefined) return;
    const staysPartial = !member.holdings.complete && have !== undefined && !have.complete;
    if (!staysPartial) this.#spread(member, -1);
    member.holdings.update(have, (unit, has) => {
      if (this.#missing.has(unit)) member.useful += has ? 1 : -1;
      if (!member.trusted || !staysPartial) return;
      if (has) this.#rarity.raise(unit);
      else this.#rarity.lower(unit);
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

  /** Removes a source; its requested units are missing again. */
  leave(source: Key): void {
    const member = this.#members.get(source);
    if (member === undefined) return;
    for (const request of [...member.open.values()]) this.failed(request);
    this.#spread(member, -1);
    this.#members.delete(source);
    this.#runs.forget(source);
  }

  /** Distrusts a source that sent corrupt data: only units that no other source has are requested from it. */
  distrust(source: Key): void {
    const member = this.#members.get(source);
    if (member === undefined) return;
    this.#spread(member, -1);
    member.trusted = false;
  }

  /**
   * Whether a source has its equal share of the open units among `expected` sources. The first source thus
   * leaves units to others that connect a moment later. Two units are always allowed.
   */
  hasItsShare(source: Key, expected: () => number): boolean {
    const open = this.#members.get(source)?.open.size ?? 0;
    return open >= 2 && open >= (this.#missing.count + this.#requested.size) / Math.max(1, expected());
  }

  /** Whether a source serves only suggested units, because no other source has them. */
  isHeldBack(source: Key): boolean {
    return this.#members.get(source)?.suggestion?.rest === 'nothing';
  }

  /** Whether a source has units without a request. */
  hasMissing(source: Key): boolean {
    return (this.#members.get(source)?.useful ?? 0) > 0;
  }

  /** Opens the next request to a source; undefined: none. */
  next(source: Key, nowMs: number): UnitTask<Key> | undefined {
    const member = this.#members.get(source);
    if (member === undefined) return undefined;
    const isRead = this.#options.order === 'in order' || this.#options.readers?.any;
    const urgent = isRead ? this.#takeover(source, member, nowMs) : undefined;
    if (urgent !== undefined) return urgent;
    if (member.open.size > 0) member.activeMs = nowMs;
    const unit = this.#pick(source, member, nowMs);
    const heldBack = this.isHeldBack(source) && this.#missing.count > 0 && !this.#isStuck(member, nowMs);
    if (unit < 0) return member.trusted && !heldBack ? this.#takeover(source, member, nowMs) : undefined;
    this.#setRequested(unit);
    return { request: this.#open(unit, source, member, nowMs), insteadOf: undefined };
  }

  /** Marks a unit as verified. Returns its other open requests, which are closed here: the caller cancels them. */
  verified(request: UnitRequest<Key>, nowMs: number): readonly UnitRequest<Key>[] {
    const { unit } = request;
    this.#activeMs = nowMs;
    if (this.#missing.has(unit)) this.#setRequested(unit);
    const losers = (this.#requested.get(unit) ?? []).filter((other) => other !== request);
    for (const loser of losers) this.#duplicateBytes -= loser.bytes - this.#lostBytes(loser, nowMs);
    for (const other of [request, ...losers]) this.#members.get(other.source)?.open.delete(unit);
    this.#requested.delete(unit);
    return losers;
  }

  /** Closes a failed request. Its unit is missing again unless another request for it is open. */
  failed(request: UnitRequest<Key>): void {
    if (!this.#close(request)) return;
    if (this.requestsFor(request.unit).length > 0) this.#duplicateBytes -= request.bytes - request.received;
    else {
      this.#requested.delete(request.unit);
      this.#setMissing(request.unit);
    }
  }

  /** Whether a missing unit has a source. Small files that every source refused do not delay the endgame. */
  get #hasAvailable(): boolean {
    return this.#missing.count > (this.#seeds > 0 ? 0 : this.#rarity.unheld);
  }

  #pick(source: Key, member: Member<Key>, nowMs: number): number {
    if (member.useful === 0) return -1;
    // Only what no trusted source has.
    if (!member.trusted) return this.#seeds > 0 ? -1 : this.#pickRarest(member, this.#rarity.unheld);
    const { order, swarms, readers } = this.#options;
    const read = readers?.nearest(this.#missing, member.holdings) ?? -1;
    if (read >= 0) return read;
    if (order === 'in order') return nextHeld(this.#missing, member.holdings, 0);
    if (member.suggestion !== undefined) {
      const unit = this.#pickSuggested(member, member.suggestion);
      // A source does not stay idle for long: its suggestions may be late or malicious.
      if (unit >= 0 || !this.#isStuck(member, nowMs)) return unit;
    }
    if (this.#partial === 0) return this.#runs.next(source, this.#missing);
    return swarms
      ? this.#pickRarest(member, this.#rarity.length)
      : nextHeld(this.#missing, member.holdings, 0);
  }

  /** Whether neither this source nor any other has had a request for a while. */
  #isStuck({ activeMs }: Member<Key>, nowMs: number): boolean {
    return nowMs - Math.max(activeMs, this.#activeMs) >= SUGGESTIONS_LATE_MS;
  }

  #pickSuggested(member: Member<Key>, { chunks: units, rest }: SourceSuggestion): number {
    const unit = units.find((each) => this.#missing.has(each) && member.holdings.has(each));
    if (unit !== undefined || rest === 'nothing') return unit ?? -1;
    // Units that other sources have too; with a second complete source these are all units.
    return this.#pickRarest(member, this.#rarity.length, this.#seeds > 1 ? 0 : this.#rarity.unheld);
  }

  #pickRarest(member: Member<Key>, end: number, from = 0): number {
    for (let place = from; place < end; place++) {
      const unit = this.#rarity.at(place);
      if (member.holdings.has(unit)) return unit;
    }
    return -1;
  }

  #takeover(source: Key, member: Member<Key>, nowMs: number): UnitTask<Key> | undefined {
    const { units, paceOf } = this.#options;
    // In a swarm some source is without missing units at every moment.
    const endgame = !this.#hasAvailable;
    if (nowMs - member.searchedMs < (endgame ? ENDGAME_SEARCH_MS : SEARCH_MS)) return undefined;
    if (!endgame) member.searchedMs = nowMs;
    const ratio = Math.max(units.size * ENDGAME_DUPLICATE_RATIO, this.unitBytes);
    const budget = Math.min(ratio, COPY_BYTES_MAX);
    const openBytes = pendingBytes(member.open.values());
    const found = findTakeover(
      {
        key: source,
        pace: paceOf(source, nowMs),
        openBytes,
        has: (unit) => member.holdings.has(unit) && !member.open.has(unit),
      },
      this.#busySources(source, nowMs),
      {
        nowMs,
        endgame,
        duplicateBytes: budget - this.#duplicateBytes,
        copies: (unit) => this.#requested.get(unit)?.length ?? 0,
      },
    );
    if (found === undefined) {
      member.searchedMs = nowMs;
      return undefined;
    }
    const { request: theirs, kind, costBytes } = found;
    const request = this.#open(theirs.unit, source, member, nowMs);
    this.#duplicateBytes += costBytes;
    if (kind === 'copy') return { request, insteadOf: undefined };
    this.#close(theirs);
    return { request, insteadOf: theirs };
  }

  /** Bytes wasted when an open request is cancelled now. */
  #lostBytes(request: UnitRequest<Key>, nowMs: number): number {
    const open = this.requestsOf(request.source);
    const aheadBytes = pendingBytes(open.slice(0, Math.max(0, open.indexOf(request))));
    const pace = this.#options.paceOf(request.source, nowMs);
    return lostBytes(request, aheadBytes, pace, leftMsOf(request, aheadBytes, pace, nowMs));
  }

  /** Removes a request. Returns false when it is not open. */
  #close(request: UnitRequest<Key>): boolean {
    const copies = this.#requested.get(request.unit) ?? [];
    const at = copies.indexOf(request);
    if (at < 0) return false;
    copies.splice(at, 1);
    this.#members.get(request.source)?.open.delete(request.unit);
    return true;
  }

  *#busySources(idle: Key, nowMs: number): Generator<BusySource<Key>> {
    for (const [source, { open }] of this.#members) {
      if (source === idle || open.size === 0) continue;
      yield { pace: this.#options.paceOf(source, nowMs), open: open.values() };
    }
  }

  /** Adds the units of a source to the rarity counts, or removes them. Complete sources do not change the order. */
  #spread(member: Member<Key>, step: 1 | -1): void {
    if (!member.trusted) return;
    if (member.holdings.complete) {
      this.#seeds += step;
      return;
    }
    this.#partial += step;
    for (const unit of member.holdings.units()) {
      if (step > 0) this.#rarity.raise(unit);
      else this.#rarity.lower(unit);
    }
  }

  #open(unit: number, source: Key, member: Member<Key>, sinceMs: number): UnitRequest<Key> {
    const bytes = this.#options.units.bytesOf(unit);
    this.#activeMs = sinceMs;
    const request = { unit, source, bytes, sinceMs, received: 0 };
    member.open.set(unit, request);
    const copies = this.#requested.get(unit);
    if (copies === undefined) this.#requested.set(unit, [request]);
    else copies.push(request);
    return request;
  }

  #setMissing(unit: number): void {
    if (!this.#missing.add(unit)) return;
    this.#rarity.add(unit);
    for (const member of this.#members.values()) if (member.holdings.has(unit)) member.useful++;
  }

  #setRequested(unit: number): void {
    this.#missing.delete(unit);
    this.#rarity.remove(unit);
    for (const member of this.#members.values()) if (member.holdings.has(unit)) member.useful--;
  }
}
