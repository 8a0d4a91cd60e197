import { expect, test } from 'vitest';
import { LaneOutput } from '../../../../../Peer/Network/Lanes/Sending/LaneOutput.ts';
import { LaneServer, type WantedChunk } from '../../../../../Peer/Network/Lanes/Sending/LaneServer.ts';
import type { FileId, PeerId } from '../../../../../Protocol/Ids.ts';
import { encodeLane } from '../../../../../Protocol/PeerMessages.ts';
import type { ByteStream } from '../../../../../Shared/Network/Transport.ts';

const MIB = 1_048_576;
const FILM = 'f'.repeat(64) as FileId;
const SONG = '5'.repeat(64) as FileId;
const LIMITS = { smallBytes: 65_536, maxBytes: 524_288, maxCount: 64, runBytes: 2 * MIB };

/** A lane with requests for these chunks, by default of 1 MiB. */
function asked(wishes: readonly (readonly [FileId, number])[], bytesOf = (_: FileId, _chunk: number) => MIB) {
  const reports: string[] = [];
  const stream = {
    remote: { host: '10.0.0.1', port: 1 },
    write: () => true,
    pause: () => {},
    resume: () => {},
    end: () => {},
    destroy: () => {},
  };
  const lane = new LaneServer(new LaneOutput(stream, undefined), {
    redeem: () => 'p'.repeat(64) as PeerId,
    bytesOf,
    asked: (_, wanted) => reports.push(`asked ${wanted.map(({ chunk }) => chunk)}`),
    takenBack: (_, { chunk }) => reports.push(`taken back ${chunk}`),
    changed: () => {},
    ended: () => {},
    misbehaved: (_, reason) => expect.fail(String(reason)),
  });
  lane.data(encodeLane({ type: 'token', token: '0'.repeat(32) }));
  for (const [index, [fileId, chunk]] of wishes.entries())
    lane.data(encodeLane({ type: 'request', id: index + 1, fileId, chunk }));
  const taken = (served: (wanted: WantedChunk) => number = () => 0, limits = LIMITS) =>
    lane
      .take(limits, served)
      .map(({ fileId, chunk }) => (fileId === FILM ? `film ${chunk}` : `song ${chunk}`));
  return { lane, taken, reports };
}

test('adjacent chunks are sent together, as far as they fit', () => {
  const { taken, lane } = asked([3, 4, 5, 6, 7].map((chunk) => [FILM, chunk] as const));
  expect(taken()).toEqual(['film 3', 'film 4']);
  expect(taken(undefined, { ...LIMITS, runBytes: 3 * MIB })).toEqual(['film 5', 'film 6', 'film 7']);
  expect([taken(), lane.demand]).toEqual([[], 0]);
});

test('requests that arrive together are reported together, and before one of them is taken back', () => {
  const { lane, reports } = asked([]);
  const request = (chunk: number) => encodeLane({ type: 'request', id: chunk, fileId: FILM, chunk });
  lane.data(Buffer.concat([1, 2, 3].map(request)));
  lane.data(Buffer.concat([request(4), encodeLane({ type: 'withdraw', id: 4 }), request(5)]));
  expect(reports).toEqual(['asked 1,2,3', 'asked 4', 'taken back 4', 'asked 5']);
});

test('a slow lane sends one at a time, however little fits', () => {
  const { taken } = asked([
    [FILM, 0],
    [FILM, 1],
  ]);
  expect(taken(undefined, { ...LIMITS, runBytes: 1_000 })).toEqual(['film 0']);
});

test.each([
  [
    'a gap',
    [
      [FILM, 0],
      [FILM, 2],
    ],
  ],
  [
    'another file',
    [
      [FILM, 0],
      [SONG, 1],
    ],
  ],
  [
    'the way back',
    [
      [FILM, 1],
      [FILM, 0],
    ],
  ],
] as const)('%s ends the run', (_, wishes) => {
  expect(asked(wishes).taken()).toHaveLength(1);
});

test('chunks served to others before are not sent together with new ones', () => {
  const { taken } = asked([
    [FILM, 0],
    [FILM, 1],
    [FILM, 2],
  ]);
  const served = ({ chunk }: WantedChunk) => (chunk === 1 ? 1 : 0);
  expect([taken(served), taken(served), taken(served)]).toEqual([['film 0'], ['film 2'], ['film 1']]);
});

test('a chunk that is not available ends the run', () => {
  const wishes = [0, 1, 2].map((chunk) => [FILM, chunk] as const);
  const { taken } = asked(wishes, (_, chunk) => (chunk === 1 ? 0 : MIB));
  expect(taken()).toEqual(['film 0']);
});

test('a cancel reaches every chunk that is being sent', () => {
  const { lane } = asked([
    [FILM, 0],
    [FILM, 1],
  ]);
  const batch = lane.take(LIMITS, () => 0);
  lane.working(batch);
  lane.data(encodeLane({ type: 'cancel', id: 2 }));
  expect(batch.map(({ cancelled }) => cancelled)).toEqual([false, true]);
});

test('nothing is accepted before a token', () => {
  const reasons: unknown[] = [];
  const unused = () => expect.fail('not before a token');
  const stream = { destroy: () => {} } as unknown as ByteStream;
  const lane = new LaneServer(new LaneOutput(stream, undefined), {
    redeem: unused,
    bytesOf: unused,
    asked: unused,
    takenBack: unused,
    changed: unused,
    ended: () => {},
    misbehaved: (_, reason) => reasons.push(reason),
  });
  lane.data(encodeLane({ type: 'request', id: 1, fileId: FILM, chunk: 0 }));
  expect(reasons).toEqual([expect.objectContaining({ code: 'BAD_FRAME' })]);
  expect(lane.open).toBe(false);
});

test('a request for a chunk that was served before is overtaken by 32 others at most', () => {
  const { taken } = asked(Array.from({ length: 40 }, (_, chunk) => [FILM, 2 * chunk] as const));
  const served = ({ chunk }: WantedChunk) => (chunk === 0 ? 1 : 0);
  const order = Array.from({ length: 40 }, () => taken(served).join());
  expect(order.indexOf('film 0')).toBe(32);
});

test('what is withdrawn counts for no limit, and is no demand', () => {
  const { lane } = asked([[FILM, 0]]);
  const files = Array.from({ length: 256 }, () => ({ fileId: SONG, size: 1 }));
  for (let id = 2; id <= 21; id++) {
    lane.data(encodeLane({ type: 'bundle', id, files }));
    lane.data(encodeLane({ type: 'withdraw', id }));
    expect(lane.demand).toBe(MIB);
  }
});
