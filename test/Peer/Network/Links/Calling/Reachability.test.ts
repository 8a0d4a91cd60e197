import { expect, test } from 'vitest';
import { Reachability } from '../../../../../Peer/Network/Links/Calling/Reachability.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';
import { SimulatedNetwork } from '../../../../Support/SimulatedNetwork.ts';
import { patient, startNode } from '../../links.ts';

async function pair(firewalled: boolean) {
  const network = new SimulatedNetwork({ seed: 3 });
  network.host('10.0.0.1').firewalled = firewalled;
  const [one, other] = await Promise.all([startNode(network, 1), startNode(network, 2)]);
  await network.settle(one.links.connect(other.contact, patient));
  const reachable = () => [one, other].map(({ links }) => links.dialRequests.reachability.reachable);
  const close = () => network.settle(Promise.all([one, other].map(({ links }) => links.close())));
  return { network, one, other, reachable, close };
}

test('an incoming link of another computer proves reachability; the dialling side requests a test', async () => {
  const { network, reachable, close } = await pair(false);
  await network.clock.advanceAsync(100);
  expect(reachable()).toEqual([undefined, true]);
  await network.clock.advanceAsync(4_000);
  expect(reachable()).toEqual([true, true]);
  await close();
});

test('a firewall is detected, announced in the next hello, and the result reset by a network change', async () => {
  const { network, one, other, reachable, close } = await pair(true);
  await network.clock.advanceAsync(10_000);
  expect(reachable()).toEqual([false, true]);
  expect(one.links.dialRequests.extensions).toEqual({ acceptsDialBack: true, undialable: true });
  expect(other.links.dialRequests.extensions).toEqual({ acceptsDialBack: true });
  one.links.dialAgain();
  expect(reachable()).toEqual([undefined, true]);
  await close();
});

/** A linked peer that tests whether it can dial this one, with this result. */
function tester(test: () => boolean) {
  return {
    link: {
      isClosed: false,
      dialledByUs: true,
      via: undefined,
      remote: { host: '10.0.0.2' },
      localHost: '10.0.0.1',
    },
    dials: { acceptsDialBack: true, test: async () => test() },
  };
}

test('a failed test may be repeated after ten minutes, a good one is not', async () => {
  const clock = new SimulatedClock();
  const reachability = new Reachability(clock);
  const testedMs: number[] = [];
  let reachable = false;
  const peer = tester(() => {
    testedMs.push(clock.nowMs());
    return reachable;
  });
  const startMs = clock.nowMs();
  const linkedAt = async (atMs: number) => {
    await clock.advanceAsync(startMs + atMs - clock.nowMs());
    reachability.linked(peer);
  };
  for (const atMs of [0, 602_999, 603_000]) await linkedAt(atMs);
  reachable = true;
  for (const atMs of [700_000, 2_000_000, 3_000_000]) await linkedAt(atMs);
  await clock.advanceAsync(60_000);
  expect(testedMs.map((atMs) => atMs - startMs)).toEqual([3_000, 606_000]);
  expect(reachability.reachable).toBe(true);
});

test('a test of reachability that is pending is cancelled by a close', async () => {
  const clock = new SimulatedClock();
  const reachability = new Reachability(clock);
  let tests = 0;
  const peer = tester(() => ++tests > 0);
  reachability.linked(peer);
  reachability.close();
  await clock.advanceAsync(60_000);
  expect({ tests, reachable: reachability.reachable }).toEqual({ tests: 0, reachable: undefined });
  reachability.linked(peer);
  await clock.advanceAsync(60_000);
  expect({ tests, reachable: reachability.reachable }).toEqual({ tests: 1, reachable: true });
});
