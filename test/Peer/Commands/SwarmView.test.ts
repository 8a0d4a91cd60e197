import { expect, test } from 'vitest';
import { makePaint } from '../../../Peer/Commands/Views/Paint.ts';
import { swarmText } from '../../../Peer/Commands/Views/SwarmViews.ts';
import { widthOf } from '../../../Peer/Commands/Views/TextFit.ts';
import type { SwarmMember, SwarmStatus } from '../../../Peer/Model.ts';
import { SeededRandom } from '../../Support/SeededRandom.ts';
import { seeds } from '../../Support/seeds.ts';
import { fileIdOf } from './FakeControls.ts';

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

test('a bar for each peer, and how the group gets on', () => {
  expect(swarmText(SWARM, plain(80))).toMatchInlineSnapshot(`
    "film.mkv  100 B in 100 chunks

    Peer               Has                              Speed      To us   From us
    ──────────────────────────────────────────────────────────────────────────────
    this peer          ██████████████░░░░░░   71 %  12.0 MB/s
    studio             ████████████████████  100 %             12.0 MB/s
    anna               ██████░░░░░░░░░░░░░░   30 %   1.0 MB/s             1.0 MB/s
    192.168.1.20:9002  ?                      part

    1 of 4 have all of it. Copies of the rarest chunk: 2, on average 2.4. Until all
    are done: about 2 min 10 s (anna is last)."
  `);
});

test('somebody who gets nothing is named; when all have it there is no end to wait for', () => {
  const stuck = swarmText({ ...SWARM, secondsLeft: undefined }, plain(200));
  expect(stuck.replaceAll('\n', ' ')).toContain('Until all are done: unknown, anna gets nothing now.');
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
