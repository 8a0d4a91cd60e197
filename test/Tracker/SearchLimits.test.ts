import { describe, expect, test } from 'vitest';
import type { FileId } from '../../Protocol/Ids.ts';
import type { TrackerReply } from '../../Protocol/TrackerMessages.ts';
import { CatalogIndex } from '../../Tracker/Catalog/CatalogIndex.ts';
import type { RegisteredPeer } from '../../Tracker/Peers/RegisteredPeer.ts';
import { ConnectionRelays } from '../../Tracker/Questions/ConnectionRelays.ts';
import { FolderSearches } from '../../Tracker/Questions/FolderSearches.ts';
import { LateAnswer } from '../../Tracker/Questions/LateAnswer.ts';

/** Cost of one question for the tracker: each bound has a test here that fails without it. */

const contentOf = (number: number) => number.toString(16).padStart(8, '0').padEnd(64, '5') as FileId;

/** An index with these paths, each of different content. */
function indexOf(paths: Iterable<string>): CatalogIndex {
  const index = new CatalogIndex([7, 8]);
  let content = 1;
  for (const path of paths) index.put(1, { path, size: 1, fileId: contentOf(content++) }, 0);
  return index;
}

function* numbered(count: number, name: string): Generator<string> {
  for (let number = 0; number < count; number++) yield `${name} ${number}`;
}

describe('a search', () => {
  test('ends after 4,096 matching files', () => {
    expect(indexOf(numbered(4_200, 'song')).search('song').total).toBe(4_096);
  });

  test('examines 32,768 entries, also those of peers that have left', () => {
    const index = indexOf(numbered(32_768, 'song'));
    index.forget(1);
    index.put(2, { path: 'song', size: 1, fileId: contentOf(1) }, 0);
    expect(index.search('song').total).toBe(0);
    while (!index.isTidy) index.tidy(10_000);
    expect(index.search('song').total).toBe(1);
  });

  test('looks at 16 holders for one within its quota of hits', () => {
    const hits = (copies: number) => {
      const index = new CatalogIndex([7, 8]);
      for (let number = 1; number <= 50; number++)
        index.put(1, { path: `${number}/song`, size: 1, fileId: contentOf(number) }, 0);
      const file = (path: string) => ({ path, size: 1, fileId: contentOf(99) });
      for (let copy = 0; copy < copies; copy++) index.put(1, file(`x/song of a ${copy}`), 0);
      index.put(2, file('x/song of b'), 0);
      for (let copy = 0; copy < copies; copy++) index.put(1, file(`y/song of a ${copy}`), 0);
      return index.search('song').files.length;
    };
    expect([hits(3), hits(20)]).toEqual([51, 50]);
  });

  test('by id examines 4,096 entries of a content for its path, and as many for its holders', () => {
    const index = new CatalogIndex([7, 8]);
    const file = (path: string) => ({ path, size: 1, fileId: contentOf(1) });
    const partial = (from: number) => {
      for (let owner = from; owner < from + 4_100; owner++) index.put(owner, file(''), 0);
    };
    partial(10_000);
    index.put(1, file('whole'), 0);
    expect(index.search(contentOf(1)).files.map(({ path }) => path)).toEqual(['whole']);
    partial(20_000);
    expect(index.search(contentOf(1)).files.map(({ path }) => path)).toEqual(['']);
    const held = index.holders(contentOf(1), 1_000_000);
    expect([held?.holders.length, held?.count]).toEqual([4_096, 8_201]);
  });
});

describe('searches for folders', () => {
  const endless = { step: () => false, owners: new Set<number>() };
  const asked = (searches: FolderSearches, path: string, sender: string) =>
    searches.ask(path, sender, false, 0, () => {});

  test('64 run at once, the next is refused', () => {
    const searches = new FolderSearches(() => endless as never);
    const answers = Array.from({ length: 65 }, (_, number) => asked(searches, `folder ${number}`, 'a'));
    expect(answers.indexOf(false)).toBe(64);
  });

  test('16 senders are pending for one search, the next is refused; a repeated request is not', () => {
    const searches = new FolderSearches(() => endless as never);
    const answers = Array.from({ length: 17 }, (_, number) => asked(searches, 'folder', `sender ${number}`));
    expect(answers.indexOf(false)).toBe(16);
    expect(asked(searches, 'folder', 'sender 3')).toBe(true);
  });
});

test('peers and other trackers add 200 files to an answer together', () => {
  const pages: TrackerReply[] = [];
  const answer = new LateAnswer((page) => pages.push(page));
  const hits = Array.from({ length: 150 }, (_, number) => ({
    fileId: contentOf(number),
    size: 1,
    path: `${number}`,
    holderCount: 0,
    holders: [],
  }));
  for (const _ of [1, 2]) answer.addSource(1);
  for (const _ of [1, 2]) answer.add({ hits, total: 300 }, true);
  expect(pages.flatMap((page) => (page.type === 'found' ? page.hits : []))).toHaveLength(200);
});

test('256 relays are examined for an answer, however many share a host', () => {
  const relays = new ConnectionRelays();
  const peer = (host: string) => ({ udp: { host, port: 1 }, isLocal: false }) as RegisteredPeer;
  for (let number = 0; number < 256; number++) relays.updated(peer('10.0.0.1'), true);
  relays.updated(peer('10.0.0.2'), true);
  const hosts = () => relays.choose(peer('10.0.0.3')).map(({ udp }) => udp.host);
  expect(hosts()).toEqual(['10.0.0.1']);
  // The last relay is examined last.
  expect(hosts()).toEqual(['10.0.0.1', '10.0.0.2']);
});
