import { expect, test } from 'vitest';
import { type SwarmFacts, summarizeSwarm } from '../../../Peer/UseCases/SwarmSummary.ts';
import { Bitfield } from '../../../Protocol/Bitfield.ts';
import { chunkLayout } from '../../../Protocol/ChunkLayout.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import { seeds } from '../../Support/seeds.ts';

const MIB = 1_048_576;
const FILE = { fileId: 'ab'.repeat(32) as FileId, path: 'film.mkv', size: 10 * MIB };
const named = (name: string) => ({ peerId: undefined, name, address: { host: '10.0.0.2', port: 9_002 } });

function facts(have: SwarmFacts['have'], bytesPerSecond = 0, name?: string): SwarmFacts {
  const peer = name === undefined ? undefined : named(name);
  return { peer, have, bytesPerSecond, giving: 0, taking: 0, linked: true };
}

function bits(...indexes: number[]): Bitfield {
  const field = new Bitfield(chunkLayout(FILE.size).chunkCount);
  for (const index of indexes) field.set(index);
  return field;
}

test('the summary has members, copies and the time until all are complete', () => {
  const some = bits(0, 1, 2, 3, 4);
  const swarm = summarizeSwarm(FILE, [facts('all'), facts(some, MIB, 'anna'), facts(bits(9), 9 * MIB, 'bo')]);
  expect(swarm).toMatchObject({ complete: 1, rarest: 1, chunkCount: 10, secondsLeft: 5 });
  expect(swarm.mean).toBeCloseTo(1.6);
  expect(swarm.waitsFor?.peer?.name).toBe('anna');
  expect(swarm.members[1]).toMatchObject({ chunks: 5, bytes: 5 * MIB, complete: false });
});

test('a stalled member is named and makes the end unknown; members without data do not', () => {
  const swarm = summarizeSwarm(FILE, [
    facts('all'),
    facts(bits(1), MIB, 'anna'),
    facts(undefined, 0, 'told'),
    facts(bits(), 0, 'new'),
  ]);
  expect([swarm.secondsLeft, swarm.waitsFor?.peer?.name]).toEqual([undefined, 'new']);
  expect(swarm.members[2]).toMatchObject({ chunks: undefined, bytes: undefined, complete: false });
  expect(summarizeSwarm(FILE, [facts('all'), facts('all', 0, 'bo')])).toMatchObject({
    complete: 2,
    rarest: 2,
    secondsLeft: 0,
    waitsFor: undefined,
  });
  expect(summarizeSwarm({ ...FILE, size: 0 }, [facts('all')])).toMatchObject({ rarest: 1, mean: 1 });
});

test.each(seeds(20))('copies are what counting one by one gives (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const size = random.int(1, 40) * MIB;
  const { chunkCount } = chunkLayout(size);
  const all = Array.from({ length: random.int(1, 9) }, () => {
    if (random.chance(0.2)) return 'all' as const;
    const field = new Bitfield(chunkCount);
    for (let index = 0; index < chunkCount; index++) if (random.chance(0.6)) field.set(index);
    return field;
  });
  const swarm = summarizeSwarm(
    { ...FILE, size },
    all.map((have) => facts(have)),
  );
  const copies = Array.from(
    { length: chunkCount },
    (_, index) => all.filter((have) => have === 'all' || have.has(index)).length,
  );
  expect(swarm.rarest).toBe(Math.min(...copies));
  expect(swarm.mean).toBeCloseTo(copies.reduce((sum, count) => sum + count, 0) / chunkCount);
});

test('a download whose file is not open, as one that has just begun, has its bytes and not an unknown part', () => {
  const own = (bytes: number) => ({ ...facts(undefined), bytes });
  const [begun] = summarizeSwarm(FILE, [own(0), facts('all', 0, 'bo')]).members;
  expect(begun).toMatchObject({ chunks: 0, bytes: 0, complete: false });
  expect(summarizeSwarm(FILE, [own(3 * MIB)]).members).toMatchObject([{ chunks: 3, bytes: 3 * MIB }]);
});
