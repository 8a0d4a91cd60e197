import { expect, test } from 'vitest';
import { type LaneFrames, LaneReader } from '../../../../../Peer/Network/Lanes/Receiving/LaneReader.ts';
import { REGION_ROOM, ReceiveBuffers } from '../../../../../Peer/Network/Lanes/Receiving/ReceiveBuffers.ts';
import { hashBytes } from '../../../../../Protocol/FileId.ts';
import { PIECE_BYTES_MAX } from '../../../../../Protocol/Limits.ts';
import { encodeDataHeaders, encodeLane } from '../../../../../Protocol/PeerMessages.ts';
import { SeededRandom } from '../../../../../Shared/SeededRandom.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';
import { seeds } from '../../../../Support/seeds.ts';

const dataHeader = (id: number, bytes: number) => Buffer.from(encodeDataHeaders([id], [bytes]));

/** Records the frames of the reader as text; payloads of odd ids are dropped. */
class Collector implements LaneFrames {
  readonly found: string[] = [];
  readonly held: { release(): void }[] = [];
  /** Sizes of the regions since the last look, in KiB. */
  regions: number[] = [];
  arrivedBytes = 0;
  resumed = 0;
  failure: unknown;
  large = false;
  keepMemory = false;
  #id = 0;
  #payload: Buffer[] = [];

  begin(id: number): boolean {
    this.#id = id;
    this.#payload = [];
    return id % 2 === 0;
  }
  arrived(bytes: number): void {
    this.arrivedBytes += bytes;
  }
  piece(region: { bytes: Buffer; release(): void }): void {
    this.#payload.push(Buffer.from(region.bytes));
    this.regions.push(region.bytes.length / 1_024);
    if (this.keepMemory) this.held.push(region);
    else region.release();
  }
  end(): void {
    this.found.push(`${this.#id}:${hashBytes(Buffer.concat(this.#payload))}`);
  }
  turn(bytes: number): void {
    this.found.push(`turn ${bytes}`);
  }
  rejected({ id, code }: { id: number; code: string }): void {
    this.found.push(`${id} ${code}`);
  }
  expectsLarge(): boolean {
    return this.large;
  }
  readBytesMax(): number {
    return PIECE_BYTES_MAX;
  }
  mayReadOn(): boolean {
    return true;
  }
  readable(): void {
    this.resumed++;
  }
  broken(reason: unknown): void {
    this.failure = reason;
  }
}

/** Delivers bytes as a socket would: never more than the buffer holds, and nothing while paused. */
function feed(reader: LaneReader, bytes: Buffer, split: (room: number) => number): Buffer {
  let rest = bytes;
  while (rest.length > 0) {
    const into = reader.nextBuffer();
    expect(into.length).toBeGreaterThan(0);
    const count = Math.min(rest.length, split(into.length));
    into.set(rest.subarray(0, count));
    rest = rest.subarray(count);
    if (!reader.filled(count)) break;
  }
  return rest;
}

/** A frame of a later version, to be skipped. */
function laterFrame(bytes: number): Buffer {
  const frame = Buffer.alloc(5 + bytes, 0xff);
  frame.writeUInt32BE(bytes, 0);
  frame[4] = 192;
  return frame;
}

function someFrames(random: SeededRandom) {
  const expected: string[] = [];
  const parts: Buffer[] = [];
  for (let frame = 0; frame < 30; frame++) {
    const id = random.int(1, 1_000);
    if (random.chance(0.2)) {
      parts.push(encodeLane({ type: 'reject', id, code: 'changed' }));
      expected.push(`${id} changed`);
      continue;
    }
    if (random.chance(0.1)) parts.push(laterFrame(random.int(0, 1_024)));
    const payload = random.bytes(random.pick([1, 9, 4_096, 40_000, 200_000, 700_000]));
    parts.push(dataHeader(id, payload.length), payload);
    expected.push(`${id}:${hashBytes(id % 2 === 0 ? payload : Buffer.alloc(0))}`);
  }
  return { bytes: Buffer.concat(parts), expected };
}

test.each(seeds(15))('finds the same frames however the bytes are cut (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const { bytes, expected } = someFrames(random);
  const frames = new Collector();
  frames.large = random.chance(0.5);
  const buffers = new ReceiveBuffers(new SimulatedClock(), 4 * 1_048_576);
  const reader = new LaneReader(frames, buffers, new SimulatedClock());
  const small = random.chance(0.3);
  const rest = feed(reader, bytes, (room) => random.int(1, small ? Math.min(room, 5_000) : room));
  expect(rest).toHaveLength(0);
  expect(frames.failure).toBeUndefined();
  expect(frames.found).toEqual(expected);
  reader.close();
  buffers.trim();
  expect(buffers.bytesTaken).toBe(0);
});

test('a fast lane needs one read a frame: the next header comes with the end of a payload', () => {
  const frames = new Collector();
  frames.large = true;
  const reader = new LaneReader(frames, new ReceiveBuffers(new SimulatedClock()), new SimulatedClock());
  const payload = Buffer.alloc(1_048_576, 1);
  const frame = Buffer.concat([dataHeader(2, payload.length), payload]);
  const reads: number[] = [];
  feed(reader, Buffer.concat(Array.from({ length: 12 }, () => frame)), (room) => {
    reads.push(room);
    return room;
  });
  expect(frames.found).toEqual(Array.from({ length: 12 }, () => `2:${hashBytes(payload)}`));
  // Regions of the first frame grow from 64 KiB.
  expect(reads.slice(-6)).toEqual(Array.from({ length: 6 }, () => frame.length));
});

test('the small rest of a payload is read together with the frames behind it', () => {
  const frames = new Collector();
  frames.large = true;
  const reader = new LaneReader(frames, new ReceiveBuffers(new SimulatedClock()), new SimulatedClock());
  const rooms: number[] = [];
  feed(reader, Buffer.concat([dataHeader(2, 20_000), Buffer.alloc(20_000)]), (room) => {
    rooms.push(room);
    return Math.min(room, 10_000);
  });
  expect(rooms).toEqual([9, 20_000, 131_072]);
});

test('regions grow to 1 MiB while they fill within 250 ms, and shrink to 64 KiB when they take over a second', () => {
  const clock = new SimulatedClock();
  const frames = new Collector();
  frames.large = true;
  const reader = new LaneReader(frames, new ReceiveBuffers(clock), clock);
  const regionsAt = (tookMs: number) => {
    frames.regions = [];
    feed(reader, Buffer.concat([dataHeader(2, PIECE_BYTES_MAX), Buffer.alloc(PIECE_BYTES_MAX)]), (room) => {
      clock.advance(tookMs);
      return room;
    });
    return frames.regions;
  };
  const smallest = Array.from({ length: 32 }, () => 64);
  expect(regionsAt(250)).toEqual(smallest);
  expect(regionsAt(249)).toEqual([64, 128, 256, 512, 1_024, 64]);
  expect(regionsAt(1_000)).toEqual([1_024, 1_024]);
  expect(regionsAt(1_001)).toEqual([1_024, 512, 256, 128, 64, 64]);
  expect(regionsAt(1_001)).toEqual(smallest);
});

test('pauses when memory is used up, and resumes at the same byte', () => {
  const random = new SeededRandom(1);
  const frames = new Collector();
  frames.keepMemory = true;
  const buffers = new ReceiveBuffers(new SimulatedClock(), 2 * REGION_ROOM);
  const reader = new LaneReader(frames, buffers, new SimulatedClock());
  const payloads = Array.from({ length: 8 }, () => random.bytes(1_000_000));
  let rest: Buffer = Buffer.concat(payloads.flatMap((payload) => [dataHeader(2, payload.length), payload]));
  let pauses = 0;
  for (;;) {
    rest = feed(reader, rest, (room) => room);
    expect(buffers.bytesTaken).toBeLessThanOrEqual(2 * REGION_ROOM);
    if (rest.length === 0 && !reader.waiting) break;
    pauses++;
    reader.nextBuffer(); // As Node does, also after a read that paused.
    const resumed = frames.resumed;
    while (frames.resumed === resumed && frames.held.length > 0) frames.held.shift()?.release();
  }
  expect(pauses).toBeGreaterThan(2);
  expect(frames.found).toEqual(payloads.map((payload) => `2:${hashBytes(payload)}`));
});

test.each([
  ['a piece above 2 MiB', dataHeader(2, 2_097_153)],
  ['a piece of nothing', dataHeader(2, 0)],
  ['a length of 4 GiB', Buffer.from('ffffffff4200000002', 'hex')],
  ['a large frame that is no data', Buffer.from('0000040143', 'hex')],
  ['a number that means nothing', Buffer.from('0000000109ff', 'hex')],
  ['a request from the wrong side', encodeLane({ type: 'cancel', id: 1 })],
])('%s breaks the lane', (_what, bytes) => {
  const frames = new Collector();
  const reader = new LaneReader(frames, new ReceiveBuffers(new SimulatedClock()), new SimulatedClock());
  feed(reader, bytes, (room) => room);
  expect(frames.failure).toMatchObject({ code: 'BAD_FRAME' });
});
