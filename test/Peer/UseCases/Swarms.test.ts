import { expect, test } from 'vitest';
import type { CatalogEntry, FileHolder } from '../../../Peer/Model.ts';
import { Swarms, type SwarmsOptions } from '../../../Peer/UseCases/Swarms.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { sleep } from '../../../Shared/Time/Clock.ts';
import { SimulatedClock } from '../../Support/SimulatedClock.ts';

const FILM: CatalogEntry = { path: 'film', fileId: 'a'.repeat(64) as FileId, size: 10, modifiedMs: 0 };
const HOLDER = { peerId: 'b'.repeat(64), name: 'anna', complete: true } as FileHolder;

test('trackers are asked for holders once in 10 s, and awaited for 1.5 s', async () => {
  const clock = new SimulatedClock();
  const patient = new AbortController().signal;
  const delaysMs: number[] = [];
  const locate = async () => {
    await sleep(clock, delaysMs.shift() ?? 0, patient);
    return [HOLDER];
  };
  const swarms = new Swarms({
    clock,
    network: { links: { swarm: () => [], uploads: () => [] }, queries: { locate } },
    files: { list: () => [FILM], holdings: () => 'all' },
    downloads: { list: () => [] },
    finishers: () => [],
  } as unknown as SwarmsOptions);
  const names = async (afterMs: number) => {
    let found: (string | undefined)[] | undefined;
    void swarms.inspect('film', patient).then(({ members }) => {
      found = members.map(({ peer }) => peer?.name);
    });
    await clock.advanceAsync(afterMs);
    return found;
  };
  delaysMs.push(2_000, 0);
  expect(await names(1_499)).toBeUndefined();
  await clock.advanceAsync(1);
  expect(await names(0)).toEqual([undefined]);
  await clock.advanceAsync(9_998);
  expect(delaysMs).toEqual([0]);
  await clock.advanceAsync(2);
  expect(await names(0)).toEqual([undefined, 'anna']);
  expect(delaysMs).toEqual([]);
});
