import { describe, expect, test } from 'vitest';
import { DiskNames } from '../../../../Peer/Files/Disk/DiskNames.ts';
import type { FileState } from '../../../../Peer/Files/Disk/FileState.ts';
import { IncomingFiles } from '../../../../Peer/Files/Parts/IncomingFiles.ts';
import type { IncomingFile } from '../../../../Peer/Storage.ts';
import type { FileDescription } from '../../../../Protocol/FileId.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { MemoryDisk } from '../../../Support/MemoryDisk.ts';
import { madeFile } from './parts.ts';

const MIB = 1_024 * 1_024;
const { content, description } = madeFile(2 * MIB + 99);

function incoming(disk = new MemoryDisk({ random: new SeededRandom(1) })) {
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
  });
  return { disk, files, installed, needed, here };
}

async function send(file: IncomingFile, bytes: Buffer, piece = 70_001): Promise<void> {
  for (let at = 0; at < bytes.length; at += piece) await file.write(bytes.subarray(at, at + piece));
}

test('pieces of any size become a file with the hashes of its chunks', async () => {
  const { disk, files, installed } = incoming();
  const file = files.create('f/a.bin', content.length, { modifiedMs: 5_000 });
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
  const { disk, files } = incoming();
  const file = files.create('empty', 0, {});
  expect((await file.finish()).fileId).toBe(madeFile(0).description.fileId);
  expect(disk.peek('/share/empty')?.length).toBe(0);
});

test('never overwrites, and leaves no name of the share', async () => {
  const { disk, files } = incoming();
  for (const expected of ['a.bin', 'a (2).bin']) {
    const file = files.create('../../a.bin', 3, {});
    await file.write(Buffer.from('abc'));
    expect((await file.finish()).path).toBe(expected);
  }
  expect(disk.peek('/share/a.bin')?.toString()).toBe('abc');
});

test('content that is at its path already gets no second copy', async () => {
  const { disk, files, installed, here } = incoming();
  here.path = '/share/f/a.bin';
  const file = files.create('f/a.bin', 3, {});
  await file.write(Buffer.from('abc'));
  expect(await file.finish()).toMatchObject({ path: 'f/a.bin', absolute: '/share/f/a.bin' });
  expect(installed).toEqual([]);
  expect(disk.names('/share/Temp')).toEqual([]);
});

test('space is checked for it, and for what all other incoming files still need', async () => {
  const { disk, files, needed } = incoming();
  disk.free = 150;
  const first = files.create('a', 100, {});
  await first.write(Buffer.alloc(40));
  const second = files.create('b', 90, {});
  expect(needed).toEqual([100, 150]);
  expect(() => files.create('c', 1, {})).toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
  second.discard();
  files.create('c', 90, {});
});

describe('a failing disk', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
    'call %i: nothing wrong in the share; the bytes can be sent again',
    async (call) => {
      const { disk, files } = incoming();
      const whole = Buffer.from('0123456789');
      disk.failAt(call, call % 2 === 0 ? 'ENOSPC' : 'EIO');
      const once = async () => {
        const file = files.create('a', whole.length, {});
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
  const { disk, files } = incoming();
  const file = files.create('a', 10, {});
  const writing = file.write(Buffer.from('01234'));
  file.discard();
  await writing;
  expect(disk.names('/share/Temp')).toEqual([]);
  await expect(file.write(Buffer.from('5'))).rejects.toMatchObject({ code: 'CLOSED' });
});

test('more bytes than announced are a mistake of the caller, and written nowhere', async () => {
  const { files } = incoming();
  const file = files.create('a', 3, {});
  await expect(file.write(Buffer.from('0123'))).rejects.toThrow(RangeError);
  expect(file.bytes).toBe(0);
  await expect(file.finish()).rejects.toThrow('before every byte');
});

test('closing deletes all that are not whole', async () => {
  const { disk, files } = incoming();
  files.create('a', 3, {});
  files.create('b', 3, {});
  await files.close();
  expect(disk.names('/share/Temp')).toEqual([]);
});
