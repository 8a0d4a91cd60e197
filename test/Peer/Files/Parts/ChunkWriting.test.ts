import { expect, test } from 'vitest';
import { type ChunkTarget, PieceWriter } from '../../../../Peer/Files/Parts/ChunkWriting.ts';
import { hashBytes } from '../../../../Protocol/FileId.ts';

const BYTES = Buffer.from('the right bytes!');
const LIE = Buffer.from('the wrong bytes!');

/** The place of one chunk in memory. Writes end when the test releases them. */
function chunkPlace() {
  const place = Buffer.alloc(BYTES.length);
  const held: (() => void)[] = [];
  const state = { verified: false, records: 0, writes: 0, hold: false, fail: false };
  const target: ChunkTarget = {
    expected: hashBytes(BYTES),
    bytes: BYTES.length,
    holder: undefined,
    isVerified: () => state.verified,
    write: async (bytes, offset) => {
      state.writes++;
      const { fail } = state;
      if (state.hold) await new Promise<void>((resolve) => held.push(resolve));
      if (fail) throw new Error('EIO');
      place.set(bytes, offset);
    },
    record: async () => {
      state.records++;
      state.verified = true;
    },
  };
  const release = () => {
    for (const resolve of held.splice(0)) resolve();
  };
  return { place, state, target, release, writer: () => new PieceWriter(target) };
}

const turns = () => new Promise<void>((resolve) => setImmediate(resolve));

test('the first writer writes each piece at once, and the chunk is recorded after its last write', async () => {
  const { place, state, release, writer } = chunkPlace();
  const one = writer();
  await one.write(BYTES.subarray(0, 4));
  expect(place.subarray(0, 4)).toEqual(BYTES.subarray(0, 4));
  state.hold = true;
  void one.write(BYTES.subarray(4));
  const finished = one.finish();
  await turns();
  expect(state.records).toBe(0);
  release();
  expect(await finished).toBe(true);
  expect([place.equals(BYTES), state.records]).toEqual([true, 1]);
});

test('wrong, too few, and no bytes are corrupt, and release the place', async () => {
  const { state, target, writer } = chunkPlace();
  for (const bytes of [LIE, BYTES.subarray(1), Buffer.alloc(0)]) {
    const one = writer();
    await one.write(bytes);
    expect(await one.finish()).toBe(false);
    expect(target.holder).toBeUndefined();
  }
  expect(await writer().finish()).toBe(false);
  expect(state.records).toBe(0);
});

test('bytes beyond the chunk are refused and not written', async () => {
  const { state, writer } = chunkPlace();
  const one = writer();
  await one.write(BYTES);
  await expect(one.write(Buffer.of(1))).rejects.toThrow(RangeError);
  expect(state.writes).toBe(1);
});

test('pieces after the end are dropped', async () => {
  const { state, writer } = chunkPlace();
  const one = writer();
  one.abandon();
  await one.write(BYTES);
  expect(state.writes).toBe(0);
});

test('an abandoned writer keeps the place until its last write has ended', async () => {
  const { place, state, target, release, writer } = chunkPlace();
  state.hold = true;
  const liar = writer();
  void liar.write(LIE);
  liar.abandon();
  const honest = writer();
  const written = honest.write(BYTES);
  const finished = honest.finish();
  await turns();
  expect(target.holder).toBe(liar);
  state.hold = false;
  release();
  await written;
  expect(await finished).toBe(true);
  expect(place.equals(BYTES)).toBe(true);
});

test('a second writer buffers a copy, takes the place from the first and is recorded once', async () => {
  const { place, state, release, writer } = chunkPlace();
  state.hold = true;
  const liar = writer();
  void liar.write(LIE.subarray(0, 8));
  const honest = writer();
  const piece = Buffer.from(BYTES);
  await honest.write(piece);
  piece.fill(0); // The receive buffer is used again.
  state.hold = false;
  const finished = honest.finish();
  await turns();
  expect(state.records).toBe(0); // A write of the liar is still pending.
  release();
  expect(await finished).toBe(true);
  await liar.write(LIE.subarray(8)); // Hashed only.
  expect(await liar.finish()).toBe(false);
  expect([place.equals(BYTES), state.records]).toEqual([true, 1]);
});

test('two honest writers both succeed, and the one that lost the place waits for the record', async () => {
  const { place, state, release, writer } = chunkPlace();
  const slow = writer();
  await slow.write(BYTES.subarray(0, 8));
  const fast = writer();
  await fast.write(BYTES);
  state.hold = true;
  const fastEnds = fast.finish();
  await turns();
  await slow.write(BYTES.subarray(8));
  let slowEnded = false;
  const slowEnds = slow.finish().then((verdict) => {
    slowEnded = true;
    return verdict;
  });
  await turns();
  expect(slowEnded).toBe(false);
  release();
  expect([await fastEnds, await slowEnds]).toEqual([true, true]);
  expect([place.equals(BYTES), state.records]).toEqual([true, 1]);
});

test('a chunk that is verified already is only hashed', async () => {
  const { state, writer } = chunkPlace();
  state.verified = true;
  const [honest, liar] = [writer(), writer()];
  await honest.write(BYTES);
  await liar.write(LIE);
  expect([await honest.finish(), await liar.finish()]).toEqual([true, false]);
  expect([state.writes, state.records]).toEqual([0, 0]);
});

test('a failed write fails the chunk, although its bytes hash right', async () => {
  const { state, target, writer } = chunkPlace();
  state.fail = true;
  const one = writer();
  await expect(one.write(BYTES)).rejects.toThrow('EIO');
  await expect(one.finish()).rejects.toThrow('EIO');
  expect([state.records, target.holder]).toEqual([0, undefined]);
});

test('a failed write of the writer with the place does not count as written for the other one', async () => {
  const { state, writer } = chunkPlace();
  const slow = writer();
  await slow.write(BYTES.subarray(0, 8));
  const fast = writer();
  await fast.write(BYTES);
  state.fail = true;
  await expect(fast.finish()).rejects.toThrow('EIO');
  await slow.write(BYTES.subarray(8));
  await expect(slow.finish()).rejects.toMatchObject({ code: 'DISK_FAILED' });
  expect(state.records).toBe(0);
});

test('a writer without bytes holds no place', async () => {
  const { state, target, writer } = chunkPlace();
  const silent = writer();
  const one = writer();
  await one.write(BYTES);
  expect([target.holder, state.writes]).toEqual([one, 1]);
  silent.abandon();
  await turns();
  expect(target.holder).toBe(one);
});

test('a new writer does not get the place while verified bytes are being written', async () => {
  const { place, state, release, writer } = chunkPlace();
  const liar = writer();
  await liar.write(LIE.subarray(0, 8));
  const honest = writer();
  await honest.write(BYTES);
  state.hold = true;
  const finished = honest.finish();
  await turns();
  const other = writer();
  await other.write(LIE);
  expect(state.writes).toBe(2);
  release();
  expect(await finished).toBe(true);
  expect(await other.finish()).toBe(false);
  expect(place.equals(BYTES)).toBe(true);
});

test('several writers that buffered the right bytes all succeed, with one record', async () => {
  const { place, state, writer } = chunkPlace();
  const liar = writer();
  await liar.write(LIE);
  const honest = [writer(), writer(), writer()];
  for (const one of honest) await one.write(BYTES);
  expect(await Promise.all(honest.map((one) => one.finish()))).toEqual([true, true, true]);
  expect([place.equals(BYTES), state.records]).toEqual([true, 1]);
});
