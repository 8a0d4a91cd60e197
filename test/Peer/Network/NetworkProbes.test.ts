import { expect, test } from 'vitest';
import { SimulatedNetwork } from '../../Support/SimulatedNetwork.ts';
import { never, startManager } from './managers.ts';

test('linked peers exchange their clocks: both sides detect a wrong one', async () => {
  const lan = new SimulatedNetwork({ seed: 1 });
  const wrong = await startManager(lan, 1, { wallMs: () => lan.clock.wallMs() - 600_000 });
  const right = await startManager(lan, 2);
  await lan.settle(wrong.network.links.connect(right.contact, never));
  await lan.clock.advanceAsync(20_000);
  const [seen] = wrong.network.probes.clockOffsetsMs();
  expect(seen).toBeGreaterThan(599_000);
  expect(seen).toBeLessThan(601_000);
  const [back] = right.network.probes.clockOffsetsMs();
  expect(back).toBeGreaterThan(-601_000);
  expect(back).toBeLessThan(-599_000);
});
