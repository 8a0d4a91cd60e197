import { expect, test } from 'vitest';
import { TrackerPool } from '../../../../Peer/Network/Trackers/TrackerPool.ts';
import { newInstanceId } from '../../../../Protocol/Ids.ts';
import { keyOf } from '../../../Support/keys.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { FakeFeed } from './TrackerLan.ts';

const { peerId, prove } = keyOf('peer');

function pool(): TrackerPool {
  return new TrackerPool({
    self: { peerId, instanceId: newInstanceId(5, 5), name: 'Ann', port: 9_001 },
    feed: new FakeFeed(),
    uploads: () => 0,
    random: () => 0.5,
    prove,
    clock: new SimulatedClock(),
    isOurs: () => false,
    send: () => {},
    onEvent: () => {},
  });
}

test('a declined tracker is not opened; beyond 256 the one declined first is evicted', () => {
  const trackers = pool();
  const address = (number: number) => ({ host: `10.0.${number >> 8}.${number & 255}`, port: 6_881 });
  const isOpened = (number: number) => {
    trackers.open(address(number), 'broadcast');
    return trackers.get(address(number)) !== undefined;
  };
  const decline = (number: number) => {
    expect(isOpened(number), `${number}`).toBe(true);
    const tracker = trackers.get(address(number));
    if (tracker !== undefined) trackers.drop(tracker, 1_000);
  };
  for (let number = 0; number < 256; number++) decline(number);
  expect(isOpened(0)).toBe(false);
  decline(256);
  expect([isOpened(0), isOpened(1), isOpened(256)]).toEqual([true, false, false]);
});
