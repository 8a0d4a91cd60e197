import { lstatSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Catalog } from '../../../../Peer/Files/Catalog/Catalog.ts';
import { fileState } from '../../../../Peer/Files/Disk/FileState.ts';
import { inlineHasher } from '../../../../Peer/Files/Hashing/Hasher.ts';
import { hashFile } from '../../../../Peer/Files/Hashing/HashFile.ts';
import { SharedFiles, type SharedFilesOptions } from '../../../../Peer/Files/Serving/SharedFiles.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { sharedState } from '../../../Support/FileStates.ts';
import { TempFolder } from '../../../Support/TempFolder.ts';
import { eventually, pathsOf, startManager } from '../manager.ts';
import { madeFile } from '../Parts/parts.ts';

const CHUNK = 1_048_576;

/** A share with a file whose second chunk was damaged by its disk, which changes no time, and a sound file. */
async function damagedShare() {
  const folder = await TempFolder.forTest();
  const sound = Buffer.alloc(3 * CHUNK, 7);
  const damaged = Buffer.from(sound);
  damaged[CHUNK + 5] = 6;
  await folder.write('before/film', sound);
  await folder.write('share/film', damaged);
  await folder.write('before/other', Buffer.from('other'));
  await folder.write('share/other', Buffer.from('other'));
  let isBefore = true;
  const inner = inlineHasher();
  const makeHasher = () => ({
    ...inner,
    hash: async (root: string | undefined, paths: readonly string[], progress: (bytes: number) => void) => {
      if (!isBefore) return inner.hash(root, paths, progress);
      return paths.map((path) => ({
        ...hashFile(folder.at('before'), path, () => {}),
        state: fileState(lstatSync(join(root ?? '', path), { bigint: true })),
      }));
    },
  });
  const { manager, problems } = await startManager(folder, { seams: { makeHasher } });
  isBefore = false;
  const fileId = manager.findPath('film')?.fileId as FileId;
  return { folder, manager, problems, fileId };
}

test('a file whose damaged chunk is reported is withdrawn until it changes; a sound chunk changes nothing', async () => {
  const { folder, manager, problems, fileId } = await damagedShare();
  await manager.recheck(fileId, 0);
  await manager.recheck(fileId, 3);
  await manager.recheck('f'.repeat(64) as FileId, 0);
  await manager.rescan();
  expect([pathsOf(manager), problems]).toEqual([['film', 'other'], []]);

  await manager.recheck(fileId, 1);
  expect(pathsOf(manager)).toEqual(['other']);
  expect(problems).toEqual([expect.stringMatching(/^film: is damaged on this disk, and no longer shared: /)]);
  expect(manager.status().problems).toMatchObject([{ path: 'film' }]);
  await manager.rescan();
  expect(pathsOf(manager)).toEqual(['other']);

  await utimes(folder.at('share/film'), 1_000, 1_000);
  await manager.rescan();
  await eventually(() => expect(pathsOf(manager)).toEqual(['film', 'other']));
  expect(manager.findPath('film')?.fileId).not.toBe(fileId);
  expect(manager.status().problems).toEqual([]);
});

test('a path that gets another content while the chunk is verified elsewhere is not examined', async () => {
  const catalog = new Catalog();
  const { description } = madeFile(10, 0);
  const state = sharedState({ size: 10, modifiedMs: 1 });
  for (const path of ['a', 'b']) catalog.put(path, state, description.fileId);
  const [first = '', second = ''] = catalog.pathsOf(description.fileId);
  const examined: string[] = [];
  const isDamaged = async (path: string) => {
    examined.push(path);
    catalog.put(second, state, 'f'.repeat(64) as FileId);
    return true;
  };
  const withdrawn: string[] = [];
  const files = new SharedFiles({
    catalog,
    cache: { hashes: () => Buffer.from(description.chunkHashes.join(''), 'hex') },
    reader: { isDamaged },
    share: { index: { damaged: (path: string) => withdrawn.push(path) } },
  } as unknown as SharedFilesOptions);
  await files.recheck(description.fileId, 0);
  expect([examined, withdrawn]).toEqual([[first], [first]]);
});

test('a further path that gets another content while the first one is read is not served as the former', async () => {
  const catalog = new Catalog();
  const { description } = madeFile(10, 0);
  const state = sharedState({ size: 10, modifiedMs: 1 });
  for (const path of ['a', 'b', 'c']) catalog.put(path, state, description.fileId);
  const entry = catalog.find(description.fileId);
  if (entry === undefined) throw new Error('not in the catalog');
  const [second = ''] = catalog.pathsOf(description.fileId).filter((path) => path !== entry.path);
  const opened: string[] = [];
  const read = async (path: string) => {
    opened.push(path);
    catalog.put(second, state, 'f'.repeat(64) as FileId);
    throw new ShoalError('FILE_CHANGED', 'changed');
  };
  const files = new SharedFiles({ catalog, reader: { read } } as unknown as SharedFilesOptions);
  const reading = files.read(entry, 0, 0, Buffer.alloc(10));
  await expect(reading).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  expect(opened).toHaveLength(2);
  expect(opened).not.toContain(second);
});
