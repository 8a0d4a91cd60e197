import { expect, test } from 'vitest';
import { DescriptionFetch } from '../../../../Peer/Downloads/Sources/DescriptionFetch.ts';
import type { FileSource } from '../../../../Peer/Downloads/Sources/FileSource.ts';
import { onAbort } from '../../../../Shared/Async/OnAbort.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { madeFile } from '../../Files/Parts/parts.ts';

const { description } = madeFile(5);

/** Sources that give `answers` in order: silence, a failure, or the list. */
function fetchFrom(count: number, answers: readonly ('nothing' | 'fails' | 'list')[]) {
  const clock = new SimulatedClock();
  const asked: number[] = [];
  const given = [...answers];
  const describe = (number: number) => (signal: AbortSignal) => {
    asked.push(number);
    const answer = given.shift() ?? 'nothing';
    if (answer === 'list') return Promise.resolve(description);
    if (answer === 'fails') return Promise.reject(new ShoalError('INTEGRITY', 'a wrong list'));
    return new Promise((_, reject) => onAbort(signal, () => reject(new ShoalError('CANCELLED', 'given up'))));
  };
  const sources = Array.from({ length: count }, (_, n) => ({ source: { describe: describe(n) } }) as never);
  const failed: string[] = [];
  const fetch = new DescriptionFetch(clock, new AbortController().signal, (_: FileSource, { code }) =>
    failed.push(code),
  );
  /** Calls the fetch every 100 ms. */
  const run = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      fetch.tick(sources);
      await clock.advanceAsync(100);
    }
  };
  return { fetch, run, asked, failed };
}

test('a source that failed is asked again after 5 s', async () => {
  const { fetch, run, asked, failed } = fetchFrom(1, ['fails', 'list']);
  await run(5_000);
  expect([asked, failed]).toEqual([[0], ['INTEGRITY']]);
  await run(200);
  expect(asked).toEqual([0, 0]);
  expect(await fetch.description).toBe(description);
});

test('the next source is asked after 2 s without an answer, three at most at the same time', async () => {
  const { run, asked } = fetchFrom(5, []);
  await run(1_900);
  expect(asked).toEqual([0]);
  await run(10_000);
  expect(asked).toEqual([0, 1, 2]);
});

test('a list may take a minute; then another source has its turn', async () => {
  const { run, asked, failed } = fetchFrom(4, []);
  await run(59_900);
  expect(asked).toEqual([0, 1, 2]);
  await run(200);
  expect([asked, failed]).toEqual([[0, 1, 2, 3], ['CANCELLED']]);
});
