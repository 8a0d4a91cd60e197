import { ByteWriter, type Codec } from '../../Protocol/Codec.ts';
import { ANSWER_EXTENSIONS_BYTES } from '../../Protocol/Extensions.ts';
import { DATAGRAM_BYTES_MAX } from '../../Protocol/Limits.ts';
import type { RelayedFile } from '../../Protocol/RelayMessages.ts';
import {
  type ClusterMember,
  clusterMember,
  type Hit,
  type Holder,
  hit,
  holder,
  type ListedPeer,
  listedPeer,
  type ReplyOf,
} from '../../Protocol/TrackerMessages.ts';
import type { ContentHolders, FoundFile, FoundFiles } from '../Catalog/SharedFiles.ts';
import type { PeerRegistry } from '../Peers/PeerRegistry.ts';
import type { RegisteredPeer } from '../Peers/RegisteredPeer.ts';

/** Holders listed with a hit; `locate` lists all. */
const HOLDERS_PER_HIT = 8;
/** Holders read for one page: more than fit. */
const HOLDERS_PER_PAGE = 64;
/** Bytes beside the items: action, transaction id, total, next, asked, part, count. `located` has the size too. */
const PAGE_OVERHEAD_BYTES = 8 + 4 + 4 + 4 + 1 + 2;
/** Size of the content, in `located`. */
const SIZE_BYTES = 8;
/** No peer was queried: the answer is the index's. */
const WHOLE = { asked: 0, part: 'whole' } as const;
const PAGE_BYTES = DATAGRAM_BYTES_MAX - PAGE_OVERHEAD_BYTES;

/** A page of hits from the `cursor`-th on. Content without holders is left out. */
export function foundPage(
  found: FoundFiles,
  cursor: number,
  holdersOf: HoldersOf,
  registry: PeerRegistry,
): ReplyOf<'found'> {
  const page = new ReplyPage<Hit>(hit, PAGE_BYTES);
  let next = cursor;
  for (; next < found.files.length; next++) {
    const file = found.files[next];
    const one = file && hitOf(file, holdersOf, registry);
    if (one !== undefined && !page.add(one, shortened)) break;
  }
  const { total } = found;
  return { ...WHOLE, type: 'found', total, next: more(next, found.files.length), hits: page.items };
}

type HoldersOf = (file: FoundFile) => ContentHolders | undefined;

/** A found file with its first holders; undefined: it has none. */
export function hitOf(file: FoundFile, holdersOf: HoldersOf, registry: PeerRegistry): Hit | undefined {
  const known = holdersOf(file);
  if (known === undefined) return undefined;
  const { size, count, modifiedMs, executable } = known;
  const { fileId, path } = file;
  const holders = holdersFrom(known, 0, HOLDERS_PER_HIT, registry);
  return { fileId, size, path, holderCount: count, holders, modifiedMs, executable };
}

/** A page of holders from the `cursor`-th on. */
export function locatedPage(
  known: ContentHolders | undefined,
  cursor: number,
  registry: PeerRegistry,
): ReplyOf<'located'> {
  if (known === undefined) return { ...WHOLE, type: 'located', total: 0, next: 0, size: 0, holders: [] };
  const page = new ReplyPage<Holder>(holder, PAGE_BYTES - SIZE_BYTES);
  const total = known.holders.length;
  const holders = holdersFrom(known, cursor, HOLDERS_PER_PAGE, registry);
  const sent = holders.findIndex((one) => !page.add(one));
  const next = more(cursor + (sent < 0 ? holders.length : sent), total);
  return { ...WHOLE, type: 'located', total, next, size: known.size, holders: page.items };
}

/** Facts that later pages of an answer share. */
export interface PageFacts {
  /** Peers queried for this answer. */
  readonly asked: number;
  /** The answer ends with these pages: there is at least one, and the last is marked. */
  readonly isLast: boolean;
  /** Items that these pages add to the answer, listed or not. */
  readonly total: number;
}

/** Later pages of a search. */
export function hitPages(hits: readonly Hit[], facts: PageFacts): ReplyOf<'found'>[] {
  const lists = listsOf(hits, () => new ReplyPage<Hit>(hit, PAGE_BYTES), facts, shortened);
  return lists.map((list, at) => ({ type: 'found', ...later(facts, lists, at), hits: list }));
}

/** Later pages of holders. */
export function holderPages(
  holders: readonly Holder[],
  size: number,
  facts: PageFacts,
): ReplyOf<'located'>[] {
  const lists = listsOf(holders, () => new ReplyPage<Holder>(holder, PAGE_BYTES - SIZE_BYTES), facts);
  return lists.map((list, at) => ({ type: 'located', ...later(facts, lists, at), size, holders: list }));
}

function listsOf<T>(
  items: readonly T[],
  newPage: () => ReplyPage<T>,
  { isLast }: PageFacts,
  shorter?: (item: T) => T | undefined,
): (readonly T[])[] {
  const pages: ReplyPage<T>[] = [];
  for (const item of items) {
    if (pages.at(-1)?.add(item) === true) continue;
    const page = newPage();
    if (page.add(item, shorter)) pages.push(page);
  }
  const lists = pages.map((page) => page.items);
  // The extensions of the answer lie in its last page.
  const hasRoom = (pages.at(-1)?.bytesLeft ?? 0) >= ANSWER_EXTENSIONS_BYTES;
  return isLast && !hasRoom ? [...lists, []] : lists;
}

/** The total is sent once, with the first page. */
function later({ asked, isLast, total }: PageFacts, lists: readonly unknown[], at: number) {
  const isEnd = isLast && at === lists.length - 1;
  const part = isEnd ? 'last' : 'relayed';
  return { total: at === 0 ? total : 0, next: 0, asked, part } as const;
}

/** A file as a queried peer describes it. */
export function relayedHit(peer: RegisteredPeer, { complete, ...file }: RelayedFile): Hit {
  return { ...file, holderCount: 1, holders: [{ ...contact(peer), complete }] };
}

/**
 * A page of peers, in the order of their slots. The next cursor is the slot of the first peer that did not fit.
 * @param seen - how the receiver reaches a peer
 */
export function peersPage(
  peers: Iterable<RegisteredPeer>,
  total: number,
  seen: (peer: ListedPeer) => ListedPeer = (peer) => peer,
): ReplyOf<'peerList'> {
  const page = new ReplyPage<ListedPeer>(listedPeer, PAGE_BYTES - ANSWER_EXTENSIONS_BYTES);
  for (const peer of peers) {
    const { files, bytes } = peer.beat;
    if (!page.add(seen({ ...contact(peer), files, bytes }))) {
      return { type: 'peerList', total, next: peer.slot, peers: page.items };
    }
  }
  return { type: 'peerList', total, next: 0, peers: page.items };
}

/** The peers of a list that fit a page. */
export function fittingPeers(peers: readonly ListedPeer[]): readonly ListedPeer[] {
  const page = new ReplyPage<ListedPeer>(listedPeer, PAGE_BYTES - ANSWER_EXTENSIONS_BYTES);
  for (const peer of peers) if (!page.add(peer)) break;
  return page.items;
}

/** A page of the trackers of a cluster, from the `cursor`-th on. */
export function membersPage(
  members: readonly ClusterMember[],
  cursor: number,
  facts: Pick<ReplyOf<'members'>, 'connected' | 'received' | 'sent'>,
): ReplyOf<'members'> {
  const page = new ReplyPage<ClusterMember>(clusterMember, PAGE_BYTES);
  let next = cursor;
  for (const member of members.slice(cursor)) if (page.add(member)) next++;
  return {
    type: 'members',
    total: members.length,
    next: more(next, members.length),
    ...facts,
    members: page.items,
  };
}

export function holdersFrom(
  known: ContentHolders,
  first: number,
  count: number,
  registry: PeerRegistry,
): readonly Holder[] {
  return known.holders.slice(first, first + count).flatMap(({ owner, complete, size }) => {
    const peer = registry.at(owner);
    if (peer === undefined) return [];
    const claimed = size === known.size ? undefined : size;
    return [{ ...contact(peer), complete, size: claimed }];
  });
}

function contact(peer: RegisteredPeer) {
  const { peerId, name, port, undialable } = peer.beat;
  return { peerId, name, address: { host: peer.udp.host, port }, onTrackerHost: peer.isLocal, undialable };
}

/** The hit with one holder fewer, then without any extensions; undefined when none would be left. */
function shortened(long: Hit): Hit | undefined {
  if (long.holders.length > 1) return { ...long, holders: long.holders.slice(0, -1) };
  const { fileId, size, path, holderCount } = long;
  const holders = long.holders.map((one) => ({ ...one, undialable: undefined, size: undefined }));
  const plain = { fileId, size, path, holderCount, holders };
  const isPlain = hitBytes(plain) === hitBytes(long);
  return isPlain ? undefined : plain;
}

function hitBytes(item: Hit): number {
  const out = new ByteWriter();
  hit.write(out, item);
  return out.length;
}

function more(next: number, total: number): number {
  return next < total ? next : 0;
}

/** Items up to an encoded size. An item of any kind is so long that the count stays below the limit of its list. */
export class ReplyPage<T> {
  readonly items: T[] = [];
  readonly #codec: Codec<T>;
  #left: number;

  constructor(codec: Codec<T>, bytes: number) {
    this.#codec = codec;
    this.#left = bytes;
  }

  get bytesLeft(): number {
    return this.#left;
  }

  /** Adds an item; false: no room. The first item is shortened until it fits. */
  add(item: T, shorter: (item: T) => T | undefined = () => undefined): boolean {
    const out = new ByteWriter();
    this.#codec.write(out, item);
    if (out.length <= this.#left) {
      this.#left -= out.length;
      this.items.push(item);
      return true;
    }
    const less = this.items.length === 0 ? shorter(item) : undefined;
    return less !== undefined && this.add(less, shorter);
  }
}
