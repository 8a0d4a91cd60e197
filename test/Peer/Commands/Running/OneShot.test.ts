import { expect, test } from 'vitest';
import { type OneShotProgress, runOneShot } from '../../../../Peer/Commands/Running/OneShot.ts';
import type { PeerId } from '../../../../Protocol/Ids.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { downloadOf, FakeControls, hitOf } from '../FakeControls.ts';

function start(line: string, controls = new FakeControls(), window?: { from: number; count: number }) {
  const clock = new SimulatedClock();
  const asker = new AbortController();
  const events: OneShotProgress[] = [];
  const answer = runOneShot(
    { line, command: line.split(' ')[0] ?? '', width: null, color: false, window },
    { controls, clock, signal: asker.signal, progress: (event) => events.push(event) },
  );
  return { answer, controls, clock, asker, events };
}

test('returns the envelope, with the command as typed, and the text', async () => {
  const controls = new FakeControls();
  controls.hits = [hitOf('film.mkv', 5, 1)];
  const { answer, clock } = start('search film', controls);
  const { error, json, text } = await clock.settle(answer);
  expect(error).toBeUndefined();
  expect(JSON.parse(json)).toMatchObject({ version: 1, command: 'search', ok: true, items: [{ size: 5 }] });
  expect(text).toContain('film.mkv');
});

test.each([
  ['peers', 'shoal connect <host:port>'],
  ['network', 'shoal connect <host:port>'],
  ['downloads', 'shoal search <words>, shoal download <file>'],
])('the text of %s names the next command as a shell takes it', async (line, next) => {
  const { answer, clock } = start(line);
  expect((await clock.settle(answer)).text).toContain(`: ${next}`);
});

test('the hint of a failure names the next command as a shell takes it', async () => {
  const { answer, clock } = start('swarm', new FakeControls());
  const { error, json } = await clock.settle(answer);
  const hint = 'Usage: shoal swarm <file|number>';
  expect([error, JSON.parse(json).error]).toMatchObject([
    { hint: expect.stringContaining(hint) },
    { hint: expect.stringContaining(hint) },
  ]);
});

test.each(['json', 'text'] as const)('only the wanted form of an answer is made: %s', async (form) => {
  const clock = new SimulatedClock();
  const surroundings = { controls: new FakeControls(), clock, signal: new AbortController().signal };
  const request = { line: 'list', command: 'list', width: null, color: false, form };
  const answer = await clock.settle(runOneShot(request, { ...surroundings, progress: () => {} }));
  expect([answer.json !== '', answer.text !== '']).toEqual([form === 'json', form === 'text']);
});

test('a download is waited for, with progress', async () => {
  const { answer, controls, clock, events } = start('download film.mkv');
  await clock.advanceAsync(600);
  expect(events).toHaveLength(2);
  expect(events[0]).toMatchObject({ event: 'progress', item: { name: 'film.mkv' } });
  controls.update(1, { state: 'done', finalPath: '/s/film.mkv' });
  const { json } = await clock.settle(answer);
  expect(JSON.parse(json).items[0]).toMatchObject({ state: 'done', path: '/s/film.mkv' });
  await clock.advanceAsync(1_000);
  expect(events).toHaveLength(2);
});

test('an abort pauses the download that it began, and says how to go on', async () => {
  const { answer, controls, clock, asker } = start('download film.mkv');
  await clock.advanceAsync(100);
  controls.update(1, { bytes: 37_000_000 });
  asker.abort();
  const { error, json } = await clock.settle(answer);
  expect(controls.calls).toContain('pause 1');
  expect(error).toMatchObject({ code: 'CANCELLED', message: expect.stringContaining('at 37 %') });
  expect(error?.hint).toContain('same command');
  expect(JSON.parse(json)).toMatchObject({ ok: false, error });
});

test('an abort does not pause a download that ran before', async () => {
  const controls = new FakeControls();
  controls.running = [downloadOf(1, 'film.mkv')];
  controls.answer = () => ({ kind: 'started', download: downloadOf(1, 'film.mkv') });
  const { answer, clock, asker } = start('download film.mkv', controls);
  await clock.advanceAsync(100);
  asker.abort();
  expect((await clock.settle(answer)).error?.code).toBe('CANCELLED');
  expect(controls.calls).not.toContain('pause 1');
});

test('an abort during the wait for a tracker ends it', async () => {
  const waiting = new FakeControls();
  waiting.ready = new Promise(() => {});
  const { answer, clock, asker } = start('search film', waiting);
  await clock.advanceAsync(10);
  asker.abort();
  expect((await clock.settle(answer)).error?.code).toBe('CANCELLED');
});

test('a failed folder of which some files were fetched is partly done', async () => {
  const { answer, controls, clock } = start('download dir/');
  await clock.advanceAsync(10);
  const error = new ShoalError('UNREACHABLE', 'everybody left');
  controls.update(1, { state: 'failed', files: 3, filesDone: 2, error });
  expect(await clock.settle(answer)).toMatchObject({ partly: true, error: { code: 'UNREACHABLE' } });
});

test('nonsense is a usage error', async () => {
  for (const line of ['serch x', '', 'get', 'search "x']) {
    const { answer, clock } = start(line);
    expect((await clock.settle(answer)).error?.code).toBe('USAGE');
  }
});

test('without a connected tracker, the tracker command reports what discovery tried', async () => {
  const controls = new FakeControls();
  controls.report = ['1. configured trackers: none', '4. broadcast: no network'];
  const shown = async () => {
    const { answer, clock } = start('tracker', controls);
    return (await clock.settle(answer)).text;
  };
  expect(await shown()).toMatch(
    /^No tracker found yet.*\n\n1\. configured trackers: none\n4\. broadcast: no network$/,
  );
  controls.trackerList = [
    {
      address: { host: '10.0.0.1', port: 6_881 },
      foundBy: 'broadcast',
      state: 'connected',
      instanceId: undefined,
      observed: undefined,
      lastAnswerAgoMs: 1,
      intervalMs: 5_000,
      peers: 2,
      heldVersion: 1,
      version: 1,
      reason: undefined,
    },
  ];
  expect(await shown()).not.toContain('no network');
});

test('with a limit on items, no further pages of the listing of another peer are fetched', async () => {
  const controls = new FakeControls();
  const fetched: string[] = [];
  controls.findPeer = async () => ({
    peerId: 'a'.repeat(64) as PeerId,
    name: 'studio',
    address: { host: '10.0.0.7', port: 9_001 },
  });
  controls.listPeer = async function* () {
    for (let n = 0; n < 100; n += 2) {
      const page = [n, n + 1].map((at) => ({ ...hitOf('x', 5, 1), path: `${at}.bin`, modifiedMs: 0 }));
      fetched.push(...page.map(({ path }) => path));
      yield page;
    }
  };
  const parts = [];
  for (const [from, count] of [
    [1, 2],
    [0, 1_000],
  ] as const) {
    const { answer, clock } = start('list studio', controls, { from, count });
    parts.push(JSON.parse((await clock.settle(answer)).json));
    parts.push(fetched.splice(0).length);
  }
  expect(parts).toMatchObject([
    { ok: true, truncated: true, items: [{ path: '1.bin' }, { path: '2.bin' }] },
    4,
    { ok: true, total: 100 },
    100,
  ]);
  expect(parts[2]).not.toHaveProperty('truncated');
});

test('a part of the local list counts all files, and makes items of no more than are shown', async () => {
  const controls = new FakeControls();
  const made: number[] = [];
  const file = { ...hitOf('x', 5, 1), modifiedMs: 0 };
  controls.files = [0, 1, 2, 3].map((n) => ({
    ...file,
    path: `${n}.bin`,
    get fileId() {
      made.push(n);
      return file.fileId;
    },
  }));
  const { answer, clock } = start('list', controls, { from: 1, count: 1 });
  const part = JSON.parse((await clock.settle(answer)).json);
  expect(part).toMatchObject({ total: 4, items: [{ path: '1.bin' }] });
  expect(Math.max(...made)).toBe(1);
});
