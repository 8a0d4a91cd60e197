import { expect, test } from 'vitest';
import type { CommandEvent } from '../../../../Peer/Commands/CommandResult.ts';
import { runLine } from '../../../../Peer/Commands/Running/CommandRunner.ts';
import { makePaint } from '../../../../Peer/Commands/Views/ViewStyle.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { FakeControls, fileIdOf, peerOf } from '../FakeControls.ts';

const STYLE = { width: 80, paint: makePaint(false), rowsMax: 100 };

function desk(interactive = false) {
  const controls = new FakeControls();
  controls.others = [peerOf(2, 'bob')];
  controls.pushing.contents = [{ fileId: fileIdOf(1), size: 3_000_000, path: 'film.mkv' }];
  const lines: string[] = [];
  const run = async (line: string, signal = new AbortController().signal) => {
    const context = {
      controls,
      signal,
      interactive,
      networkReady: async () => {},
      scanned: async () => {},
      remember: () => {},
      watch: () => {},
      unwatch: () => {},
      report: ({ item, line: text, json }: CommandEvent) => lines.push(json ? JSON.stringify(item) : text),
    };
    const outcome = await runLine(line, context, new SimulatedClock());
    const { result, failure } = outcome ?? {};
    return { result, text: result?.text(STYLE), code: failure?.error.code, error: failure?.error };
  };
  return { controls, pushing: controls.pushing, run, lines };
}

test('in a pipe, send waits for the end; confirmations are lines with --verbose and events with --json', async () => {
  const { pushing, run, lines } = desk();
  const verbose = run('send film.mkv bob --verbose');
  await Promise.resolve();
  setImmediate(() => {
    pushing.change({ state: 'sending', confirmed: 2 }, [2, 0]);
    pushing.change({ state: 'done', confirmed: 3 }, [1]);
  });
  expect((await verbose).text).toBe('3 of 3 chunks of film.mkv confirmed by bob');
  expect(lines.splice(0)).toEqual([
    'chunk 2 confirmed by bob (1 of 3)',
    'chunk 0 confirmed by bob (2 of 3)',
    'chunk 1 confirmed by bob (3 of 3)',
  ]);
  const json = run('send film.mkv bob --json');
  setImmediate(() => pushing.change({ state: 'done', confirmed: 1 }, [1]));
  expect((await json).result?.items).toMatchObject([{ state: 'done', chunks: 3, peer: { name: 'bob' } }]);
  expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
    { event: 'chunk', push: 2, id: fileIdOf(1), chunk: 1, confirmed: 1, chunks: 3 },
  ]);
  const quiet = run('send film.mkv bob');
  setImmediate(() => pushing.change({ state: 'already there' }, []));
  expect((await quiet).text).toBe('bob already has film.mkv: nothing to send');
  expect(lines).toHaveLength(1);
});

test('a failed push is reported with its error code', async () => {
  const { pushing, run } = desk();
  const sending = run('send film.mkv 127.0.0.1 9002');
  const error = new ShoalError('REFUSED', 'bob does not take film.mkv', { hint: 'ask bob' });
  setImmediate(() => pushing.change({ state: 'failed', error }));
  expect((await sending).error).toBe(error);
});

test('at a terminal a push runs in the background; send without arguments lists pushes', async () => {
  const { run } = desk(true);
  expect((await run('send film.mkv bob')).text).toBe('Offering film.mkv (3.0 MB) to bob as number 1');
  expect((await run('push')).text).toMatch(/film\.mkv +bob +0 of 3 +offered/);
  expect((await desk().run('send')).text).toBe('No pushes since the start. Offer a file: send <file> <peer>');
});

test.each([
  ['send film.mkv', 'USAGE'],
  ['send film.mkv bob 9002', 'USAGE'],
  ['send film.mkv nobody', 'NOT_FOUND'],
  ['send other.bin bob', 'NOT_FOUND'],
  ['accept x', 'USAGE'],
  ['accept 4', 'NOT_FOUND'],
  ['accept 1 --never', 'USAGE'],
  ['reject -1', 'USAGE'],
  ['reject 4', 'NOT_FOUND'],
])('%s: %s', async (line, code) => {
  expect((await desk().run(line)).code).toBe(code);
});

test('offers are listed, accepted and refused; names from strangers are made printable', async () => {
  const { pushing, run } = desk();
  expect((await run('accept')).text).toBe('No pending offers');
  const offer = { fileId: fileIdOf(5), size: 2_000_000, path: 'x/evil\u001b[31m.bin', chunks: 2 };
  pushing.waiting = [{ ...offer, number: 3, peer: peerOf(7, 'mal\u001blory'), sinceMs: 0 }];
  const listed = await run('reject');
  expect(listed.text).toMatch(/^3 +evil.+\.bin +2\.0 MB +2 +mal/m);
  expect(listed.text).not.toContain('\u001b');
  expect(listed.result?.items).toMatchObject([{ number: 3, chunks: 2, peer: { port: 9_007 } }]);
  const taken = await run('ACCEPT 3 --always');
  expect(taken.text).toMatch(/^Accepted evil.+ are accepted without asking$/);
  expect(taken.text).not.toContain('\u001b');
  expect((await run('reject #3')).text).toMatch(/^Rejected evil/);
  expect(pushing.calls).toEqual(['accept 3 always', 'reject 3']);
});

test('parts shows counts and ranges of chunks', async () => {
  const { pushing, run } = desk();
  expect((await run('parts')).text).toBe('No chunks yet. Download a file: download <file>');
  const base = { fileId: fileIdOf(1), size: 9, chunkCount: 15 };
  pushing.here = [
    {
      ...base,
      path: 'a.bin',
      count: 13,
      ranges: [
        [0, 11],
        [14, 14],
      ],
    },
    { ...base, path: 'b.bin', count: 0, ranges: [] },
    { ...base, path: 'c.bin', count: 4, ranges: undefined },
  ];
  const { text, result } = await run('parts');
  expect(text).toMatch(/a\.bin +13 of 15 +0-11,14 /);
  expect(text).toMatch(/b\.bin +0 of 15 +none /);
  expect(text).toMatch(/c\.bin +4 of 15 +not open /);
  expect(result?.items?.map((item) => Reflect.get(item, 'have'))).toEqual([
    [
      [0, 11],
      [14, 14],
    ],
    [],
    null,
  ]);
  expect((await run('parts a.bin')).result?.items).toHaveLength(1);
});

test('join prints the trackers and the files; update prints UPDATE_OK only when a tracker holds the catalog', async () => {
  const { controls, run } = desk();
  const tracker = {
    address: { host: '10.0.0.9', port: 6_881 },
    foundBy: 'configured' as const,
    state: 'connected' as const,
    instanceId: undefined,
    observed: undefined,
    lastAnswerAgoMs: 1.4,
    intervalMs: 5_000,
    peers: 2,
    heldVersion: 4,
    version: 4,
    reason: undefined,
  };
  controls.trackerList = [tracker];
  controls.files = [{ path: 'mine.txt', size: 4, modifiedMs: 0, fileId: fileIdOf(2) }];
  expect((await run('tracker')).result?.items).toMatchObject([{ lastAnswerAgoMs: 1 }]);
  const joined = await run('JOIN');
  expect(joined.text).toMatch(/^JOIN_OK from 10\.0\.0\.9:6881: 1 file of myself\n\n.*\n.*\nmine\.txt/);
  expect(joined.result).toMatchObject({ data: { reply: 'JOIN_OK' }, items: [{ path: 'mine.txt' }] });
  expect((await run('update')).text).toMatch(/^UPDATE_OK: announced 1 file/);
  controls.trackerList = [{ ...tracker, heldVersion: 3 }];
  expect((await run('update')).text).toMatch(/^Announced 1 file/);
  controls.trouble = new ShoalError('NO_TRACKER', 'no tracker answers');
  expect((await run('join')).code).toBe('NO_TRACKER');
});
