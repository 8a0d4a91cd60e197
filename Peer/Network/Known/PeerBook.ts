import type { PeerId } from '../../../Protocol/Ids.ts';
import { type Address, formatAddress, isDialable } from '../../../Shared/Address.ts';
import type { PeerContact } from '../../Model.ts';
import type { KnownContact } from '../Links/LinkedPeer.ts';

/** How we came to know of a peer, the best first. Linked ones are `met`. */
const HEARD = ['met', 'tracker', 'remembered', 'dns-sd', 'exchange'] as const;
export type Heard = (typeof HEARD)[number];

/** Peers kept; the worst heard of, and of those the oldest, make room. */
const PEERS_MAX = 512;
/** Of each way to hear but `met`: strangers' talk must not push out each other way's peers. */
const HEARD_MAX = 200;
/** What one peer may name by exchange. */
const NAMED_BY_ONE_MAX = 64;
/** A peer that we never met is forgotten after so many failed dials. */
const TRIES_MAX = 3;
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 60_000;

interface Entry {
  contact: PeerContact;
  heard: Heard;
  namer: PeerId | undefined;
  /** When it was met or named last. */
  atMs: number;
  /** Another address that was named since. */
  elsewhere: Address | undefined;
  failures: number;
  retryMs: number;
}

/** The peers we know of, linked or not: whom to ask and to dial when no tracker answers, and whom to remember. Bounded. */
export class PeerBook {
  readonly #self: PeerId;
  readonly #entries = new Map<string, Entry>();

  constructor(self: PeerId) {
    this.#self = self;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** How many of them a tracker or a link vouched for. */
  get vouched(): number {
    return this.#of('met').length + this.#of('tracker').length;
  }

  /** A link to it opened. */
  met(contact: KnownContact, nowMs: number): void {
    const { host, port } = contact.address;
    // One address is one peer: whoever was known there is gone, or had no id yet.
    for (const [key, { contact: other }] of this.#entries)
      if (other.address.port === port && other.address.host === host) this.#entries.delete(key);
    this.#put(contact.peerId, contact, 'met', undefined, nowMs);
  }

  /** Somebody told of it. What we know better ourselves stays. @param namer - who told, for `exchange` */
  told(contact: PeerContact, heard: Exclude<Heard, 'met'>, nowMs: number, namer?: PeerId): void {
    if (contact.peerId === this.#self || !isDialable(contact.address)) return;
    const key = contact.peerId ?? formatAddress(contact.address);
    const known = this.#entries.get(key) ?? this.#at(contact.address);
    if (known !== undefined) {
      if (known.contact.peerId !== contact.peerId) return;
      // It may have moved: tried when the address that we trust more fails.
      const moved = formatAddress(contact.address) !== formatAddress(known.contact.address);
      if (moved) known.elsewhere = contact.address;
      if (rank(heard) >= rank(known.heard)) return;
    }
    if (namer !== undefined && this.#namedBy(namer) >= NAMED_BY_ONE_MAX) return;
    this.#put(key, contact, heard, namer, nowMs);
  }

  /** A dial failed. */
  failed(contact: PeerContact, nowMs: number): void {
    const key = contact.peerId ?? formatAddress(contact.address);
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.failures++;
    const { elsewhere } = entry;
    if (elsewhere !== undefined) {
      entry.contact = { ...entry.contact, address: elsewhere };
      entry.elsewhere = undefined;
    } else if (entry.heard !== 'met' && entry.failures >= TRIES_MAX) this.#entries.delete(key);
    else entry.retryMs = nowMs + Math.min(RETRY_MS * 2 ** entry.failures, RETRY_MAX_MS);
  }

  /** We are elsewhere, or awake again: nothing that failed counts any more. */
  forgive(): void {
    for (const entry of this.#entries.values()) {
      entry.failures = 0;
      entry.retryMs = 0;
    }
  }

  /** Peers worth a dial now, the best known and newest first. @param linked - these are linked already */
  candidates(max: number, linked: ReadonlySet<PeerId>, nowMs: number): PeerContact[] {
    return this.#newest()
      .filter(({ contact, retryMs }) => {
        return nowMs >= retryMs && (contact.peerId === undefined || !linked.has(contact.peerId));
      })
      .slice(0, Math.max(0, max))
      .map(({ contact }) => contact);
  }

  /** Those we linked to ourselves, or a tracker named: the newest first. */
  worthRemembering(max: number): KnownContact[] {
    const known = this.#newest().filter(({ heard }) => heard === 'met' || heard === 'tracker');
    return known.flatMap(({ contact }) => (isKnown(contact) ? [contact] : [])).slice(0, max);
  }

  #put(key: string, contact: PeerContact, heard: Heard, namer: PeerId | undefined, nowMs: number): void {
    this.#entries.delete(key);
    const others = heard === 'met' ? [] : this.#of(heard);
    const [oldest] = others;
    if (oldest !== undefined && others.length >= HEARD_MAX) this.#entries.delete(oldest[0]);
    while (this.#entries.size >= PEERS_MAX) this.#dropWorst();
    this.#entries.set(key, {
      contact,
      heard,
      namer,
      atMs: nowMs,
      elsewhere: undefined,
      failures: 0,
      retryMs: 0,
    });
  }

  #dropWorst(): void {
    let worst: [string, Entry] | undefined;
    for (const each of this.#entries)
      if (worst === undefined || rank(each[1].heard) > rank(worst[1].heard)) worst = each;
    if (worst !== undefined) this.#entries.delete(worst[0]);
  }

  #newest(): Entry[] {
    return [...this.#entries.values()].toSorted(
      (one, other) => rank(one.heard) - rank(other.heard) || other.atMs - one.atMs,
    );
  }

  /** The oldest first. */
  #of(heard: Heard): [string, Entry][] {
    return [...this.#entries].filter(([, entry]) => entry.heard === heard);
  }

  #namedBy(namer: PeerId): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.namer === namer) count++;
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

function rank(heard: Heard): number {
  return HEARD.indexOf(heard);
}

function isKnown(contact: PeerContact): contact is KnownContact {
  return contact.peerId !== undefined;
}
