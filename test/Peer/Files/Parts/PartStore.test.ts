import { describe, expect, test, vi } from 'vitest';
import { encodeAttributes, encodeJournalStart } from '../../../../Peer/Files/Parts/ResumeJournal.ts';
import { chunkLayout } from '../../../../Protocol/ChunkLayout.ts';
import { fileIdOf, hashBytes } from '../../../../Protocol/FileId.ts';
import type { PeerId } from '../../../../Protocol/Ids.ts';
import { SYNC_MS } from '../../../../Protocol/Limits.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { MemoryDisk } from '../../../Support/MemoryDisk.ts';
import { seeds } from '../../../Support/seeds.ts';
import { chunkBytes, madeFile, partStore, settle, writeChunk } from './parts.ts';

const MIB = 1_024 * 1_024;
const { content, description } = madeFile(3 * MIB + 5);
const { fileId } = description;
const ALL = [0, 1, 2, 3];

function memoryDisk(seed = 1, links = true) {
  return new MemoryDisk({ random: new SeededRandom(seed), links });
}

async function finished(disk: MemoryDisk, path: string): Promise<string> {
  const { store } = partStore(disk);
  const part = await store.open(description, path);
  for (const chunk of ALL) await writeChunk(part, content, chunk);
  return part.finish();
}

describe('a download from start to end', () => {
  test.each([true, false])('the file is in the share, and Temp is empty (links: %s)', async (links) => {
    const disk = memoryDisk(1, links);
    const { store, told } = partStore(disk);
    const part = await store.open(description, 'films/new/a.mkv');
    for (const chunk of [2, 0, 3, 1]) expect(await writeChunk(part, content, chunk)).toBe(true);
    expect(part.verified.complete).toBe(true);
    expect(told.verified).toEqual([2, 0, 3, 1]);

    expect(await part.finish()).toBe('/share/films/new/a.mkv');
    expect(disk.peek('/share/films/new/a.mkv')?.equals(content)).toBe(true);
    expect(disk.names('/share/Temp')).toEqual([]);
    expect(told.installed).toEqual([
      { path: 'films/new/a.mkv', state: disk.stateOf('/share/films/new/a.mkv') },
    ]);
    expect(told.closed).toBe(1);
    expect(store.part(fileId)).toBeUndefined();
  });

  test.each([true, false])('an existing file is never replaced (links: %s)', async (links) => {
    const disk = memoryDisk(1, links);
    partStore(disk);
    disk.createWhole('/share/a.mkv', Buffer.from('mine'));
    disk.createWhole('/share/a (2).mkv', Buffer.from('mine too'));
    expect(await finished(disk, 'a.mkv')).toBe('/share/a (3).mkv');
    expect(disk.peek('/share/a.mkv')?.toString()).toBe('mine');
    expect(disk.peek('/share/a (2).mkv')?.toString()).toBe('mine too');
  });

  test('a folder that is a link or a file is not written through', async () => {
    const disk = memoryDisk();
    partStore(disk);
    disk.putLink('/share/link');
    disk.createWhole('/share/file', Buffer.from('x'));
    expect(await finished(disk, 'link/a.mkv')).toBe('/share/link (2)/a.mkv');
    expect(await finished(disk, 'file/a.mkv')).toBe('/share/file (2)/a.mkv');
  });

  test('a file with a hostile path is installed inside the share', async () => {
    expect(await finished(memoryDisk(), '../../etc/CON')).toBe('/share/etc/_CON');
  });

  test('verified chunks are served while the rest is missing, others are not', async () => {
    const { store } = partStore(memoryDisk());
    const part = await store.open(description, 'a');
    await writeChunk(part, content, 1);
    const into = Buffer.alloc(100);
    await part.read(1, 50, into);
    expect(into.equals(chunkBytes(content, description.layout, 1).subarray(50, 150))).toBe(true);
    await expect(part.read(0, 0, into)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('wrong bytes are dropped, and the chunk can be received again', async () => {
    const { store, told } = partStore(memoryDisk());
    const part = await store.open(description, 'a');
    expect(await writeChunk(part, content, 0, true)).toBe(false);
    expect(part.verified.has(0)).toBe(false);
    expect(await writeChunk(part, content, 0)).toBe(true);
    expect(told.verified).toEqual([0]);
  });

  test('too few or too many bytes are wrong', async () => {
    const { store } = partStore(memoryDisk());
    const part = await store.open(description, 'a');
    const short = part.writer(3);
    await short.write(content.subarray(0, 4));
    expect(await short.finish()).toBe(false);
    const long = part.writer(3);
    await expect(long.write(content.subarray(0, 6))).rejects.toThrow(RangeError);
  });
});

describe('conflicts', () => {
  test('the same content twice at once', async () => {
    const { store } = partStore(memoryDisk());
    const part = await store.open(description, 'a');
    await expect(store.open(description, 'b')).rejects.toMatchObject({ code: 'LOCAL_CONFLICT' });
    await part.close();
    await (await store.open(description, 'b')).close();
  });

  test('without space the error has both figures, and nothing is created', async () => {
    const disk = memoryDisk();
    const { store } = partStore(disk);
    disk.free = MIB;
    await expect(store.open(description, 'a')).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: '3.1 MB are needed, 1.0 MB are free',
    });
    expect(disk.names('/share/Temp')).toEqual([]);
  });

  test('received bytes are not part of the needed space', async () => {
    const disk = memoryDisk();
    const { store } = partStore(disk);
    const part = await store.open(description, 'a');
    for (const chunk of [0, 1, 2]) await writeChunk(part, content, chunk);
    await part.close();
    disk.free = 5;
    expect((await store.open(description, 'a')).verified.count).toBe(3);
  });

  test('the part file is deleted during the download', async () => {
    const disk = memoryDisk();
    const { store } = partStore(disk);
    const part = await store.open(description, 'a');
    await writeChunk(part, content, 0);
    disk.remove(`/share/Temp/${fileId}.part`);
    await expect(writeChunk(part, content, 1)).rejects.toMatchObject({ code: 'PART_FILE_GONE' });
    await part.close();
    expect((await store.open(description, 'a')).verified.count).toBe(0);
  });

  test.each(['part', 'journal'])('a link or folder in place of the %s is not followed', async (kind) => {
    const disk = memoryDisk();
    const { store } = partStore(disk);
    const part = await store.open(description, 'a');
    await writeChunk(part, content, 0);
    await part.close();
    const place = `/share/Temp/${fileId}.${kind}`;
    disk.remove(place);
    disk.putLink(place);
    const again = await store.open(description, 'a');
    expect([again.verified.count, disk.kindOf(place)]).toEqual([0, 'file']);
    await again.close();
    disk.remove(place);
    disk.putFolder(place);
    await expect(store.open(description, 'a')).rejects.toMatchObject({
      code: 'DISK_FAILED',
      message: `a folder is in the place of the unfinished file: ${place}`,
      hint: 'Move the folder away, and the download goes on.',
    });
    expect(disk.kindOf(place)).toBe('folder');
  });

  test('Temp is deleted during the run', async () => {
    const disk = memoryDisk();
    const { store } = partStore(disk);
    disk.remove('/share/Temp');
    await store.open(description, 'a');
    expect(disk.kindOf('/share/Temp')).toBe('folder');
  });
});

test('a new part file has no bytes, and its journal names no sender', async () => {
  const disk = memoryDisk();
  await partStore(disk).store.open(description, 'a');
  const [part, journal] = disk.names('/share/Temp').map((name) => disk.peek(`/share/Temp/${name}`));
  expect(part).toHaveLength(0);
  expect(journal).toEqual(Buffer.concat([encodeJournalStart(description, 'a'), encodeAttributes({})]));
});

describe('resuming', () => {
  test('after close every verified chunk is known, and no byte is read again', async () => {
    const disk = memoryDisk();
    const first = partStore(disk).store;
    const part = await first.open(description, 'a');
    for (const chunk of [3, 1]) await writeChunk(part, content, chunk);
    await part.close();

    const { store } = partStore(disk);
    expect(await store.unfinished()).toEqual([
      { fileId, path: 'a', size: content.length, paused: false, bytes: MIB + 5 },
    ]);
    expect(await store.describeUnfinished(fileId)).toEqual(description);
    const callsBefore = disk.calls;
    const again = await store.open(description, 'a');
    expect([...again.verified.indexes()]).toEqual([1, 3]);
    // Journal read, part and journal opened, journal cut: no byte of the data.
    expect(disk.calls - callsBefore).toBe(4);
  });

  test('a disk that fails once during the start loses no chunk: the journal is not taken for missing', async () => {
    for (let call = 1; call <= 5; call++) {
      const disk = memoryDisk();
      const part = await partStore(disk).store.open(description, 'a');
      await writeChunk(part, content, 1);
      await part.close();
      disk.failAt(call, 'EIO');
      const resumed = partStore(disk).store.open(description, 'a');
      const failed = await resumed.then(
        (again) => again.close(),
        ({ code }) => code,
      );
      expect(failed).toBe(call < 5 ? 'DISK_FAILED' : undefined);
      const again = await partStore(disk).store.open(description, 'a');
      expect([...again.verified.indexes()]).toEqual([1]);
    }
  });

  test('a chunk after the last mark with wrong bytes on disk is missing', async () => {
    const disk = memoryDisk();
    const { store, clock } = partStore(disk);
    const part = await store.open(description, 'a');
    await writeChunk(part, content, 0);
    clock.advance(SYNC_MS);
    await settle();
    await writeChunk(part, content, 1);
    await writeChunk(part, content, 2);
    const next = disk.kill();
    next.peek(`/share/Temp/${fileId}.part`)?.fill(0, MIB, MIB + 1);
    const again = await partStore(next).store.open(description, 'a');
    expect([...again.verified.indexes()]).toEqual([0, 2]);
    await again.close();
    expect([...(await partStore(next).store.open(description, 'a')).verified.indexes()]).toEqual([0, 2]);
  });

  test('a part file that was cut has lost the chunks beyond', async () => {
    const disk = memoryDisk();
    const { store } = partStore(disk);
    const part = await store.open(description, 'a');
    for (const chunk of ALL) await writeChunk(part, content, chunk);
    await part.close();
    const file = disk.open(`/share/Temp/${fileId}.part`);
    await file.truncate(MIB + 5);
    expect([...(await store.open(description, 'a')).verified.indexes()]).toEqual([0]);
  });

  test('a chunk lost with the end of the file stays lost when a later chunk makes the file long again', async () => {
    const disk = memoryDisk();
    const { store } = partStore(disk);
    const part = await store.open(description, 'a');
    for (const chunk of ALL) await writeChunk(part, content, chunk);
    await part.close();
    await disk.open(`/share/Temp/${fileId}.part`).truncate(MIB + 5);
    const cut = await store.open(description, 'a');
    await writeChunk(cut, content, 3);
    await cut.close();
    expect([...(await store.open(description, 'a')).verified.indexes()]).toEqual([0, 3]);
  });

  test('the journal of another file is ignored', async () => {
    const disk = memoryDisk();
    const { store } = partStore(disk);
    const other = madeFile(content.length, 9);
    const theirs = await store.open(other.description, 'b');
    for (const chunk of ALL) await writeChunk(theirs, other.content, chunk);
    await theirs.close();
    const part = await store.open(description, 'a');
    await writeChunk(part, content, 3); // The part file has the length of the other file.
    await part.close();
    disk.rename(`/share/Temp/${other.description.fileId}.journal`, `/share/Temp/${fileId}.journal`);
    expect(await store.unfinished()).toEqual([]);
    expect((await store.open(description, 'a')).verified.count).toBe(0);
  });

  test('killed between the new name and the old one: the file is not there twice', async () => {
    const disk = memoryDisk();
    const first = await partStore(disk).store.open(description, 'a');
    for (const chunk of ALL) await writeChunk(first, content, chunk);
    await first.close();
    disk.link(`/share/Temp/${fileId}.part`, '/share/a');
    const part = await partStore(disk).store.open(description, 'a');
    expect(part.verified.complete).toBe(true);
    expect(await part.finish()).toBe('/share/a');
    expect(disk.names('/share/Temp')).toEqual([]);
  });

  test('pause, resume and a new path are stored, for open and closed parts', async () => {
    const disk = memoryDisk();
    const { store } = partStore(disk);
    const part = await store.open(description, 'a');
    await store.setPaused(fileId, true);
    await part.close();
    expect(await store.unfinished()).toMatchObject([{ path: 'a', paused: true }]);
    await store.setPaused(fileId, false);
    await (await store.open(description, 'b/c')).close();
    expect(await partStore(disk).store.unfinished()).toMatchObject([{ path: 'b/c', paused: false }]);
  });

  test('a part file that another program wrote to is hashed again: damaged chunks are fetched anew', async () => {
    const disk = memoryDisk();
    const part = await partStore(disk).store.open(description, 'a');
    for (const chunk of [0, 1]) await writeChunk(part, content, chunk);
    await part.close();
    await disk.open(`/share/Temp/${fileId}.part`).write(Buffer.from('damage'), 0);
    const again = await partStore(disk).store.open(description, 'a');
    expect([...again.verified.indexes()]).toEqual([1]);
    for (const chunk of ALL) await writeChunk(again, content, chunk);
    expect(disk.peek(await again.finish())?.equals(content)).toBe(true);
  });

  test('a stop ends the hashing, and no chunk is forgotten', async () => {
    const disk = memoryDisk();
    const part = await partStore(disk).store.open(description, 'a');
    for (const chunk of [0, 1]) await writeChunk(part, content, chunk);
    await part.close();
    await disk.open(`/share/Temp/${fileId}.part`).write(content.subarray(0, 1), 0);
    const { store } = partStore(disk);
    await expect(store.open(description, 'a', {}, AbortSignal.abort())).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect([...(await store.open(description, 'a')).verified.indexes()]).toEqual([0, 1]);
  });

  test('after a clean stop no chunk is hashed again, even with an unfinished chunk written last', async () => {
    const disk = memoryDisk();
    const { store, clock } = partStore(disk);
    const part = await store.open(description, 'a');
    await writeChunk(part, content, 0);
    clock.advance(SYNC_MS);
    await settle();
    await part.writer(1).write(Buffer.from('unfinished'));
    await part.close();
    const stored = disk.peek(`/share/Temp/${fileId}.part`);
    // Unseen by the times of the file, so that only reading it would find it.
    stored?.writeUInt8(~(content[0] ?? 0) & 0xff, 0);
    const again = await partStore(disk).store.open(description, 'a');
    expect([...again.verified.indexes()]).toEqual([0]);
  });

  test('a Temp that is no folder fails the download as a fault of the disk, and the next try works', async () => {
    const disk = memoryDisk();
    const { store } = partStore(disk);
    vi.spyOn(disk, 'stateOf').mockImplementationOnce(() => {
      throw Object.assign(new Error('ENOTDIR: not a directory'), { code: 'ENOTDIR' });
    });
    await expect(store.open(description, 'a')).rejects.toMatchObject({ code: 'DISK_FAILED' });
    await (await store.open(description, 'a')).close();
  });

  test('a damaged journal is reported with the command that fetches the file anew', async () => {
    const disk = memoryDisk();
    await (await partStore(disk).store.open(description, 'a')).close();
    await disk.open(`/share/Temp/${fileId}.journal`).truncate(50);
    const { store, told } = partStore(disk);
    expect(await store.unfinished()).toEqual([]);
    const id = fileId.slice(0, 8);
    expect(told.problems).toEqual([
      `the journal of the unfinished file ${id} is damaged, and it starts anew: download ${id}`,
    ]);
  });

  test('a damaged journal of a file of an unfinished folder is not reported: the folder fetches it anew', async () => {
    const disk = memoryDisk();
    const { store, folders, told } = partStore(disk);
    await (await store.open(description, 'films/a')).close();
    await disk.open(`/share/Temp/${fileId}.journal`).truncate(50);
    const files = [{ fileId, size: 1, path: 'films/a', holders: [] }];
    await folders.keep({ key: 'a'.repeat(64), path: 'films', files, paused: false });
    expect(await store.unfinished()).toEqual([]);
    expect(told.problems).toEqual([]);
  });

  test('discarding an open or closed part leaves no file', async () => {
    const disk = memoryDisk();
    const { store } = partStore(disk);
    const part = await store.open(description, 'a');
    await writeChunk(part, content, 0);
    await part.discard();
    expect(disk.names('/share/Temp')).toEqual([]);
    await (await store.open(description, 'a')).close();
    await store.discardUnfinished(fileId);
    expect(disk.names('/share/Temp')).toEqual([]);
    expect(await store.unfinished()).toEqual([]);
  });

  test('cleaning up removes orphaned files of ours, and no others', async () => {
    const disk = memoryDisk();
    const { store } = partStore(disk);
    await (await store.open(description, 'a')).close();
    const orphan = 'e'.repeat(64);
    for (const name of [`${orphan}.part`, `${orphan}.new`, 'notes.txt', 'x.part'])
      disk.createWhole(`/share/Temp/${name}`, Buffer.alloc(0));
    store.cleanUp();
    expect([...disk.names('/share/Temp')].sort()).toEqual(
      [`${fileId}.part`, `${fileId}.journal`, 'notes.txt', 'x.part'].sort(),
    );
  });
});

describe('files of one chunk or none', () => {
  test.each([0, 1, 4_096, MIB])('%i bytes', async (size) => {
    const small = madeFile(size);
    const disk = memoryDisk();
    const { store, told } = partStore(disk);
    const part = await store.open(small.description, 'folder/small');
    if (size > 0) {
      expect(await writeChunk(part, small.content, 0, true)).toBe(false);
      expect(await writeChunk(part, small.content, 0)).toBe(true);
    }
    expect(disk.names('/share/Temp')).toEqual([]);
    expect(await part.finish()).toBe('/share/folder/small');
    expect(disk.peek('/share/folder/small')?.equals(small.content)).toBe(true);
    expect(disk.names('/share/Temp')).toEqual([]);
    expect(told).toMatchObject({ installed: [{ path: 'folder/small' }], closed: 1 });
  });

  test('a leftover in Temp and a missing Temp do not fail a download', async () => {
    const small = madeFile(10);
    const disk = memoryDisk();
    const { store } = partStore(disk);
    disk.createWhole(`/share/Temp/${small.description.fileId}.new`, Buffer.from('old'));
    const part = await store.open(small.description, 'x');
    await writeChunk(part, small.content, 0);
    await part.finish();
    disk.remove('/share/Temp');
    const again = await store.open(small.description, 'x');
    await writeChunk(again, small.content, 0);
    expect(await again.finish()).toBe('/share/x (2)');
  });
});

describe('modification time and executable bit', () => {
  const wanted = { modifiedMs: 1_234_567, executable: true } as const;

  test('a finished file and its catalog entry have those of the original', async () => {
    const disk = memoryDisk();
    const { store, told } = partStore(disk);
    const part = await store.open(description, 'a', wanted);
    for (const chunk of ALL) await writeChunk(part, content, chunk);
    await part.finish();
    expect(disk.stateOf('/share/a')).toMatchObject(wanted);
    expect(told.installed).toEqual([{ path: 'a', state: disk.stateOf('/share/a') }]);
  });

  test('a file of one chunk has those of the original', async () => {
    const disk = memoryDisk();
    const small = madeFile(100);
    const part = await partStore(disk).store.open(small.description, 'a', wanted);
    await writeChunk(part, small.content, 0);
    await part.finish();
    expect(disk.stateOf('/share/a')).toMatchObject(wanted);
  });

  test('a resumed download without attributes keeps those of the first run', async () => {
    const disk = memoryDisk();
    const first = await partStore(disk).store.open(description, 'a', wanted);
    await writeChunk(first, content, 0);
    await first.close();
    const { store } = partStore(disk);
    expect(await store.unfinished()).toMatchObject([wanted]);
    const part = await store.open(description, 'a');
    for (const chunk of [1, 2, 3]) await writeChunk(part, content, chunk);
    await part.finish();
    expect(disk.stateOf('/share/a')).toMatchObject(wanted);
  });

  test('new ones replace those of the first run, also in the journal', async () => {
    const disk = memoryDisk();
    await (await partStore(disk).store.open(description, 'a', wanted)).close();
    await (await partStore(disk).store.open(description, 'a', { modifiedMs: 77 })).close();
    const [unfinished] = await partStore(disk).store.unfinished();
    expect(unfinished?.modifiedMs).toBe(77);
    expect(unfinished?.executable).toBeUndefined();
  });
});

describe('a sparse file', () => {
  const bytes = Buffer.alloc(4 * MIB + 9);
  bytes.fill(7, MIB, 2 * MIB);
  const chunkHashes = [0, 1, 2, 3, 4].map((n) => hashBytes(bytes.subarray(n * MIB, (n + 1) * MIB)));
  const sparse = {
    fileId: fileIdOf(bytes.length, chunkHashes),
    layout: chunkLayout(bytes.length),
    chunkHashes,
  };

  test('chunks of zeros are neither fetched nor written, and need no space', async () => {
    const disk = memoryDisk();
    const { store } = partStore(disk);
    disk.free = MIB;
    const part = await store.open(sparse, 'disk.img');
    expect([...part.verified.indexes()]).toEqual([0, 2, 3, 4]);
    await writeChunk(part, bytes, 1);
    await part.finish();
    expect(disk.peek('/share/disk.img')?.equals(bytes)).toBe(true);
    disk.free = MIB - 1;
    await expect(store.open(sparse, 'again.img')).rejects.toMatchObject({ code: 'DISK_FULL' });
  });

  test.each(seeds(50))('a power cut leaves no other bytes in the finished file (seed %i)', async (seed) => {
    const disk = memoryDisk(seed);
    const first = await partStore(disk).store.open(sparse, 'disk.img');
    await writeChunk(first, bytes, 1);
    const next = disk.powerCut();
    const part = await partStore(next).store.open(sparse, 'disk.img');
    for (const chunk of [0, 1, 2, 3, 4]) if (!part.verified.has(chunk)) await writeChunk(part, bytes, chunk);
    await part.finish();
    expect(next.peek('/share/disk.img')?.equals(bytes)).toBe(true);
  });
});

test('a file that the file system cannot hold is refused before the first byte, with the reason', async () => {
  const disk = memoryDisk();
  const create = disk.create.bind(disk);
  const lengths: number[] = [];
  disk.create = (path) => {
    const file = create(path);
    file.truncate = async (length) => {
      lengths.push(length);
      throw Object.assign(new Error('EFBIG'), { code: 'EFBIG' });
    };
    return file;
  };
  const layout = chunkLayout(2 ** 32);
  const chunkHashes = Array.from({ length: layout.chunkCount }, (_, n) =>
    hashBytes(Buffer.of(n & 255, n >> 8)),
  );
  const huge = { fileId: fileIdOf(2 ** 32, chunkHashes), layout, chunkHashes };
  await expect(partStore(disk).store.open(huge, 'film.mkv')).rejects.toMatchObject({
    code: 'DISK_FAILED',
    hint: expect.stringContaining('too large for this file system'),
  });
  expect(lengths).toEqual([2 ** 32]);
  expect(disk.names('/share/Temp')).toEqual([]);
});

describe('a file that changed at its source', () => {
  const changed = Buffer.from(content);
  changed[2 * MIB + 7] = (changed[2 * MIB + 7] ?? 0) + 1;
  const hashes = ALL.map((chunk) => hashBytes(chunkBytes(changed, description.layout, chunk)));
  const newer = {
    fileId: fileIdOf(changed.length, hashes),
    layout: chunkLayout(changed.length),
    chunkHashes: hashes,
  };

  test('takes equal chunks from its unfinished older version, across restarts', async () => {
    const disk = memoryDisk();
    const before = partStore(disk);
    const old = await before.store.open(description, 'a.mkv');
    for (const chunk of [0, 2, 3]) await writeChunk(old, content, chunk);
    await before.store.close();

    const { store } = partStore(disk);
    const part = await store.open(newer, 'a.mkv');
    expect([...part.verified.indexes()]).toEqual([0, 3]);
    for (const chunk of [1, 2]) expect(await writeChunk(part, changed, chunk)).toBe(true);
    await part.finish();
    expect(disk.peek('/share/a.mkv')?.equals(changed)).toBe(true);
    expect((await store.unfinished()).map(({ bytes }) => bytes)).toEqual([2 * MIB + 5]);
  });

  test('takes nothing from another path, nor chunks that are damaged', async () => {
    const disk = memoryDisk();
    const before = partStore(disk);
    const old = await before.store.open(description, 'b.mkv');
    for (const chunk of ALL) await writeChunk(old, content, chunk);
    await before.store.close();
    const other = partStore(disk);
    const apart = await other.store.open(newer, 'a.mkv');
    expect(apart.verified.count).toBe(0);
    await apart.discard();

    const data = disk.open(`/share/Temp/${fileId}.part`);
    await data.write(Buffer.from('damaged'), 100);
    data.close();
    const part = await partStore(disk).store.open(newer, 'b.mkv');
    expect([...part.verified.indexes()]).toEqual([1, 3]);
  });
});

test('a push stays a push over a restart, until the user asks for the file too', async () => {
  const disk = memoryDisk();
  const pushedBy = 'c'.repeat(64) as PeerId;
  const origin = async () => (await partStore(disk).store.unfinished()).map((each) => each.pushedBy);
  const first = partStore(disk).store;
  await first.open(description, 'a.mkv', { pushedBy });
  await first.close();
  expect(await origin()).toEqual([pushedBy]);

  const second = partStore(disk).store;
  await second.open(description, 'a.mkv', { pushedBy });
  await second.setOwn(fileId);
  await second.close();
  expect(await origin()).toEqual([undefined]);

  const third = partStore(disk).store;
  await third.open(description, 'a.mkv', { pushedBy });
  await third.close();
  await third.setOwn(fileId);
  expect(await origin()).toEqual([undefined]);
});
