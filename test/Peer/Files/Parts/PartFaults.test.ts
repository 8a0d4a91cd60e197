import { expect, test } from 'vitest';
import type { Part } from '../../../../Peer/Storage.ts';
import { SYNC_MS } from '../../../../Protocol/Limits.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { MemoryDisk } from '../../../Support/MemoryDisk.ts';
import { seeds } from '../../../Support/seeds.ts';
import { chunkBytes, madeFile, partStore, settle, writeChunk } from './parts.ts';

const MIB = 1_024 * 1_024;
const { content, description } = madeFile(2 * MIB + 99);
const { layout, fileId } = description;

async function expectSound(
  part: Part & { read(chunk: number, offset: number, into: Uint8Array): Promise<void> },
) {
  for (const chunk of part.verified.indexes()) {
    const bytes = chunkBytes(content, layout, chunk);
    const into = Buffer.alloc(bytes.length);
    await part.read(chunk, 0, into);
    expect(into.equals(bytes), `chunk ${chunk} is what it should be`).toBe(true);
  }
}

async function complete(part: Part): Promise<void> {
  for (let chunk = 0; chunk < layout.chunkCount; chunk++) {
    if (!part.verified.has(chunk)) expect(await writeChunk(part, content, chunk)).toBe(true);
  }
}

test.each(seeds(30))('power cuts: what was synced stays, nothing is invented (seed %i)', async (seed) => {
  const random = new SeededRandom(seed);
  let disk = new MemoryDisk({ random });
  let synced = new Set<number>();
  for (let life = 0; life < 4; life++) {
    const { store, clock } = partStore(disk);
    store.cleanUp();
    const part = await store.open(description, 'a');
    for (const chunk of synced) expect(part.verified.has(chunk), `chunk ${chunk} was synced`).toBe(true);
    await expectSound(part);
    for (let step = random.int(1, 5); step > 0; step--) {
      const chunk = random.int(0, layout.chunkCount - 1);
      const written = writeChunk(part, content, chunk, random.chance(0.2)).catch(() => false);
      if (random.chance(0.8)) await written;
      if (!random.chance(0.4)) continue;
      const before = new Set(part.verified.indexes());
      clock.advance(SYNC_MS);
      await settle();
      synced = before;
    }
    disk = disk.powerCut();
  }
  const part = await partStore(disk).store.open(description, 'a');
  await expectSound(part);
  await complete(part);
  expect(disk.peek(await part.finish())?.equals(content)).toBe(true);
});

test.each(seeds(20))(
  'killed: every chunk that was reported as verified is still there (seed %i)',
  async (seed) => {
    const random = new SeededRandom(seed);
    let disk = new MemoryDisk({ random });
    const told = new Set<number>();
    for (let life = 0; life < 4; life++) {
      const { store, clock } = partStore(disk);
      const part = await store.open(description, 'a');
      for (const chunk of told) expect(part.verified.has(chunk)).toBe(true);
      await expectSound(part);
      for (let step = random.int(1, 3); step > 0; step--) {
        const chunk = random.int(0, layout.chunkCount - 1);
        const written = writeChunk(part, content, chunk).then(() => told.add(chunk));
        if (random.chance(0.7)) await written;
        if (random.chance(0.3)) clock.advance(SYNC_MS);
      }
      disk = disk.kill();
    }
  },
);

/** One run of a download on a disk that fails once. Returns the chunks that were verified at its end. */
async function oneLife(disk: MemoryDisk): Promise<number[]> {
  const { store, clock } = partStore(disk);
  const failures: unknown[] = [];
  let part: Part | undefined;
  try {
    part = await store.open(description, 'films/a.mkv');
    for (let chunk = 0; chunk < layout.chunkCount; chunk++) {
      if (!part.verified.has(chunk)) await writeChunk(part, content, chunk);
      if (chunk === 1) {
        clock.advance(SYNC_MS);
        await settle();
      }
    }
    await part.finish();
  } catch (failure) {
    failures.push(failure);
  }
  const verified = part === undefined ? [] : [...part.verified.indexes()];
  await part?.close().catch((failure: unknown) => failures.push(failure));
  for (const failure of failures) expect(failure).toBeInstanceOf(ShoalError);
  return verified;
}

test.each(['ENOSPC', 'EIO'])(
  '%s at every call: reported as such, and every verified chunk is kept',
  async (code) => {
    for (let call = 1; ; call++) {
      const disk = new MemoryDisk({ random: new SeededRandom(call) });
      partStore(disk);
      disk.failAt(call, code);
      const verified = await oneLife(disk);
      if (!disk.failed) {
        expect(call).toBeGreaterThan(20);
        return;
      }
      if (disk.peek('/share/films/a.mkv') === undefined) {
        const part = await partStore(disk).store.open(description, 'films/a.mkv');
        for (const chunk of verified) expect(part.verified.has(chunk), `${code} at call ${call}`).toBe(true);
        await expectSound(part);
        await complete(part);
        await part.finish();
      }
      expect(disk.peek('/share/films/a.mkv')?.equals(content), `${code} at call ${call}`).toBe(true);
    }
  },
);

test.each(seeds(30))(
  'pending writes of an abandoned writer never overwrite verified bytes (seed %i)',
  async (seed) => {
    const disk = new MemoryDisk({ random: new SeededRandom(seed) });
    const part = await partStore(disk).store.open(description, 'a');
    const liar = part.writer(1);
    for (let at = 0; at < MIB; at += MIB / 4) void liar.write(Buffer.alloc(MIB / 4, 0xee));
    liar.abandon();
    expect(await writeChunk(part, content, 1)).toBe(true);
    await settle();
    await expectSound(part);
  },
);

test('a full disk during a download is DISK_FULL, and the download resumes with its chunks', async () => {
  const disk = new MemoryDisk({ random: new SeededRandom(3) });
  const { store } = partStore(disk);
  const part = await store.open(description, 'a');
  await writeChunk(part, content, 0);
  disk.failAt(1, 'ENOSPC');
  await expect(writeChunk(part, content, 1)).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect([...part.verified.indexes()]).toEqual([0]);
  expect(await writeChunk(part, content, 1)).toBe(true);
});

test('after a failed sync nothing is marked as synced: chunks after the last mark are hashed again', async () => {
  const disk = new MemoryDisk({ random: new SeededRandom(4) });
  const { store, clock } = partStore(disk);
  const part = await store.open(description, 'a');
  await writeChunk(part, content, 0);
  disk.failAt(1, 'EIO');
  clock.advance(SYNC_MS);
  await settle();
  await expect(writeChunk(part, content, 1)).rejects.toMatchObject({ code: 'DISK_FAILED' });
  await part.close();
  // The bytes that the sync lost differ only on disk.
  disk.peek(`/share/Temp/${fileId}.part`)?.fill(0, 0, 10);
  expect((await partStore(disk).store.open(description, 'a')).verified.count).toBe(0);
});

test.each(seeds(50))(
  'a liar and an honest source write one chunk at once: the honest bytes stay (seed %i)',
  async (seed) => {
    const random = new SeededRandom(seed);
    const disk = new MemoryDisk({ random });
    const { store } = partStore(disk);
    const part = await store.open(description, 'a');
    const honest = chunkBytes(content, layout, 1);
    const lie = Buffer.alloc(honest.length, 0xee);
    const sources = random.shuffle([honest, lie, random.chance(0.5) ? honest : lie]);
    const results = await Promise.all(
      sources.map(async (bytes) => {
        const writer = part.writer(1);
        for (let at = 0; at < bytes.length; at += MIB / 4) {
          const written = writer.write(bytes.subarray(at, at + MIB / 4));
          if (random.chance(0.5)) await written;
          if (random.chance(0.3)) await settle();
          if (bytes === lie && random.chance(0.1)) {
            writer.abandon();
            return undefined;
          }
        }
        return writer.finish();
      }),
    );
    for (const [index, result] of results.entries()) expect(result ?? false).toBe(sources[index] === honest);
    await settle();
    expect([...part.verified.indexes()]).toEqual([1]);
    await expectSound(part);
  },
);

test('a first source that sends nothing holds no place: bytes of the next one are written at once', async () => {
  const disk = new MemoryDisk({ random: new SeededRandom(1) });
  const part = await partStore(disk).store.open(description, 'a');
  const silent = part.writer(1);
  const writer = part.writer(1);
  const bytes = chunkBytes(content, layout, 1);
  await writer.write(bytes);
  const onDisk = disk.peek(`/share/Temp/${fileId}.part`)?.subarray(MIB, 2 * MIB);
  expect(onDisk?.equals(bytes)).toBe(true);
  silent.abandon();
  expect(await writer.finish()).toBe(true);
});
