import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { CommandInterface } from '../../../../Peer/CommandInterface.ts';
import { swarmItem } from '../../../../Peer/Commands/Views/Items.ts';
import { swarmText } from '../../../../Peer/Commands/Views/SwarmViews.ts';
import { widthOf } from '../../../../Peer/Commands/Views/TextFit.ts';
import { makePaint } from '../../../../Peer/Commands/Views/ViewStyle.ts';
import type { SwarmMember, SwarmStatus } from '../../../../Peer/Model.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';
import { seeds } from '../../../Support/seeds.ts';
import { ScreenEmulator } from '../Console/ScreenEmulator.ts';
import { FakeControls, fileIdOf } from '../FakeControls.ts';

function member(
  name: string | undefined,
  bytes: number | undefined,
  change: Partial<SwarmMember> = {},
): SwarmMember {
  return {
    peer:
      name === undefined
        ? undefined
        : { peerId: undefined, name, address: { host: '192.168.1.20', port: 9_002 } },
    chunks: bytes,
    bytes,
    complete: bytes === 100,
    bytesPerSecond: 0,
    giving: 0,
    taking: 0,
    linked: true,
    ...change,
  };
}

const waits = member('anna', 30, { bytesPerSecond: 1_000_000, taking: 1_000_000 });
const SWARM: SwarmStatus = {
  fileId: fileIdOf(1),
  path: 'films/film.mkv',
  size: 100,
  chunkCount: 100,
  members: [
    member(undefined, 71, { bytesPerSecond: 12_000_000 }),
    member('studio', 100, { giving: 12_000_000 }),
    waits,
    member('', undefined, { linked: false }),
  ],
  complete: 1,
  finishedAndLeft: 0,
  rarest: 2,
  mean: 2.43,
  secondsLeft: 130,
  waitsFor: waits,
};
const plain = (width: number, rowsMax = Number.POSITIVE_INFINITY) => ({
  width,
  rowsMax,
  paint: makePaint(false),
});

test('holders that only missing trackers know are mentioned', () => {
  const coverage = { trackers: 2, trackersKnown: 3 };
  const text = swarmText({ ...SWARM, coverage }, plain(200));
  expect(text).toContain('\n2 of 3 trackers answered: peers that only the others know are missing.');
  expect(swarmItem({ ...SWARM, coverage })).toMatchObject(coverage);
  expect(swarmItem(SWARM)).not.toHaveProperty('trackers');
});

test('a progress bar per peer, and the state of the group', () => {
  expect(swarmText(SWARM, plain(80))).toMatchInlineSnapshot(`
    "film.mkv  100 B in 100 chunks

    Peer               Has                              Speed      To us   From us
    ──────────────────────────────────────────────────────────────────────────────
    this peer          ██████████████░░░░░░   71 %  12.0 MB/s
    studio             ████████████████████  100 %             12.0 MB/s
    anna               ██████░░░░░░░░░░░░░░   30 %   1.0 MB/s             1.0 MB/s
    192.168.1.20:9002  ?                      part

    1 of 4 are complete. Copies of the rarest chunk: 2, on average 2.4. Until all
    are complete: about 2 min 10 s (anna is last)."
  `);
});

test('a complete peer shows no rates, also if the last seconds had some', () => {
  const members = [member(undefined, 100), member('studio', 100, { giving: 12_000_000, taking: 9_000_000 })];
  expect(swarmText({ ...SWARM, members }, plain(80))).not.toContain('MB/s');
});

test('bars have 32 columns at most', () => {
  const bars = swarmText(SWARM, plain(200)).match(/[█░]+/g) ?? [];
  expect(bars.map(({ length }) => length)).toEqual([32, 32, 32]);
});

test('in a narrow terminal the bars stay longest', () => {
  const lines = swarmText(SWARM, plain(40)).split('\n');
  expect(lines.filter((line) => /[█░]{6}/.test(line))).toHaveLength(3);
});

test('a peer that receives nothing is named; when all are complete no time is shown', () => {
  const stuck = swarmText({ ...SWARM, secondsLeft: undefined }, plain(200));
  expect(stuck.replaceAll('\n', ' ')).toContain(
    'Until all are complete: unknown, anna receives nothing now.',
  );
  const over = swarmText({ ...SWARM, complete: 4, waitsFor: undefined, secondsLeft: 0 }, plain(200));
  expect(over).toMatch(/on average 2\.4\.$/);
});

test.each(seeds(40))('it fits 40 to 200 columns, whatever the names (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const names = [
    '\u001b[2J\u0007',
    '日本語のなまえ',
    'a'.repeat(90),
    '\u202eevil',
    'x\ny',
    '👩‍👩‍👧 family',
    'bo',
  ];
  const members = Array.from({ length: random.int(1, 60) }, () =>
    member(random.pick(names), random.chance(0.1) ? undefined : random.int(0, 100), {
      bytesPerSecond: random.int(0, 1e9),
      giving: random.int(0, 1e9),
      taking: random.int(0, 1e9),
    }),
  );
  const width = random.int(40, 200);
  const path = random.pick(names);
  const text = swarmText({ ...SWARM, path, members, waitsFor: members[0] }, plain(width, 20));
  for (const line of text.split('\n')) {
    expect(widthOf(line)).toBeLessThanOrEqual(width);
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  }
  expect(text.split('\n').length).toBeLessThanOrEqual(20 + 10);
  if (members.length > 20) expect(text).toContain(`… and ${members.length - 19} more.`);
});

const OVER = { ...SWARM, members: SWARM.members.slice(0, 2), complete: 2, waitsFor: undefined };

/** A console whose swarm progresses with each refresh. */
function consoleOf(isTerminal: boolean, swarms: SwarmStatus[]) {
  const clock = new SimulatedClock();
  const controls = Object.assign(new FakeControls(), { swarms });
  const [input, screen] = [new PassThrough(), new ScreenEmulator(80)];
  const options = { controls, input, output: screen, errorOutput: screen, clock, isTerminal, color: false };
  const ended = new CommandInterface({ ...options, width: () => 80, height: () => 30 }).run({
    signal: new AbortController().signal,
  });
  const settle = async () => {
    for (let turn = 0; turn < 6; turn++) await clock.flush();
  };
  const bars = () => screen.lines.filter((line) => /^anna .* \d+ %/.test(line));
  return { clock, controls, input, screen, ended, settle, bars };
}

test('on a terminal it is updated in place until all peers are complete, then left on the screen', async () => {
  const later = { ...SWARM, members: [...SWARM.members.slice(0, 2), { ...waits, bytes: 60 }] };
  const { clock, input, screen, settle, bars } = consoleOf(true, [SWARM, later, OVER]);
  await settle();
  input.write('swarm film.mkv\r');
  await settle();
  expect(bars()).toEqual([expect.stringContaining(' 30 %')]);
  await clock.advanceAsync(500);
  expect(bars()).toEqual([expect.stringContaining(' 60 %')]);
  await clock.advanceAsync(500);
  await settle();
  expect(bars()).toEqual([]);
  expect(screen.lines.filter((line) => line.startsWith('2 of 2 are complete'))).toHaveLength(1);
  expect(screen.lines.at(-1)).toBe('shoal>');
});

test('Ctrl-C ends the updates and leaves the last one on the screen; --once prints one', async () => {
  const { clock, controls, input, screen, settle, bars } = consoleOf(true, [SWARM]);
  await settle();
  input.write('swarm film.mkv\r');
  await settle();
  await clock.advanceAsync(2_000);
  input.write('\u0003');
  await clock.advanceAsync(100);
  await settle();
  expect(bars()).toHaveLength(1);
  expect(screen.lines.join()).not.toContain('error');
  const looks = controls.calls.length;
  input.write('swarm film.mkv --once\r');
  await settle();
  await clock.advanceAsync(2_000);
  expect(controls.calls.length).toBe(looks + 1);
  expect(bars()).toHaveLength(2);
});

test('in a pipe it is printed once, as text or JSON; an unknown file is an error', async () => {
  const { input, screen, ended, controls } = consoleOf(false, [SWARM]);
  input.end('swarm film.mkv\nswarm film.mkv --json\n');
  expect(await ended).toBe(0);
  expect(screen.lines[0]).toBe('film.mkv  100 B in 100 chunks');
  expect(controls.calls).toEqual(['swarm film.mkv', 'swarm film.mkv']);
  const json = await swarmJson();
  expect(json).toMatchObject({ ok: true, complete: 1, rarest: 2, mean: 2.43, secondsLeft: 130, peers: 4 });
  expect(json.items[0]).toMatchObject({ self: true, chunks: 71, name: null });
  expect(json.items[3]).toMatchObject({ self: false, chunks: null, bytes: null, linked: false });
  const missing = consoleOf(false, []);
  missing.input.end('swarm nix\n');
  expect(await missing.ended).toBe(1);
  expect(missing.screen.lines.join('\n')).toMatch(/error: .*"nix" is not here\nhint: See: list/);
});

async function swarmJson() {
  const output = new PassThrough();
  const controls = Object.assign(new FakeControls(), { swarms: [SWARM] });
  const input = new PassThrough();
  input.end('swarm film.mkv --json\n');
  const clock = new SimulatedClock();
  const options = { controls, input, output, errorOutput: output, clock, isTerminal: false, color: false };
  await new CommandInterface({ ...options, width: () => undefined }).run({
    signal: new AbortController().signal,
  });
  return JSON.parse(String(output.read())) as { items: object[] };
}

test('peers that finished and left are counted', () => {
  expect(swarmText({ ...SWARM, finishedAndLeft: 2 }, plain(200))).toContain(
    '1 of 4 are complete. 2 more finished and left. Copies',
  );
});
