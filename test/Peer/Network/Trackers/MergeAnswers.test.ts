import { expect, test } from 'vitest';
import {
  mergeHits,
  mergeHolders,
  mergePeers,
  seenFromHere,
} from '../../../../Peer/Network/Trackers/MergeAnswers.ts';
import type { FileId, PeerId } from '../../../../Protocol/Ids.ts';
import type { Hit, Holder } from '../../../../Protocol/TrackerMessages.ts';
import { idOf } from './TrackerLan.ts';

const SELF = idOf('self') as PeerId;
const OURS = new Set(['127.0.0.1', '10.0.0.5']);
const here = { self: SELF, isOurs: (host: string) => OURS.has(host) };

function holder(name: string, host: string, more: Partial<Holder> = {}): Holder {
  const address = { host, port: 9_001 };
  return { peerId: idOf(name) as PeerId, name, address, onTrackerHost: false, complete: false, ...more };
}

test('a peer on the tracker host is reached at the tracker’s address; other loopback addresses are rejected', () => {
  const onHost = { address: { host: '127.0.0.1', port: 9_001 }, onTrackerHost: true };
  expect(seenFromHere(onHost, '10.0.0.1')).toEqual({ host: '10.0.0.1', port: 9_001 });
  expect(seenFromHere(onHost, '127.0.0.1')).toEqual({ host: '127.0.0.1', port: 9_001 });
  const lie = { ...onHost, onTrackerHost: false };
  expect(seenFromHere(lie, '10.0.0.1')).toBeUndefined();
  for (const host of ['0.0.0.0', '224.0.0.1', '255.255.255.255', '::']) {
    expect(
      seenFromHere({ address: { host, port: 9_001 }, onTrackerHost: false }, '10.0.0.1'),
    ).toBeUndefined();
  }
  expect(
    seenFromHere({ address: { host: '10.0.0.2', port: 0 }, onTrackerHost: false }, '10.0.0.1'),
  ).toBeUndefined();
});

test('of two addresses of a peer, the routable one is used; on this host, loopback', () => {
  const told = (first: string, second: string) =>
    mergeHolders(
      [
        { trackerHost: '127.0.0.1', items: [holder('Ann', first)] },
        { trackerHost: '10.0.0.1', items: [holder('Ann', second, { complete: true })] },
      ],
      here,
    );
  expect(told('127.0.0.1', '10.0.0.9')).toMatchObject([{ address: { host: '10.0.0.9' }, complete: true }]);
  expect(told('127.0.0.1', '10.0.0.5')).toMatchObject([{ address: { host: '127.0.0.1' }, complete: true }]);
  expect(told('10.0.0.7', '10.0.0.8')).toMatchObject([{ address: { host: '10.0.0.7' } }]);
});

test('answers leave this peer out, and content held only by this peer is no hit', () => {
  const hit = (fileId: string, ...holders: Holder[]): Hit => ({
    fileId: idOf(fileId) as FileId,
    size: 7,
    path: 'film',
    holders,
    holderCount: holders.length + 10,
  });
  const us = holder('self', '10.0.0.5');
  const hits = mergeHits(
    [
      { trackerHost: '10.0.0.1', items: [hit('one', us, holder('Ann', '10.0.0.2')), hit('two', us)] },
      { trackerHost: '10.0.0.3', items: [hit('one', holder('Ben', '10.0.0.4'))] },
    ],
    here,
  );
  expect(hits.map(({ holders, holderCount }) => [holders.map(({ name }) => name), holderCount])).toEqual([
    [['Ann', 'Ben'], 11],
  ]);
  const peer = { peerId: SELF, name: 'us', address: us.address, onTrackerHost: false, files: 1, bytes: 1 };
  expect(mergePeers([{ trackerHost: '10.0.0.1', items: [peer] }], here)).toEqual([]);
});

test('a hit has the attributes of the earliest file of its name', () => {
  const hit = (path: string, modifiedMs: number | undefined, executable?: true): Hit => ({
    fileId: idOf('one') as FileId,
    size: 7,
    path,
    holders: [holder('Ann', '10.0.0.2')],
    holderCount: 1,
    modifiedMs,
    executable,
  });
  const items = [
    hit('film', undefined),
    hit('film', 50),
    hit('film', 30, true),
    hit('film', 40),
    hit('other', 10),
  ];
  const [merged] = mergeHits([{ trackerHost: '10.0.0.1', items }], here);
  expect(merged).toMatchObject({ path: 'film', modifiedMs: 30, executable: true });
});
