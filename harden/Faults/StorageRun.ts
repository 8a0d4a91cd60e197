import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileManager } from '../../Peer/FileManager.ts';
import type { Disk } from '../../Peer/Files/Disk/Disk.ts';
import { OWN_PREFIX } from '../../Peer/Files/Watching/FolderWalk.ts';
import type { SmallFile } from '../../Peer/Storage.ts';
import { chunkLayout, chunkLength, chunkOffset } from '../../Protocol/ChunkLayout.ts';
import { type FileDescription, fileIdOf, hashBytes } from '../../Protocol/FileId.ts';
import { silentLog } from '../../Shared/Log.ts';
import type { SeededRandom } from '../../Shared/SeededRandom.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { systemClock } from '../../Shared/Time/Clock.ts';

/** A file that a run of the storage installs. */
export interface WantedFile {
  readonly path: string;
  readonly content: Buffer;
  readonly description: FileDescription;
}

export function wantedFile(path: string, bytes: number, random: SeededRandom): WantedFile {
  const content = random.bytes(bytes);
  const layout = chunkLayout(bytes);
  const chunkHashes = Array.from({ length: layout.chunkCount }, (_, chunk) => {
    const at = chunkOffset(layout, chunk);
    return hashBytes(content.subarray(at, at + chunkLength(layout, chunk)));
  });
  return { path, content, description: { fileId: fileIdOf(bytes, chunkHashes), layout, chunkHashes } };
}

export async function openStorage(root: string, disk: Disk): Promise<FileManager> {
  const manager = new FileManager({
    shareDir: root,
    cacheDir: undefined,
    clock: systemClock,
    wallMs: Date.now,
    log: silentLog,
    hashWorkers: 0,
    seams: { disk },
  });
  await manager.start();
  await manager.scanned();
  return manager;
}

/**
 * Downloads a large file, small ones in a batch, and copies the large one, each step independent of the others.
 * @returns failures that are no ShoalError: they would end the program
 */
export async function useStorage(
  manager: FileManager,
  large: WantedFile,
  small: readonly WantedFile[],
): Promise<unknown[]> {
  const strange: unknown[] = [];
  const step = (work: Promise<unknown>) =>
    work.catch((failure: unknown) => {
      if (!(failure instanceof ShoalError)) strange.push(failure);
    });
  const key = 'f'.repeat(64);
  const files = small.map(({ path, description: { fileId, layout } }) => ({
    fileId,
    size: layout.size,
    path,
    holders: [],
  }));
  await step(manager.keepFolder({ key, path: 'small/', files, paused: false }));
  await step(downloadLarge(manager, large));
  await step(downloadSmall(manager, small));
  await step(copyLarge(manager, large));
  await step(manager.forgetFolder(key));
  return strange;
}

/**
 * Files below a folder, relative to it, with their content, without those of the program, such as the lock of the
 * share.
 */
export async function filesBelow(root: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.startsWith(OWN_PREFIX)) continue;
    const path = join(entry.parentPath, entry.name);
    found.set(path.slice(root.length + 1), await readFile(path));
  }
  return found;
}

async function downloadLarge(
  manager: FileManager,
  { path, content, description }: WantedFile,
): Promise<void> {
  if (manager.findComplete(description.fileId) !== undefined) return;
  const part = await manager.open(description, path, { modifiedMs: 1_000 });
  try {
    for (let chunk = 0; chunk < description.layout.chunkCount; chunk++) {
      if (part.verified.has(chunk)) continue;
      const writer = part.writer(chunk);
      const at = chunkOffset(description.layout, chunk);
      await writer.write(content.subarray(at, at + chunkLength(description.layout, chunk)));
      await writer.finish();
    }
    await part.finish();
  } catch (failure) {
    await part.close().catch(() => {});
    throw failure;
  }
}

async function downloadSmall(manager: FileManager, wanted: readonly WantedFile[]): Promise<void> {
  const missing = wanted.filter(({ description }) => manager.findComplete(description.fileId) === undefined);
  const files: SmallFile[] = [];
  let offset = 0;
  for (const [row, { path, content, description }] of missing.entries()) {
    files.push({ row, fileId: description.fileId, size: content.length, path, offset });
    offset += content.length;
  }
  const installer = manager.openInstaller(
    missing.map(({ path }) => path),
    { installed: () => {}, failed: () => {} },
  );
  if (files.length > 0) await installer.install(Buffer.concat(missing.map(({ content }) => content)), files);
  await installer.close();
}

async function copyLarge(manager: FileManager, { description }: WantedFile): Promise<void> {
  if (manager.findPath('copy') === undefined) await manager.copyComplete(description.fileId, 'copy');
}
