import { expect, test } from 'vitest';
import { BufferPool } from '../../../../../Peer/Network/Lanes/BufferPool.ts';
import { SEND_BUFFER_BYTES } from '../../../../../Peer/Network/Lanes/Desk/Serving.ts';
import { TransferLimits } from '../../../../../Peer/Network/Lanes/Limits/TransferLimits.ts';
import { LaneOutput } from '../../../../../Peer/Network/Lanes/Sending/LaneOutput.ts';
import { LaneSender } from '../../../../../Peer/Network/Lanes/Sending/LaneSender.ts';
import { LaneServer, type WantedChunk } from '../../../../../Peer/Network/Lanes/Sending/LaneServer.ts';
import type { FilePump, PumpOutcome } from '../../../../../Peer/Network/Ports.ts';
import { FrameDecoder } from '../../../../../Protocol/FrameDecoder.ts';
import type { PeerId } from '../../../../../Protocol/Ids.ts';
import { PIECE_BYTES_MAX } from '../../../../../Protocol/Limits.ts';
import { decodeLane, LANE_DATA_HEADER_BYTES } from '../../../../../Protocol/PeerMessages.ts';
import { SeededRandom } from '../../../../../Shared/SeededRandom.ts';
import { SimulatedClock } from '../../../../Support/SimulatedClock.ts';
import { MemoryShare } from '../../MemoryShare.ts';

const MIB = 1_048_576;
const FILM = new SeededRandom(1).bytes(3 * MIB + 300_000);

/** A lane that serves a file of a little more than 3 MiB; the pump sends from memory. */
function made({ rate, lends = true }: { rate?: number; lends?: boolean } = {}) {
  const clock = new SimulatedClock();
  const share = new MemoryShare();
  const bytes = FILM;
  const { fileId } = share.add('film', bytes);
  const wire: Uint8Array[] = [];
  const seen = { pumped: [] as number[], loans: 0, sent: 0, destroyed: false, fail: false, held: false };
  const lend = (_: unknown, chunk: number, offset: number) => {
    seen.loans++;
    return { descriptor: 8, position: chunk * MIB + offset, giveBack: () => seen.loans-- };
  };
  const pump: FilePump = {
    state: { path: 'sendfile', reason: undefined },
    begin: () => true,
    newLine: () => 1,
    send: (_line, _socket, _file, { position, pieces, headers }) => {
      const sent = pieces.reduce((sum, piece) => sum + piece, 0);
      seen.pumped.push(sent);
      let at = position;
      for (const [index, count] of pieces.entries()) {
        const header = headers?.slice(index * LANE_DATA_HEADER_BYTES, (index + 1) * LANE_DATA_HEADER_BYTES);
        wire.push(header ?? new Uint8Array(), bytes.subarray(at, at + count));
        at += count;
      }
      const outcome: PumpOutcome = seen.fail ? { sent: 1, complete: false } : { sent, complete: true };
      return new Promise((resolve) => setImmediate(() => resolve(outcome)));
    },
    cancel: () => {},
    close: async () => {},
  };
  const stream = {
    remote: { host: '10.0.0.1', port: 1 },
    write: (some: Uint8Array, done?: () => void) => {
      wire.push(Uint8Array.from(some));
      if (!seen.held) setImmediate(() => done?.());
      return true;
    },
    pause: () => {},
    resume: () => {},
    end: () => {},
    destroy: () => {
      seen.destroyed = true;
    },
    descriptor: () => 7,
  };
  const lane = new LaneServer(new LaneOutput(stream, pump), {
    redeem: () => 'p'.repeat(64) as PeerId,
    bytesOf: () => MIB,
    asked: () => {},
    takenBack: () => {},
    changed: () => {},
    ended: () => {},
    misbehaved: (_, reason) => expect.fail(String(reason)),
  });
  const provider = lends ? Object.assign(share, { lend }) : share;
  const limits = new TransferLimits(clock, rate === undefined ? {} : { up: { total: rate } });
  const buffers = new BufferPool(SEND_BUFFER_BYTES, 4 * SEND_BUFFER_BYTES, clock, Buffer.alloc);
  const sender = new LaneSender(lane, {
    provider,
    clock,
    limiter: limits.up.flow('lan'),
    buffers,
    sent: (count) => {
      seen.sent += count;
    },
  });
  const wanted = (chunk: number, size = MIB): WantedChunk => ({
    id: chunk + 1,
    fileId,
    chunk,
    bytes: size,
    cancelled: false,
    overtaken: 0,
  });
  /** The received bytes of each request, in the order of its frames, and rejects. */
  const arrived = () => {
    const decoder = new FrameDecoder(PIECE_BYTES_MAX + 64);
    const got = new Map<number, Buffer>();
    const rejects: string[] = [];
    const frames: number[] = [];
    for (const { type, body } of decoder.push(Buffer.concat(wire))) {
      const message = decodeLane(type, body);
      if (message?.type === 'data') frames.push(message.bytes.length);
      if (message?.type === 'data')
        got.set(message.id, Buffer.concat([got.get(message.id) ?? Buffer.alloc(0), message.bytes]));
      if (message?.type === 'reject') rejects.push(`${message.id}: ${message.code}`);
    }
    return { got, rejects, frames };
  };
  return { clock, share, bytes, lane, sender, buffers, seen, wanted, arrived };
}

test('a large chunk and a run of chunks are pumped, each piece behind its header; loans end with the job', async () => {
  const { bytes, sender, seen, wanted, arrived } = made();
  await sender.send([wanted(0)]);
  await sender.send([wanted(1), wanted(2)]);
  await sender.send([wanted(3, 300_000)]);
  await sender.flushed();
  expect(seen).toMatchObject({ pumped: [MIB, 2 * MIB, 300_000], loans: 0, sent: bytes.length });
  const { got } = arrived();
  expect([...got.keys()]).toEqual([1, 2, 3, 4]);
  expect(Buffer.concat([...got.values()]).equals(bytes)).toBe(true);
});

test('small pieces, and files that are not lent, are read and written, in order with the jobs', async () => {
  const { bytes, sender, seen, wanted, arrived } = made();
  await sender.send([wanted(0)]);
  await sender.send([wanted(3, 100_000)]);
  await sender.send([wanted(1)]);
  await sender.flushed();
  expect(seen.pumped).toEqual([MIB, MIB]);
  expect([...arrived().got.keys()]).toEqual([1, 4, 2]);
  expect(
    arrived()
      .got.get(4)
      ?.equals(bytes.subarray(3 * MIB, 3 * MIB + 100_000)),
  ).toBe(true);

  const copied = made({ lends: false });
  await copied.sender.send([copied.wanted(0)]);
  await copied.sender.flushed();
  expect([copied.seen.pumped, copied.seen.sent]).toEqual([[], MIB]);
  expect(copied.arrived().got.get(1)?.equals(copied.bytes.subarray(0, MIB))).toBe(true);
});

test('a lane that accepts nothing holds two buffers', async () => {
  const { lane, sender, buffers, seen, wanted } = made({ lends: false });
  seen.held = true;
  const sending = (async () => {
    for (const chunk of [0, 1, 2]) await sender.send([wanted(chunk, 100_000)]);
  })();
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(buffers.taken).toBe(2);
  lane.close();
  sender.close();
  await sending;
});

test('a long run is one job; where it cannot be pumped, its chunks are read one by one', async () => {
  const { bytes, sender, seen, wanted, arrived } = made();
  expect([sender.runBytesMax(MIB), sender.runBytesMax(9 * MIB)]).toEqual([MIB, 2 * MIB]);
  await sender.send([wanted(0), wanted(1), wanted(2)]);
  expect(sender.runBytesMax(MIB)).toBe(2 * MIB);
  await sender.flushed();
  expect(sender.runBytesMax(MIB)).toBe(4 * MIB); // The job took no time.
  expect([seen.pumped, [...arrived().got.keys()]]).toEqual([[3 * MIB], [1, 2, 3]]);
  expect(Buffer.concat([...arrived().got.values()]).equals(bytes.subarray(0, 3 * MIB))).toBe(true);

  const copied = made({ lends: false });
  await copied.sender.send([copied.wanted(0), copied.wanted(1), copied.wanted(2)]);
  await copied.sender.flushed();
  expect(Buffer.concat([...copied.arrived().got.values()]).equals(bytes.subarray(0, 3 * MIB))).toBe(true);
  expect(made({ rate: 20 * MIB }).sender.runBytesMax(9 * MIB)).toBeLessThanOrEqual(MIB);
});

test('a chunk larger than a frame is one job of several frames', async () => {
  const { bytes, sender, seen, wanted, arrived } = made();
  await sender.send([wanted(0, 3 * MIB)]);
  await sender.flushed();
  expect([seen.pumped, arrived().frames]).toEqual([[3 * MIB], [2 * MIB, MIB]]);
  expect(
    arrived()
      .got.get(1)
      ?.equals(bytes.subarray(0, 3 * MIB)),
  ).toBe(true);
});

test('a file that has changed is neither lent nor read: the request is rejected, the lane goes on', async () => {
  const { share, sender, wanted, arrived, seen } = made({ lends: false });
  Object.assign(share, { lend: () => undefined });
  share.changedAt = { chunk: 1, offset: 0 };
  await sender.send([wanted(1)]);
  await sender.send([wanted(2)]);
  await sender.flushed();
  expect([arrived().rejects, [...arrived().got.keys()], seen.destroyed]).toEqual([
    ['2: changed'],
    [3],
    false,
  ]);
});

test('a cancelled request is not pumped', async () => {
  const { sender, seen, wanted, arrived } = made();
  const request = wanted(0);
  request.cancelled = true;
  await sender.send([request]);
  await sender.flushed();
  expect([seen.pumped, arrived().rejects, seen.loans]).toEqual([[], ['1: cancelled'], 0]);
});

test('a peer that does not read the frames before a job is stalled', async () => {
  const { clock, sender, seen, wanted, lane } = made();
  seen.held = true;
  lane.reject(9, 'busy');
  void sender.send([wanted(0)]);
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(10_000);
  expect([sender.stalledMs, seen.pumped]).toEqual([10_000, []]);
  lane.close();
});

test('a failed job closes the lane, and its sent bytes are counted', async () => {
  const { sender, seen, wanted, lane } = made();
  seen.fail = true;
  await sender.send([wanted(0)]);
  await sender.flushed();
  await new Promise((resolve) => setImmediate(resolve));
  expect([lane.open, seen.destroyed, seen.sent, seen.loans]).toEqual([false, true, 1, 0]);
});

test('pumped bytes obey the limit', async () => {
  const { clock, sender, seen, wanted } = made({ rate: 20 * MIB });
  let done = false;
  void (async () => {
    for (const chunk of [0, 1, 2]) await sender.send([wanted(chunk)]);
    done = true;
  })();
  const turns = async (ms: number) => {
    for (let at = 0; at < ms; at++) {
      await clock.advanceAsync(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await turns(90);
  expect(done).toBe(false);
  expect(seen.sent).toBeLessThan(2.2 * MIB);
  await turns(120);
  expect([done, seen.sent, seen.pumped.length > 1]).toEqual([true, 3 * MIB, true]);
});
