import { expect, test } from 'vitest';
import { DownloadWatch } from '../../../../Peer/Commands/Running/DownloadWatch.ts';
import { Session } from '../../../../Peer/Commands/Running/Session.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { entryOf, FakeControls, hitOf } from '../FakeControls.ts';

function open(controls = new FakeControls()) {
  const clock = new SimulatedClock();
  const stopping = new AbortController();
  const watch = new DownloadWatch(controls, () => {}, stopping.signal);
  const session = new Session({ controls, watch, clock, interactive: true, print: () => {} });
  const run = (line: string) => clock.settle(session.run(line, stopping.signal));
  return { controls, clock, session, stopping, run, found: () => session.completionSources().found() };
}

test('Tab offers at most the 2,000 last names; the oldest are evicted, a repeated name is new again', async () => {
  const { controls, run, found } = open();
  controls.hits = Array.from({ length: 2_000 }, (_, index) => hitOf(`f${index}`, 1, 1));
  await run('search first');
  controls.hits = ['f0', 'new'].map((path) => hitOf(path, 1, 1));
  await run('search second');
  expect(found()).toHaveLength(2_000);
  expect(found().slice(-2)).toEqual(['f0', 'new']);
  expect(found()).not.toContain('f1');
  expect(found()).toContain('f2');
});

test('one listing adds at most 1,000 names', async () => {
  const { controls, run, found } = open();
  controls.files = Array.from({ length: 1_200 }, (_, index) => entryOf(`f${index}`, 1));
  await run('list');
  expect(found()).toHaveLength(1_000);
});

test('a command that ignores its abort is given up after one second, not before', async () => {
  const { controls, clock, session, stopping } = open();
  controls.search = () => new Promise(() => {});
  let code: string | undefined;
  void session.run('search x', stopping.signal).then((outcome) => {
    code = outcome?.failure?.error.code;
  });
  await clock.advanceAsync(10); // The command runs.
  stopping.abort();
  await clock.advanceAsync(990);
  expect(code).toBeUndefined();
  await clock.advanceAsync(20);
  expect(code).toBe('CANCELLED');
});
