import { expect, test } from 'vitest';
import { broadcastHosts, isOnLan, isOwnHost } from '../../../Peer/Network/Discovery/LanAddresses.ts';
import {
  mergeHits,
  mergeHolders,
  mergePeers,
  seenFromHere,
} from '../../../Peer/Network/Trackers/MergeAnswers.ts';
import {
  betterThanOwn,
  chooseSuccessor,
  namesUs,
  surplusTrackers,
  type UsedTracker,
} from '../../../Peer/Network/Trackers/TrackerChoice.ts';
import { type FileId, newInstanceId, type PeerId } from '../../../Protocol/Ids.ts';
import type { Hit, Holder } from '../../../Protocol/TrackerMessages.ts';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import { seeds } from '../../Support/seeds.ts';
import { idOf } from './TrackerLan.ts';

const SELF = idOf('self') as PeerId;
const OURS = new Set(['127.0.0.1', '10.0.0.5']);
const here = { self: SELF, isOurs: (host: string) => OURS.has(host) };

function holder(name: string, host: string, more: Partial<Holder> = {}): Holder {
  const address = { host, port: 9_001 };
  return { peerId: idOf(name) as PeerId, name, address, onTrackerHost: false, complete: false, ...more };
}

test('a peer on the tracker host is where we reach the tracker; nowhere else loopback is believed', () => {
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

test('a peer told at two addresses: the one that others can use, but on this computer the near one', () => {
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

test('we are in no answer, and what only we have is no hit', () => {
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

const net = (address: string, netmask: string, internal = false) => ({
  address,
  netmask,
  family: 'IPv4' as const,
  mac: '02:00:00:00:00:01',
  internal,
  cidr: null,
});

test('broadcast goes to every IPv4 network but loopback and point-to-point ones', () => {
  const interfaces = {
    lo: [net('127.0.0.1', '255.0.0.0', true)],
    wifi: [net('192.168.1.77', '255.255.255.0'), net('192.168.1.78', '255.255.255.0')],
    wire: [net('172.20.9.1', '255.255.240.0')],
    tunnel: [net('10.8.0.6', '255.255.255.255'), net('10.9.0.6', '255.255.255.254')],
    none: undefined,
  };
  expect(broadcastHosts(interfaces)).toEqual(['192.168.1.255', '172.20.15.255']);
  expect(broadcastHosts({})).toEqual([]);
  for (const host of ['192.168.1.1', '172.20.0.9', '127.0.0.1', '10.8.0.6'])
    expect(isOnLan(interfaces, host)).toBe(true);
  for (const host of ['192.168.2.1', '8.8.8.8', '172.20.16.1', 'fe80::1'])
    expect(isOnLan(interfaces, host)).toBe(false);
  expect(isOwnHost(interfaces, '192.168.1.77')).toBe(true);
  expect(isOwnHost(interfaces, '192.168.1.76')).toBe(false);
});

const tracker = (
  host: string,
  startedMs: number,
  foundBy: UsedTracker['foundBy'] = 'broadcast',
): UsedTracker => ({
  address: { host, port: 6_881 },
  foundBy,
  instanceId: newInstanceId(startedMs, 0),
  closing: false,
});

test('found trackers: at most three, the oldest; one at two addresses once; configured ones and ours stay', () => {
  const many = [5, 3, 9, 1, 7].map((ms) => tracker(`10.0.0.${ms}`, ms));
  expect(surplusTrackers(many).map(({ address }) => address.host)).toEqual(['10.0.0.7', '10.0.0.9']);
  const twice = [tracker('127.0.0.1', 4), tracker('10.0.0.4', 4)];
  expect(surplusTrackers(twice)).toEqual([twice[0]]);
  expect(surplusTrackers([tracker('127.0.0.1', 4, 'embedded'), tracker('10.0.0.4', 4)])).toHaveLength(1);
  const fixed = [1, 2, 3, 4, 5].map((ms) => tracker(`10.0.0.${ms}`, ms, 'configured'));
  expect(surplusTrackers(fixed)).toEqual([]);
});

test.each(seeds(50))(
  'everybody keeps the same trackers, in whatever order they were found (seed %i)',
  (seed) => {
    const random = new SeededRandom(seed);
    const used = Array.from({ length: 8 }, (_, index) => tracker(`10.0.0.${index}`, random.int(1, 12)));
    const instances = (order: readonly UsedTracker[]) => {
      const surplus = surplusTrackers(order);
      return order
        .filter((one) => !surplus.includes(one))
        .map(({ instanceId }) => instanceId)
        .sort();
    };
    expect(instances(random.shuffle(used))).toEqual(instances(used));
    expect(new Set(instances(used)).size).toBe(instances(used).length);
  },
);

test('our own tracker gives way to an older one only', () => {
  const own = newInstanceId(5, 0);
  expect(betterThanOwn(own, [tracker('127.0.0.1', 5, 'embedded'), tracker('10.0.0.9', 9)])).toBeUndefined();
  const older = [tracker('10.0.0.4', 4), tracker('10.0.0.2', 2)];
  expect(betterThanOwn(own, older)?.address.host).toBe('10.0.0.2');
  expect(
    betterThanOwn(
      own,
      older.map((one) => ({ ...one, closing: true })),
    ),
  ).toBeUndefined();
});

test('the successor is a tracker that runs, else a peer elsewhere, else one here, else nobody', () => {
  const peer = (host: string) => ({ peerId: idOf(host) as PeerId, address: { host, port: 9_001 } });
  const peers = [peer('127.0.0.1'), peer('10.0.0.8')];
  const used = [tracker('127.0.0.1', 5, 'embedded'), tracker('10.0.0.9', 9)];
  expect(chooseSuccessor(used, peers)?.host).toBe('10.0.0.9');
  expect(chooseSuccessor(used.slice(0, 1), peers)?.host).toBe('10.0.0.8');
  expect(chooseSuccessor([], peers.slice(0, 1))?.host).toBe('127.0.0.1');
  expect(chooseSuccessor([], [])).toBeUndefined();
  const closing = { ...tracker('10.0.0.2', 2), closing: true };
  expect(chooseSuccessor([closing, ...used], peers)?.host).toBe('10.0.0.9');
  expect(chooseSuccessor([closing], peers)?.host).toBe('10.0.0.2');
});

test('who is named: host and port on the LAN, the port alone on the tracker host', () => {
  const onLan = {
    port: 9_001,
    observed: { host: '10.0.0.5', port: 9_001 },
    isOurs: (host: string) => OURS.has(host),
  };
  const onHost = { ...onLan, observed: { host: '127.0.0.1', port: 9_001 } };
  expect(namesUs({ host: '10.0.0.5', port: 9_001 }, false, onLan)).toBe(true);
  expect(namesUs({ host: '10.0.0.5', port: 9_002 }, false, onLan)).toBe(false);
  expect(namesUs({ host: '10.0.0.6', port: 9_001 }, false, onLan)).toBe(false);
  expect(namesUs({ host: '127.0.0.1', port: 9_001 }, true, onHost)).toBe(true);
  expect(namesUs({ host: '127.0.0.1', port: 9_002 }, true, onHost)).toBe(false);
  expect(namesUs({ host: '127.0.0.1', port: 9_001 }, true, onLan)).toBe(false);
});
