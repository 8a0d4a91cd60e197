import { link, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { MemoryHashCache } from '../../Peer/Files/Hashing/HashCache.ts';
import { TempFolder } from '../Support/TempFolder.ts';
import { countingHasher, eventually, noWatch, startManager } from './Files/manager.ts';
import { madeFile } from './Files/Parts/parts.ts';

const MIB = 1_024 * 1_024;

describe('serving', () => {
  test('any range of any shared file can be read, and no other', async () => {
    const folder = await TempFolder.forTest();
    const { content, description } = madeFile(2 * MIB + 300);
    await folder.write('share/large', content);
    await folder.write('share/small', 'hello world');
    await folder.write('share/empty', '');
    const { manager } = await startManager(folder);
    const into = Buffer.alloc(300);
    await manager.read(description.fileId, 2, 0, into);
    expect(into.equals(content.subarray(2 * MIB))).toBe(true);
    await manager.read(description.fileId, 0, MIB - 300, into);
    expect(into.equals(content.subarray(MIB - 300, MIB))).toBe(true);
    const small = manager.findPath('small')?.fileId ?? ('' as never);
    const word = Buffer.alloc(5);
    await manager.read(small, 0, 6, word);
    expect(word.toString()).toBe('world');
    for (const [chunk, offset] of [
      [0, 7],
      [1, 0],
      [-1, 0],
      [0, -1],
    ] as const)
      await expect(manager.read(small, chunk, offset, word)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const empty = manager.findPath('empty')?.fileId ?? ('' as never);
    expect((await manager.describe(empty)).chunkHashes).toEqual([]);
    await expect(manager.read('0'.repeat(64) as never, 0, 0, word)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test.each([10, MIB + 10])(
    'a file of %i bytes that changed is refused, then served with its new content',
    async (size) => {
      const folder = await TempFolder.forTest();
      const old = madeFile(size);
      const next = madeFile(size, 100);
      const path = await folder.write('share/file', old.content);
      await utimes(path, 1_000, 1_000);
      const { manager } = await startManager(folder, { seams: { watch: noWatch } });
      const into = Buffer.alloc(10);
      await manager.read(old.description.fileId, 0, 0, into);
      // The same length, and the old modification time put back: only the ctime differs.
      await writeFile(path, next.content);
      await utimes(path, 1_000, 1_000);
      await expect(manager.read(old.description.fileId, 0, 0, into)).rejects.toMatchObject({
        code: 'FILE_CHANGED',
      });
      await eventually(() => expect(manager.holdings(next.description.fileId)).toBe('all'));
      expect(manager.holdings(old.description.fileId)).toBeUndefined();
      await manager.read(next.description.fileId, 0, 0, into);
      expect(into.equals(next.content.subarray(0, 10))).toBe(true);
    },
  );

  test.each([10, MIB + 10])(
    'a file of %i bytes that got a hard link outside the share stays shared',
    async (size) => {
      const folder = await TempFolder.forTest();
      const { content, description } = madeFile(size);
      const path = await folder.write('share/file', content);
      const { asked, makeHasher } = countingHasher();
      const wait = { quietMs: 300, coalesceMs: 10 };
      await utimes(path, 1_000, 1_000);
      const { manager } = await startManager(folder, { seams: { watch: noWatch, makeHasher }, scan: wait });
      await eventually(() => expect(manager.holdings(description.fileId)).toBe('all'));
      const { version } = manager;
      await link(path, folder.at('elsewhere'));
      const into = Buffer.alloc(10);
      for (const offset of [0, size - 10]) {
        const chunk = Math.floor(offset / MIB);
        await manager.read(description.fileId, chunk, offset - chunk * MIB, into);
        expect(into).toEqual(content.subarray(offset, offset + 10));
      }
      expect(asked).toEqual(['file']);
      // Hashed again without a new catalog version.
      await eventually(() => expect(asked).toEqual(['file', 'file']));
      await eventually(() => expect(manager.readNow(description.fileId, size, 0, into)).toBe(size === 10));
      expect(manager.version).toBe(version);
    },
  );

  test('a chunk with other bytes is not served, even if only the ctime of the file changed', async () => {
    const folder = await TempFolder.forTest();
    const { content, description } = madeFile(2 * MIB);
    const path = await folder.write('share/file', content);
    await utimes(path, 1_000, 1_000);
    const { manager } = await startManager(folder, { seams: { watch: noWatch } });
    const other = Buffer.from(content);
    other[2 * MIB - 1] = (other[2 * MIB - 1] ?? 0) ^ 1;
    await writeFile(path, other);
    await utimes(path, 1_000, 1_000);
    const into = Buffer.alloc(10);
    await manager.read(description.fileId, 0, 0, into);
    expect(into).toEqual(content.subarray(0, 10));
    // NOT_FOUND: the read before has the file hashed again, which may be done by now.
    await expect(manager.read(description.fileId, 1, 0, into)).rejects.toMatchObject({
      code: expect.stringMatching(/FILE_CHANGED|NOT_FOUND/),
    });
    expect(manager.holdings(description.fileId)).toBeUndefined();
  });

  test.each([10, MIB + 10])(
    'a file of %i bytes that became a link out of the share is not served',
    async (size) => {
      const folder = await TempFolder.forTest();
      const { content, description } = madeFile(size);
      await folder.write('share/d/file', content);
      await folder.write('outside/file', Buffer.alloc(size, 0xee));
      const { manager } = await startManager(folder, { seams: { watch: noWatch } });
      await rename(folder.at('share/d'), folder.at('share/gone'));
      await symlink(folder.at('outside'), folder.at('share/d'));
      const into = Buffer.alloc(10);
      await expect(manager.read(description.fileId, 0, 0, into)).rejects.toMatchObject({
        code: expect.stringMatching(/NOT_FOUND|FILE_CHANGED/),
      });
      expect(into.equals(Buffer.alloc(10))).toBe(true);
    },
  );

  test('a file overwritten while it is served never yields a mix of both contents', async () => {
    const folder = await TempFolder.forTest();
    const files = [madeFile(3 * MIB), madeFile(3 * MIB, 100)];
    const path = await folder.write('share/file', files[0]?.content ?? '');
    const { manager } = await startManager(folder);
    const into = Buffer.alloc(MIB);
    const started = Date.now();
    let served = 0;
    for (let round = 0; Date.now() - started < 1_500; round++) {
      const writing = round % 3 === 0 ? writeFile(path, files[round % 2]?.content ?? '') : undefined;
      for (const { content, description } of files) {
        const chunk = round % 3;
        const right = content.subarray(chunk * MIB, (chunk + 1) * MIB);
        const answer = await manager.read(description.fileId, chunk, 0, into).then(
          () => (into.equals(right) ? 'right' : 'wrong'),
          (failure: { code?: string }) => failure.code,
        );
        expect(['right', 'FILE_CHANGED', 'NOT_FOUND']).toContain(answer);
        if (answer === 'right') served++;
      }
      await writing;
      if (round % 6 === 0) await manager.rescan();
    }
    expect(served).toBeGreaterThan(0);
  });

  test('lost chunk hashes are recomputed', async () => {
    const folder = await TempFolder.forTest();
    const { content, description } = madeFile(2 * MIB);
    await folder.write('share/file', content);
    const cache = new MemoryHashCache();
    const { manager } = await startManager(folder, { seams: { cache } });
    cache.remove('file');
    await expect(manager.describe(description.fileId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await eventually(() => expect(manager.find(description.fileId)).toBeDefined());
    expect(await manager.describe(description.fileId)).toEqual(description);
  });
});
