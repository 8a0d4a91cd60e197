import { expect, test } from 'vitest';
import { takeAssignedPort } from '../../../../Peer/Network/Trackers/AssignedPort.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { SimulatedNetwork } from '../../../Support/SimulatedNetwork.ts';
import { seeds } from '../../../Support/seeds.ts';
import { TrackerLan } from './TrackerLan.ts';

const TRACKER = { host: '10.0.0.1', port: 6_881 };

function asking(
  network: SimulatedNetwork,
  lan: TrackerLan,
  ip: string,
  take: (port: number) => Promise<number>,
) {
  const { bindDatagram } = network.host(ip);
  const lookup = async () => [TRACKER.host];
  const trackers = [{ host: 'tracker.example', port: TRACKER.port }];
  return takeAssignedPort(
    { trackers, lookup, bind: bindDatagram, clock: lan.clock, random: network.random.fork().next },
    take,
  );
}

test.each(seeds(5))('a port is assigned through loss; the next one gets another (seed %i)', async (seed) => {
  const network = new SimulatedNetwork({ seed, lossRatio: 0.2, duplicateRatio: 0.2 });
  const lan = new TrackerLan(network);
  await lan.tracker('10.0.0.1');
  const take = async (port: number) => port;
  const one = await lan.clock.settle(asking(network, lan, '10.0.0.2', take));
  const two = await lan.clock.settle(asking(network, lan, '10.0.0.2', take));
  expect([one, two].every((port) => port >= 9_000 && port <= 9_999)).toBe(true);
  expect(one).not.toBe(two);
});

test('an assigned port in use on this host is replaced by another; other failures are reported', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  const lan = new TrackerLan(network);
  await lan.tracker('10.0.0.1');
  const tried: number[] = [];
  const port = await lan.clock.settle(
    asking(network, lan, '10.0.0.2', async (wanted) => {
      tried.push(wanted);
      if (tried.length < 3) throw new ShoalError('PORT_IN_USE', 'taken');
      return wanted;
    }),
  );
  expect(tried).toEqual([9_000, 9_001, 9_002]);
  expect(port).toBe(9_002);
  const broken = asking(network, lan, '10.0.0.2', () => Promise.reject(new ShoalError('USAGE', 'no right')));
  await expect(lan.clock.settle(broken)).rejects.toMatchObject({ code: 'USAGE' });
});

test('20 assigned ports are tried', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  const lan = new TrackerLan(network);
  await lan.tracker('10.0.0.1');
  let tries = 0;
  const taken = async () => {
    // Without a limit, ports would be tried forever.
    if (++tries > 30) throw new ShoalError('USAGE', 'too many');
    throw new ShoalError('PORT_IN_USE', 'taken');
  };
  const asked = asking(network, lan, '10.0.0.2', taken);
  await expect(lan.clock.settle(asked)).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  expect(tries).toBe(20);
});

test('a silent tracker fails the port request after 10 s', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  const lan = new TrackerLan(network);
  const asked = asking(network, lan, '10.0.0.2', async (port) => port);
  await expect(lan.clock.settle(asked)).rejects.toMatchObject({ code: 'NO_TRACKER' });
  expect(lan.clock.nowMs()).toBeGreaterThanOrEqual(10_000);
});
