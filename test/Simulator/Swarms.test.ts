import { setMaxListeners } from 'node:events';
import { expect, test } from 'vitest';
import { Simulation, type SimulationOptions } from '../../Simulator/Simulation.ts';
import { seeds } from '../Support/seeds.ts';

setMaxListeners(0);

const MIB = 2 ** 20;

/** A classroom: one seeder, 25 MB/s up each. */
function simulate(seed: number, change: Partial<SimulationOptions> = {}) {
  return new Simulation({
    seed,
    peers: 6,
    seeders: 1,
    bytes: 12 * MIB,
    upRate: 25e6,
    downRate: 125e6,
    ownLimits: true,
    latencyMs: 1,
    lossRatio: 0,
    churnPerMinute: 0,
    liars: 0,
    seedersLeave: false,
    killed: 0,
    ...change,
  }).run();
}

test('one seed, one history', async () => {
  const change = { lossRatio: 0.05, churnPerMinute: 5, liars: 1 };
  const first = await simulate(3, change);
  expect(await simulate(3, change)).toEqual(first);
  expect((await simulate(4, change)).makespan).not.toBe(first.makespan);
});

test('after a seeder has sent little more than one copy, no chunk is missing, and eight peers finish without it', async () => {
  const result = await simulate(1, { peers: 9, bytes: 48 * MIB, seedersLeave: true });
  expect(result.allDone).toBe(true);
  expect(result.seederCopies).toBeLessThan(1.15);
  expect(result.makespan / result.bound).toBeLessThan(2.5);
  expect(result.wastedRatio).toBeLessThan(0.02);
});

test.each(seeds(6))('all finish through loss and churn (seed %i)', async (seed) => {
  const { allDone, switchedOff, newcomers, wastedRatio } = await simulate(seed, {
    lossRatio: 0.05,
    churnPerMinute: 6,
    ownLimits: seed % 2 === 0,
  });
  expect(allDone).toBe(true);
  expect(newcomers).toBe(switchedOff);
  expect(wastedRatio).toBeLessThan(0.1);
});

test.each(seeds(6))('two are switched off half-way: the others finish (seed %i)', async (seed) => {
  const { allDone, makespan, bound } = await simulate(seed, { killed: 2 });
  expect(allDone).toBe(true);
  expect(makespan / bound).toBeLessThan(3);
});

test.each(seeds(6))('the seeder goes when every chunk is out: all finish (seed %i)', async (seed) => {
  const { allDone, seederCopies } = await simulate(seed, { seedersLeave: true });
  expect(allDone).toBe(true);
  expect(seederCopies).toBeLessThan(1.5);
});

test.each(seeds(6))('a liar is named, and nobody else (seed %i)', async (seed) => {
  const { allDone, blamed } = await simulate(seed, { liars: 1, seeders: 2 });
  expect(allDone).toBe(true);
  expect(blamed).toEqual({ liars: 1, honest: 0 });
});

/** Latency of the first and last chunk: each is passed on when complete, in parallel to seven others. */
const CHUNK_WAY_S = (8 * MIB) / 25e6;

test.each(seeds(6))(
  'all peers finish within 1.3 x the bound plus the latency of a chunk, almost without duplicates (seed %i)',
  async (seed) => {
    const result = await simulate(seed, {
      bytes: 24 * MIB,
      latencyMs: seed % 2 === 0 ? seed % 5 : 1,
      ownLimits: seed % 2 === 0,
    });
    expect(result.allDone).toBe(true);
    expect(result.makespan).toBeLessThan(1.3 * result.bound + CHUNK_WAY_S);
    expect(result.wastedRatio).toBeLessThan(0.01);
  },
);

test('with loss and churn less than 1 % of the bytes are duplicates', async () => {
  let wasted = 0;
  const all = seeds(6);
  for (const seed of all) {
    const result = await simulate(seed, {
      bytes: 24 * MIB,
      lossRatio: 0.05,
      churnPerMinute: 2,
      ownLimits: seed % 2 === 0,
    });
    expect(result.allDone).toBe(true);
    wasted += result.wastedRatio;
  }
  expect(wasted / all.length).toBeLessThan(0.01);
});

test('a larger file: nine peers within 1.2 x the bound, no second request to the seeder while it has new chunks', async () => {
  const result = await simulate(1, { peers: 9, bytes: 96 * MIB });
  expect(result.makespan / result.bound).toBeLessThan(1.2);
  expect(result.seederCopies).toBeLessThan(1.15);
  expect(result.wastedRatio).toBeLessThan(0.005);
});
