import { describe, expect, test } from 'vitest';
import { DiskNames } from '../../../../Peer/Files/Disk/DiskNames.ts';
import type { FileState } from '../../../../Peer/Files/Disk/FileState.ts';
import { IncomingFiles } from '../../../../Peer/Files/Parts/IncomingFiles.ts';
import type { FileAttributes } from '../../../../Peer/Model.ts';
import type { IncomingFile } from '../../../../Peer/Storage.ts';
import type { FileDescription } from '../../../../Protocol/FileId.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { MemoryDisk } from '../../../Support/MemoryDisk.ts';
import { madeFile } from './parts.ts';

const MIB = 1_024 * 1_024;
/** Modification time of all files of a MemoryDisk. */
const DISK_WALL_MS = 1_700_000_000_000;
const { content, description } = madeFile(2 * MIB + 99);

function incoming(disk = new MemoryDisk({ random: new SeededRandom(1) }), now = { wallMs: DISK_WALL_MS }) {
  disk.putFolder('/share');
  const installed: { path: string; state: FileState; description: FileDescription }[] = [];
  const needed: number[] = [];
  const here = { path: undefined as string | undefined };
  const files = new IncomingFiles({
    disk,
    root: '/share',
    temp: '/share/Temp',
    names: new DiskNames(disk, '/share/Temp'),
    events: { installed: (path, state, whole) => void installed.push({ path, state, description: whole }) },
    requireFreeSpace: (bytes) => {
      needed.push(bytes);
      if (bytes > disk.free) throw new ShoalError('DISK_FULL', 'full');
    },
    placeOf: () => here.path,
    wallMs: () => now.wallMs,
  });
  const create = (path: string, size: number, attributes: FileAttributes = {}, fresh = false) =>
    files.create(path, size, attributes, { key: path, fresh });
  return { disk, files, installed, needed, here, create };
}

async function send(file: IncomingFile, bytes: Buffer, piece = 70_001): Promise<void> {
  for (let at = 0; at < bytes.length; at += piece) await file.write(bytes.subarray(at, at + piece));
}

test('pieces of any size become a file with the hashes of its chunks', async () => {
  const { disk, create, installed } = incoming();
  const file = await create('f/a.bin', content.length, { modifiedMs: 5_000 });
  await send(file, content);
  expect(installed).toEqual([]);
  expect(await file.finish()).toEqual({
    path: 'f/a.bin',
    absolute: '/share/f/a.bin',
    fileId: description.fileId,
  });
  expect(disk.peek('/share/f/a.bin')?.equals(content)).toBe(true);
  expect(installed).toMatchObject([{ path: 'f/a.bin', description }]);
  expect(disk.names('/share/Temp')).toEqual([]);
});

test('an empty file has no chunk', async () => {
  const { disk, create } = incoming();
  const file = await create('empty', 0, {});
  expect((await file.finish()).fileId).toBe(madeFile(0).description.fileId);
  expect(disk.peek('/share/empty')?.length).toBe(0);
});

test('an installed file replaces none, and stays in the share folder', async () => {
  const { disk, create } = incoming();
  for (const expected of ['a.bin', 'a (2).bin']) {
    const file = await create('../../a.bin', 3, {});
    await file.write(Buffer.from('abc'));
    expect((await file.finish()).path).toBe(expected);
  }
  expect(disk.peek('/share/a.bin')?.toString()).toBe('abc');
});

test('content that exists at its path gets no second copy', async () => {
  const { disk, create, installed, here } = incoming();
  here.path = '/share/f/a.bin';
  const file = await create('f/a.bin', 3, {});
  await file.write(Buffer.from('abc'));
  expect(await file.finish()).toMatchObject({ path: 'f/a.bin', absolute: '/share/f/a.bin' });
  expect(installed).toEqual([]);
  expect(disk.names('/share/Temp')).toEqual([]);
});

test('the space check includes the bytes that other incoming files still need', async () => {
  const { disk, create, needed } = incoming();
  disk.free = 150;
  const first = await create('a', 100, {});
  await first.write(Buffer.alloc(40));
  const second = await create('b', 90, {});
  expect(needed).toEqual([100, 150]);
  await expect(create('c', 1)).rejects.toMatchObject({ code: 'DISK_FULL' });
  second.discard();
  await create('c', 90, {});
});

describe('a failing disk', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
    'call %i: no wrong bytes in the share, and the bytes can be sent again',
    async (call) => {
      const { disk, create } = incoming();
      const whole = Buffer.from('0123456789');
      disk.failAt(call, call % 2 === 0 ? 'ENOSPC' : 'EIO');
      let last: IncomingFile | undefined;
      const once = async () => {
        last?.discard();
        const file = await create('a', whole.length, {});
        last = file;
        try {
          await send(file, whole, 4);
        } catch {
          await send(file, whole.subarray(file.bytes), 4);
        }
        return file.finish();
      };
      const placed = await once().catch(async (failure: unknown) => {
        expect(failure).toMatchObject({ code: expect.stringMatching(/^DISK_/) });
        return once();
      });
      expect(disk.peek(placed.absolute)?.equals(whole)).toBe(true);
    },
  );
});

test('discarded during a write: no file stays, and no more is taken', async () => {
  const { disk, create } = incoming();
  const file = await create('a', 10, {});
  const writing = file.write(Buffer.from('01234'));
  file.discard();
  await writing;
  expect(disk.names('/share/Temp')).toEqual([]);
  await expect(file.write(Buffer.from('5'))).rejects.toMatchObject({ code: 'CLOSED' });
});

test('more bytes than announced are a RangeError, and not written', async () => {
  const { create } = incoming();
  const file = await create('a', 3, {});
  await expect(file.write(Buffer.from('0123'))).rejects.toThrow(RangeError);
  expect(file.bytes).toBe(0);
  await expect(file.finish()).rejects.toThrow('before every byte');
});

test('a file cannot be received twice at once', async () => {
  const { create, files } = incoming();
  const file = await create('a', 3);
  await expect(create('a', 3)).rejects.toMatchObject({ code: 'LOCAL_CONFLICT' });
  file.discard();
  await create('a', 3);
  await files.close();
});

/** Sends the first bytes of the content, ends the run, and starts the next one. */
async function interrupted(bytes: number) {
  const first = incoming();
  await send(await first.create('f/a.bin', content.length), content.subarray(0, bytes));
  await first.files.close();
  return incoming(first.disk.kill());
}

describe('after a restart', () => {
  test.each([
    [0, 0],
    [MIB - 1, 0],
    [MIB, MIB],
    [2 * MIB + 98, 2 * MIB],
    [content.length, content.length],
  ])('of %i bytes sent, the bytes of whole chunks are kept: %i', async (sent, kept) => {
    const { files, create, disk } = await interrupted(sent);
    files.cleanUp();
    expect([files.isLeft({ key: 'f/a.bin' }), files.isLeft({ key: 'other' })]).toEqual([true, false]);
    const file = await create('f/a.bin', content.length);
    expect(file.bytes).toBe(kept);
    await send(file, content.subarray(kept));
    expect((await file.finish()).fileId).toBe(description.fileId);
    expect(disk.peek('/share/f/a.bin')?.equals(content)).toBe(true);
    expect(disk.names('/share/Temp')).toEqual([]);
  });

  test('bytes that changed on disk are discarded, with all that follow', async () => {
    const { create, disk } = await interrupted(2 * MIB);
    const [name = ''] = disk.names('/share/Temp').filter((each) => each.endsWith('.drop'));
    await disk.open(`/share/Temp/${name}`).write(Buffer.from('?'), 5);
    const file = await create('f/a.bin', content.length);
    expect(file.bytes).toBe(0);
    await send(file, content);
    expect(disk.peek((await file.finish()).absolute)?.equals(content)).toBe(true);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9])(
    'call %i of the disk fails: the next attempt keeps all bytes',
    async (call) => {
      const { create, disk } = await interrupted(2 * MIB);
      disk.failAt(call, 'EIO');
      const file = await create('f/a.bin', content.length).catch(() => create('f/a.bin', content.length));
      expect(file.bytes).toBe(2 * MIB);
      await send(file, content.subarray(file.bytes)).catch(() => send(file, content.subarray(file.bytes)));
      expect((await file.finish().catch(() => file.finish())).fileId).toBe(description.fileId);
    },
  );

  test('a client that begins again gets an empty file', async () => {
    const { create } = await interrupted(MIB);
    expect((await create('f/a.bin', content.length, {}, true)).bytes).toBe(0);
  });

  test('a part without its hashes, or hashes without a part, are removed; a pair after an hour', async () => {
    const now = { wallMs: DISK_WALL_MS };
    const { create, disk, files } = incoming(undefined, now);
    for (const path of ['a', 'b']) await create(path, 3);
    await files.close();
    const [first = ''] = disk.names('/share/Temp');
    disk.remove(`/share/Temp/${first}`);
    files.cleanUp();
    expect(disk.names('/share/Temp')).toHaveLength(2);
    now.wallMs += 3_600_001;
    files.cleanUp();
    expect(disk.names('/share/Temp')).toEqual([]);
  });

  test('64 GiB are kept', async () => {
    const { create, disk, files } = incoming();
    for (const path of ['a', 'b', 'c']) await create(path, 3);
    await files.close();
    const stateOf = disk.stateOf.bind(disk);
    disk.stateOf = (path) => {
      const state = stateOf(path);
      return state && { ...state, size: 32 * 1_024 ** 3 };
    };
    files.cleanUp();
    expect(disk.names('/share/Temp')).toHaveLength(2 * 2);
  });

  test('64 files are kept, and no open one is removed', async () => {
    const now = { wallMs: DISK_WALL_MS };
    const { create, disk, files } = incoming(undefined, now);
    for (let n = 0; n < 70; n++) await create(`${n}`, 3);
    await files.close();
    await create('open', 3);
    files.cleanUp();
    expect(disk.names('/share/Temp')).toHaveLength(2 * (64 + 1));
    now.wallMs += 3_600_001;
    files.cleanUp();
    expect(disk.names('/share/Temp')).toHaveLength(2);
  });
});

test('whatever a power cut leaves, the file is right in the end', async () => {
  for (let seed = 1; seed <= 16; seed++) {
    const random = new SeededRandom(seed);
    const first = incoming(new MemoryDisk({ random }));
    const file = await first.create('a', content.length);
    await send(file, content.subarray(0, random.int(0, content.length)), 200_001);
    const second = incoming(first.disk.powerCut());
    second.files.cleanUp();
    const again = await second.create('a', content.length);
    await send(again, content.subarray(again.bytes), 200_001);
    expect((await again.finish()).fileId, `seed ${seed}`).toBe(description.fileId);
    expect(second.disk.peek('/share/a')?.equals(content), `seed ${seed}`).toBe(true);
  }
});
