import { expect, test } from 'vitest';
import type { LookupName } from '../../../../Shared/Network/NameLookup.ts';
import type { BindDatagram } from '../../../../Shared/Network/Transport.ts';
import { SimulatedNetwork } from '../../../Support/SimulatedNetwork.ts';
import { seeds } from '../../../Support/seeds.ts';
import { connected, TrackerLan } from './TrackerLan.ts';

const never = new AbortController().signal;

/** Sockets that reach the host `real` also at `other`; its answers come from `real`. */
function alsoReaching(bind: BindDatagram, other: string, real: string): BindDatagram {
  return async (options) => {
    const socket = await bind(options);
    return {
      local: socket.local,
      onMessage: (handler) => socket.onMessage(handler),
      close: () => socket.close(),
      send: (bytes, to) => socket.send(bytes, { ...to, host: to.host === other ? real : to.host }),
    };
  };
}

test.each(seeds(5))(
  'a tracker asked at its second address answers from the first: it is connected and relays (seed %i)',
  async (seed) => {
    const network = new SimulatedNetwork({ seed });
    const lan = new TrackerLan(network);
    await lan.tracker('10.0.0.1');
    const bind = alsoReaching(network.host('10.0.0.2').bindDatagram, '10.0.0.25', '10.0.0.1');
    const configured = [{ host: '10.0.0.25', port: 6_881 }];
    const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', configured, bind });
    const ben = lan.peer({ ip: '10.0.0.3', name: 'Ben', configured: [{ host: '10.0.0.1', port: 6_881 }] });
    await ann.trackers.start();
    await ben.trackers.start();
    await lan.until(() => connected(ann) + connected(ben) === 2, 5_000);
    const peers = await lan.clock.settle(ann.trackers.queries.peers(never));
    expect(peers.map(({ name }) => name)).toEqual(['Ben']);
    await lan.clock.advanceAsync(120_000);
    expect(ann.events).toEqual(['found 10.0.0.25:6881']); // Renewed cookies and heartbeats never lost it.
    expect(ann.trackers.status()).toMatchObject([{ address: { host: '10.0.0.25' }, state: 'connected' }]);
  },
);

test('an answer from another address counts only with the transaction id of a pending request', async () => {
  const network = new SimulatedNetwork({ seed: 3 });
  const lan = new TrackerLan(network);
  await lan.tracker('10.0.0.1');
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', configured: [{ host: '10.0.0.1', port: 6_881 }] });
  await ann.trackers.start();
  await lan.clock.advanceAsync(500);
  const stranger = network.socket('10.0.0.66', 6_881);
  const before = ann.trackers.dropped;
  const bytes = Buffer.alloc(16); // A connect reply (action 0) with an unused transaction id.
  bytes.writeUInt32BE(7, 4);
  stranger.send(bytes, { host: '10.0.0.2', port: 49_152 });
  await lan.clock.advanceAsync(100);
  expect(ann.trackers.dropped).toBe(before + 1);
});

test('a tracker whose host got a new address is found by its name within seconds', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  const lan = new TrackerLan(network);
  const old = await lan.tracker('10.0.0.1');
  let hosts = ['10.0.0.1'];
  const lookup: LookupName = async () => hosts;
  const ann = lan.peer({ ip: '10.0.0.3', name: 'Ann', configured: [{ host: 'nas', port: 6_881 }], lookup });
  await ann.trackers.start();
  await lan.until(() => connected(ann) === 1, 2_000);
  expect(ann.trackers.status()).toMatchObject([{ name: 'nas', address: { host: '10.0.0.1' } }]);

  await lan.clock.settle(old.close());
  await lan.tracker('10.0.0.2');
  await lan.until(() => connected(ann) === 0, 60_000);
  hosts = ['10.0.0.2']; // The name server is updated a little later.
  expect(await lan.until(() => connected(ann) === 1, 30_000)).toBeLessThan(6_000);
  expect(ann.trackers.status()).toMatchObject([{ name: 'nas', address: { host: '10.0.0.2' } }]);
  expect(ann.events.at(-1)).toBe('found nas (10.0.0.2:6881)');
});

test('of several addresses of a name, the one that answers is used', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 2 }));
  await lan.tracker('10.0.0.9');
  const lookup: LookupName = async () => ['10.0.0.7', 'fd00::8', '10.0.0.9'];
  const ann = lan.peer({ ip: '10.0.0.3', name: 'Ann', configured: [{ host: 'nas', port: 6_881 }], lookup });
  await ann.trackers.start();
  expect(await lan.until(() => connected(ann) === 1, 30_000)).toBeLessThan(10_000);
  await lan.clock.advanceAsync(60_000);
  expect(ann.trackers.status()).toMatchObject([{ address: { host: '10.0.0.9' }, state: 'connected' }]);
});

test('a connected tracker is not looked up again, and a hanging lookup is cancelled on close', async () => {
  const lan = new TrackerLan(new SimulatedNetwork({ seed: 4 }));
  await lan.tracker('10.0.0.1');
  let lookups = 0;
  const counted: LookupName = async () => {
    lookups++;
    return ['10.0.0.1'];
  };
  const configured = [{ host: 'nas', port: 6_881 }];
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', configured, lookup: counted });
  await ann.trackers.start();
  await lan.clock.advanceAsync(300_000);
  expect(lookups).toBe(1);

  let cancelled = false;
  const hanging: LookupName = (_, signal) =>
    new Promise(() => signal.addEventListener('abort', () => (cancelled = true)));
  const ben = lan.peer({ ip: '10.0.0.3', name: 'Ben', configured, lookup: hanging });
  await ben.trackers.start();
  await lan.clock.advanceAsync(60_000);
  await lan.clock.settle(ben.trackers.close());
  expect(cancelled).toBe(true);
});

test('a discovered tracker that is also found at a second address keeps the registration', async () => {
  const network = new SimulatedNetwork({ seed: 5 });
  const lan = new TrackerLan(network);
  await lan.tracker('10.0.0.1');
  const [first, second] = [network.socket('10.0.0.2'), network.socket('10.0.0.12')];
  let firstWorks = true;
  const bind: BindDatagram = async () => ({
    local: first.local,
    send: (bytes, to) => {
      if (to.host === '10.0.0.25') second.send(bytes, { ...to, host: '10.0.0.1' });
      else if (firstWorks) first.send(bytes, to);
    },
    onMessage: (handler) => {
      first.onMessage((bytes, from) => firstWorks && handler(bytes, from));
      second.onMessage((bytes, from) => handler(bytes, { ...from, host: '10.0.0.25' }));
    },
    close: async () => void (await Promise.all([first.close(), second.close()])),
  });
  const remembered = ['10.0.0.1', '10.0.0.25'].map((host) => ({ host, port: 6_881 }));
  const startTracker = () => Promise.reject(new Error('not here'));
  const ann = lan.peer({ ip: '10.0.0.2', name: 'Ann', bind, remembered, startTracker });
  await ann.trackers.start();
  await lan.until(() => connected(ann) === 1, 5_000);
  const at = () => ann.trackers.status().find(({ state }) => state === 'connected')?.address.host;
  expect(at()).toBe('10.0.0.1');

  firstWorks = false;
  await lan.until(() => connected(ann) === 0, 30_000);
  // The tracker would refuse another address for the lease of a silent peer: 20 s.
  expect(await lan.until(() => at() === '10.0.0.25', 30_000)).toBeLessThan(5_000);
});
