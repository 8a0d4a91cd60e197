import { expect, test } from 'vitest';
import { DialBackoff } from '../../../../../Peer/Network/Links/Dialling/DialBackoff.ts';
import { SimulatedNetwork } from '../../../../Support/SimulatedNetwork.ts';
import { patient, peerIdOf, startNode } from '../../links.ts';

const victim = { host: '10.9.9.9', port: 9_999 };
const other = { host: '10.9.9.9', port: 9_998 };

test('an address that never answered: 1 s, 2 s, 4 s … 30 min, independent of other addresses', () => {
  const backoff = new DialBackoff();
  const waits = Array.from({ length: 14 }, () => {
    backoff.failed(victim, 0);
    return backoff.waitMs(victim, 0) / 1_000;
  });
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 1_800, 1_800, 1_800]);
  expect(backoff.waitMs(victim, 1_799_999)).toBe(1);
  expect(backoff.waitMs(victim, 1_800_000)).toBe(0);
  expect(backoff.waitMs(other, 0)).toBe(0);
});

test('an address that answered before: a backoff of 30 s at most', () => {
  const backoff = new DialBackoff();
  backoff.answered(victim, true, 0);
  const waits = Array.from({ length: 20 }, () => {
    backoff.failed(victim, 0);
    return backoff.waitMs(victim, 0);
  });
  expect(waits.slice(0, 3)).toEqual([500, 500, 1_000]);
  expect(waits.at(-1)).toBe(30_000);
  backoff.answered(victim, true, 0);
  expect(backoff.waitMs(victim, 0)).toBe(0);
});

test('an answer of another peer than the intended one is a failure, each time', () => {
  const backoff = new DialBackoff();
  for (let time = 0; time < 20; time++) backoff.answered(victim, false, 0);
  expect(backoff.waitMs(victim, 0)).toBe(30_000);
});

test('a change of the network clears all failures', () => {
  const backoff = new DialBackoff();
  backoff.failed(victim, 0);
  backoff.reset();
  expect(backoff.waitMs(victim, 0)).toBe(0);
});

test('4,096 addresses are remembered; the one that failed first is evicted', () => {
  const backoff = new DialBackoff();
  const at = (number: number) => ({ host: '10.0.0.1', port: number });
  for (let number = 1; number <= 4_097; number++) backoff.failed(at(number), 0);
  expect(backoff.waitMs(at(1), 0)).toBe(0);
  expect(backoff.waitMs(at(2), 0)).toBe(1_000);
});

test('invented ids make a peer dial a victim eight times in two minutes, and a user may dial at any time', async () => {
  const network = new SimulatedNetwork({ seed: 1 });
  const node = await startNode(network, 1);
  let dialled = 0;
  const listener = await network.host(victim.host).listen(victim.port, (stream) => {
    dialled++;
    stream.destroy();
    return { data: () => {}, drained: () => {}, closed: () => {} };
  });
  for (let second = 0; second < 120; second++) {
    for (let id = 0; id < 5; id++) {
      const contact = { peerId: peerIdOf(1_000 + 5 * second + id), name: '', address: victim };
      node.links.connect(contact, patient).catch(() => {});
    }
    await network.clock.advanceAsync(1_000);
  }
  expect(dialled).toBeGreaterThan(4);
  expect(dialled).toBeLessThanOrEqual(8);
  const before = dialled;
  const typed = node.links.connect({ peerId: undefined, name: '', address: victim }, patient);
  await expect(network.settle(typed)).rejects.toMatchObject({ code: 'UNREACHABLE' });
  expect(dialled).toBe(before + 1);
  await network.settle(node.links.close());
  await listener.close();
});
