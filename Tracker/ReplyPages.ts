import { ByteWriter, type Codec } from '../Protocol/Codec.ts';
import { DATAGRAM_BYTES_MAX } from '../Protocol/Limits.ts';
import type { RelayedFile } from '../Protocol/RelayMessages.ts';
import {
  type Hit,
  type Holder,
  hit,
  holder,
  type ListedPeer,
  listedPeer,
  type ReplyOf,
} from '../Protocol/TrackerMessages.ts';
import type { ContentHolders, FoundFile, FoundFiles } from './Catalog/SharedFiles.ts';
import type { PeerRegistry } from './PeerRegistry.ts';
import type { RegisteredPeer } from './RegisteredPeer.ts';
import type { Relayed } from './Relay.ts';

/** Holders listed with a hit; `locate` lists all. */
const HOLDERS_PER_HIT = 8;
/** Holders read for one page: more than fit. */
const HOLDERS_PER_PAGE = 64;
/** Bytes before the items: action, transaction id, total, next, asked, part, count. `located` has the size too. */
const PAGE_OVERHEAD_BYTES = 8 + 4 + 4 + 4 + 1 + 2;
/** No peer was queried: the answer is the index's. */
const WHOLE = { asked: 0, part: 'whole' } as const;
const PAGE_BYTES = DATAGRAM_BYTES_MAX - PAGE_OVERHEAD_BYTES;

/** A page of hits from the `cursor`-th on. Content without holders is left out. */
export function foundPage(
  found: FoundFiles,
  cursor: number,
  holdersOf: (file: FoundFile) => ContentHolders | undefined,
  registry: PeerRegistry,
): ReplyOf<'found'> {
  const page = new Page<Hit>(hit, PAGE_BYTES);
  let next = cursor;
  for (; next < found.files.length; next++) {
    const file = found.files[next];
    const known = file && holdersOf(file);
    if (file === undefined || known === undefined) continue;
    const holders = holdersFrom(known, 0, HOLDERS_PER_HIT, registry);
    const { size, count, modifiedMs, executable } = known;
    if (!page.add({ ...file, size, modifiedMs, executable, holderCount: count, holders }, shortened)) break;
  }
  const { total } = found;
  return { ...WHOLE, type: 'found', total, next: more(next, found.files.length), hits: page.items };
}

/** A page of holders from the `cursor`-th on. */
export function locatedPage(
  known: ContentHolders | undefined,
  cursor: number,
  registry: PeerRegistry,
): ReplyOf<'located'> {
  if (known === undefined) return { ...WHOLE, type: 'located', total: 0, next: 0, size: 0, holders: [] };
  const page = new Page<Holder>(holder, PAGE_BYTES - 8);
  const total = known.holders.length;
  const holders = holdersFrom(known, cursor, HOLDERS_PER_PAGE, registry);
  const sent = holders.findIndex((one) => !page.add(one));
  const next = more(cursor + (sent < 0 ? holders.length : sent), total);
  return { ...WHOLE, type: 'located', total, next, size: known.size, holders: page.items };
}

/** The pages of a queried peer's answer. With `isLast` there is at least one, and the last is marked. */
export function relayedPages(
  { question, asked }: Relayed,
  peer: RegisteredPeer | undefined,
  files: readonly RelayedFile[],
  isLast: boolean,
): (ReplyOf<'found'> | ReplyOf<'located'>)[] {
  const contents = files.flatMap(({ complete, ...file }) =>
    peer === undefined ? [] : [{ ...file, holder: { ...contact(peer), complete } }],
  );
  const pages: Page<Hit>[] = [];
  for (const { holder: one, ...file } of contents) {
    const item = { ...file, holderCount: 1, holders: [one] };
    if (pages.at(-1)?.add(item) === true) continue;
    const page = new Page<Hit>(hit, PAGE_BYTES);
    page.add(item, shortened);
    pages.push(page);
  }
  const lists = pages.length === 0 && isLast ? [[]] : pages.map(({ items }) => items);
  return lists.map((hits, at) => {
    const part = isLast && at === lists.length - 1 ? 'last' : 'relayed';
    const page = { total: hits.length, next: 0, asked, part } as const;
    if (question.fileId === undefined) return { type: 'found', ...page, hits };
    const holders = hits.flatMap((one) => one.holders);
    return { type: 'located', ...page, size: hits[0]?.size ?? 0, holders };
  });
}

/** A page of peers, in the order of their slots. The next cursor is the slot of the first peer that did not fit. */
export function peersPage(peers: Iterable<RegisteredPeer>, total: number): ReplyOf<'peerList'> {
  const page = new Page<ListedPeer>(listedPeer, PAGE_BYTES);
  for (const peer of peers) {
    const { files, bytes } = peer.beat;
    if (!page.add({ ...contact(peer), files, bytes })) {
      return { type: 'peerList', total, next: peer.slot, peers: page.items };
    }
  }
  return { type: 'peerList', total, next: 0, peers: page.items };
}

function holdersFrom(
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
class Page<T> {
  readonly items: T[] = [];
  readonly #codec: Codec<T>;
  #left: number;

  constructor(codec: Codec<T>, bytes: number) {
    this.#codec = codec;
    this.#left = bytes;
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
