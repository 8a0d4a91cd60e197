import { setMaxListeners } from 'node:events';
import { expect, test } from 'vitest';
import { Simulation } from '../../Simulator/Simulation.ts';

setMaxListeners(0);

test('33 peers limited by their lines: an upload keeps its slot until its bytes are sent, so that few transfers run, each fast', async () => {
  const { makespan, bound, wastedRatio } = await new Simulation({
    seed: 1,
    peers: 33,
    seeders: 1,
    bytes: 64 * 2 ** 20,
    upRate: 25e6,
    downRate: 125e6,
    ownLimits: false,
    latencyMs: 1,
    lossRatio: 0,
    churnPerMinute: 0,
    liars: 0,
    seedersLeave: false,
    killed: 0,
  }).run();
  expect(makespan / bound).toBeLessThan(1.63);
  expect(wastedRatio).toBeLessThan(0.01);
});
