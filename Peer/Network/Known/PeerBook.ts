import type { PeerId } from '../../../Protocol/Ids.ts';
import { type Address, formatAddress, isDialable } from '../../../Shared/Network/Address.ts';
import type { KnownContact, PeerContact } from '../../Model.ts';

/** Origins of a known peer, the most trusted first. */
const ORIGINS = ['linked', 'tracker', 'remembered', 'dns-sd', 'exchange'] as const;
export type Origin = (typeof ORIGINS)[number];

/** Number of entries. The least trusted origin is evicted first, oldest entry first. */
const PEERS_MAX = 512;
/** Entries per origin other than `linked`, so that unverified peers cannot evict those of another origin. */
const PER_ORIGIN_MAX = 200;
/** Entries introduced by one peer through peer exchange. */
const INTRODUCED_MAX = 64;
/** Failed dials before a peer that was never linked is removed. */
const TRIES_MAX = 3;
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 60_000;

interface Entry {
  contact: PeerContact;
  origin: Origin;
  introducer: PeerId | undefined;
  /** Time of the last link or mention. */
  atMs: number;
  /** Another address reported since. */
  alternative: Address | undefined;
  failures: number;
  retryMs: number;
}

/**
 * Bounded table of known peers, linked or not: candidates to dial or query without a tracker, and to remember for
 * the next run.
 */
export class PeerBook {
  readonly #self: PeerId;
  readonly #entries = new Map<string, Entry>();

  constructor(self: PeerId) {
    this.#self = self;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Number of peers that a tracker or a link vouches for. */
  get vouched(): number {
    return this.#of('linked').length + this.#of('tracker').length;
  }

  /** Records an open link. */
  linked(contact: KnownContact, nowMs: number): void {
    const { host, port } = contact.address;
    // One address is one peer: an earlier peer there is gone, or its id was unknown.
    for (const [key, { contact: other }] of this.#entries)
      if (other.address.port === port && other.address.host === host) this.#entries.delete(key);
    this.#put(contact.peerId, contact, 'linked', undefined, nowMs);
  }

  /**
   * Records a report of a peer. Entries of a more trusted origin stay.
   * @param introducer - the reporting peer, for `exchange`
   */
  add(contact: PeerContact, origin: Exclude<Origin, 'linked'>, nowMs: number, introducer?: PeerId): void {
    if (contact.peerId === this.#self || !isDialable(contact.address)) return;
    const key = contact.peerId ?? formatAddress(contact.address);
    const known = this.#entries.get(key) ?? this.#at(contact.address);
    if (known !== undefined) {
      if (known.contact.peerId !== contact.peerId) return;
      // The peer may have moved: the new address is used if the trusted one fails.
      const moved = formatAddress(contact.address) !== formatAddress(known.contact.address);
      if (moved) known.alternative = contact.address;
      if (rank(origin) >= rank(known.origin)) return;
    }
    if (introducer !== undefined && this.#introducedBy(introducer) >= INTRODUCED_MAX) return;
    this.#put(key, contact, origin, introducer, nowMs);
  }

  /** Records a failed dial: switches to the alternative address, backs off, or removes the entry. */
  failed(contact: PeerContact, nowMs: number): void {
    const key = contact.peerId ?? formatAddress(contact.address);
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.failures++;
    const { alternative } = entry;
    if (alternative !== undefined) {
      entry.contact = { ...entry.contact, address: alternative };
      entry.alternative = undefined;
    } else if (entry.origin !== 'linked' && entry.failures >= TRIES_MAX) this.#entries.delete(key);
    else entry.retryMs = nowMs + Math.min(RETRY_MS * 2 ** entry.failures, RETRY_MAX_MS);
  }

  /** Clears all failures, after a change of address or a sleep. */
  resetFailures(): void {
    for (const entry of this.#entries.values()) {
      entry.failures = 0;
      entry.retryMs = 0;
    }
  }

  /** Peers to dial now, most trusted origin first, newest first. @param linked - peers to leave out */
  candidates(max: number, linked: ReadonlySet<PeerId>, nowMs: number): PeerContact[] {
    return this.#newest()
      .filter(({ contact, retryMs }) => {
        return nowMs >= retryMs && (contact.peerId === undefined || !linked.has(contact.peerId));
      })
      .slice(0, Math.max(0, max))
      .map(({ contact }) => contact);
  }

  /** Peers that were linked or named by a tracker, newest first. */
  worthRemembering(max: number): KnownContact[] {
    const known = this.#newest().filter(({ origin }) => origin === 'linked' || origin === 'tracker');
    return known.flatMap(({ contact }) => (isKnown(contact) ? [contact] : [])).slice(0, max);
  }

  #put(
    key: string,
    contact: PeerContact,
    origin: Origin,
    introducer: PeerId | undefined,
    nowMs: number,
  ): void {
    this.#entries.delete(key);
    const others = origin === 'linked' ? [] : this.#of(origin);
    const [oldest] = others;
    if (oldest !== undefined && others.length >= PER_ORIGIN_MAX) this.#entries.delete(oldest[0]);
    while (this.#entries.size >= PEERS_MAX) this.#dropWorst();
    this.#entries.set(key, {
      contact,
      origin,
      introducer,
      atMs: nowMs,
      alternative: undefined,
      failures: 0,
      retryMs: 0,
    });
  }

  #dropWorst(): void {
    let worst: [string, Entry] | undefined;
    for (const each of this.#entries)
      if (worst === undefined || rank(each[1].origin) > rank(worst[1].origin)) worst = each;
    if (worst !== undefined) this.#entries.delete(worst[0]);
  }

  #newest(): Entry[] {
    return [...this.#entries.values()].toSorted(
      (one, other) => rank(one.origin) - rank(other.origin) || other.atMs - one.atMs,
    );
  }

  /** Oldest first. */
  #of(origin: Origin): [string, Entry][] {
    return [...this.#entries].filter(([, entry]) => entry.origin === origin);
  }

  #introducedBy(introducer: PeerId): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.introducer === introducer) count++;
    return count;
  }

  #at({ host, port }: Address): Entry | undefined {
    for (const entry of this.#entries.values()) {
      const { address } = entry.contact;
      if (address.port === port && address.host === host) return entry;
    }
    return undefined;
  }
}

function rank(origin: Origin): number {
  return ORIGINS.indexOf(origin);
}

function isKnown(contact: PeerContact): contact is KnownContact {
  return contact.peerId !== undefined;
}
