import { expect, test } from 'vitest';
import {
  betterThanOwn,
  chooseSuccessor,
  namesUs,
  surplusTrackers,
  type UsedTracker,
} from '../../../../Peer/Network/Trackers/TrackerChoice.ts';
import { newInstanceId, type PeerId } from '../../../../Protocol/Ids.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { seeds } from '../../../Support/seeds.ts';
import { idOf } from './TrackerLan.ts';

const OURS = new Set(['127.0.0.1', '10.0.0.5']);

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

test('discovered trackers: at most the three oldest, each once; configured and embedded ones stay', () => {
  const many = [5, 3, 9, 1, 7].map((ms) => tracker(`10.0.0.${ms}`, ms));
  expect(surplusTrackers(many).map(({ address }) => address.host)).toEqual(['10.0.0.7', '10.0.0.9']);
  const twice = [tracker('127.0.0.1', 4), tracker('10.0.0.4', 4)];
  expect(surplusTrackers(twice)).toEqual([twice[0]]);
  expect(surplusTrackers([tracker('127.0.0.1', 4, 'embedded'), tracker('10.0.0.4', 4)])).toHaveLength(1);
  const fixed = [1, 2, 3, 4, 5].map((ms) => tracker(`10.0.0.${ms}`, ms, 'configured'));
  expect(surplusTrackers(fixed)).toEqual([]);
});

test.each(seeds(50))(
  'all peers keep the same trackers, whatever the order of discovery (seed %i)',
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

test('an embedded tracker gives way only to an older tracker', () => {
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

test('the successor is a running tracker, else a peer on another host, else one on this host, else none', () => {
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

test('a peer recognizes itself as successor by host and port on the LAN, by port on the tracker host', () => {
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
