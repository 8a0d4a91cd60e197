import { expect, test } from 'vitest';
import { ContactMemory } from '../../../../Peer/Network/Trackers/ContactMemory.ts';
import type { PeerId } from '../../../../Protocol/Ids.ts';
import { silentLog } from '../../../../Shared/Log.ts';
import { idOf } from './TrackerLan.ts';

type Store = ConstructorParameters<typeof ContactMemory>[0];

const tracker = (number: number) => ({ host: `10.0.0.${number}`, port: 6_881 });
const peer = (number: number) => ({ peerId: idOf(`peer ${number}`) as PeerId, address: tracker(number) });
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

function memory(stored: Partial<Awaited<ReturnType<Store['load']>>> = {}) {
  const saved: Parameters<Store['save']>[0][] = [];
  const store: Store = {
    load: async () => ({ trackers: [], peers: [], ...stored }),
    save: async (contacts) => void saved.push(contacts),
  };
  return { contacts: new ContactMemory(store, silentLog), saved };
}

test('the 16 trackers and 50 peers met last are kept for the next run, newest first', async () => {
  const { contacts, saved } = memory();
  for (const number of numbers(20)) contacts.tracker(tracker(number));
  contacts.metPeers(numbers(60).map(peer));
  contacts.metPeers([peer(60)]);
  await contacts.save();
  const last = saved.at(-1);
  expect(last?.trackers).toEqual(numbers(20).toReversed().slice(0, 16).map(tracker));
  expect(last?.peers).toEqual([peer(60), ...numbers(49).map(peer)]);
});

test('an oversized store is cut when it is loaded', async () => {
  const { contacts } = memory({ trackers: numbers(40).map(tracker), peers: numbers(90).map(peer) });
  await contacts.load();
  expect([contacts.trackers.length, contacts.peers.length]).toEqual([16, 50]);
});

test('a tracker on loopback is not remembered, and the same tracker is saved once', async () => {
  const { contacts, saved } = memory();
  contacts.tracker({ host: '127.0.0.1', port: 6_881 });
  for (let times = 0; times < 3; times++) contacts.tracker(tracker(1));
  await contacts.save();
  expect(contacts.trackers).toEqual([tracker(1)]);
  expect(saved).toHaveLength(2);
});
