import {
  BatchInstallers,
  type BatchInstallersOptions,
} from '../../../../Peer/Files/Batches/BatchInstallers.ts';
import { inlineSmallWriter } from '../../../../Peer/Files/Batches/SmallWriter.ts';
import { DiskNames } from '../../../../Peer/Files/Disk/DiskNames.ts';
import type { FileState } from '../../../../Peer/Files/Disk/FileState.ts';
import { FolderStore } from '../../../../Peer/Files/Parts/FolderStore.ts';
import { PartStore } from '../../../../Peer/Files/Parts/PartStore.ts';
import type { Part } from '../../../../Peer/Storage.ts';
import { chunkLayout, chunkLength, chunkOffset } from '../../../../Protocol/ChunkLayout.ts';
import { type FileDescription, fileIdOf, hashBytes } from '../../../../Protocol/FileId.ts';
import type { ChunkHash, FileId } from '../../../../Protocol/Ids.ts';
import type { MemoryDisk } from '../../../Support/MemoryDisk.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

const CHUNK = 1_024 * 1_024;

/** A file of `size` bytes whose chunks all differ, with its description. */
export function madeFile(size: number, salt = 0): { content: Buffer; description: FileDescription } {
  const layout = chunkLayout(size);
  const content = Buffer.alloc(size);
  for (let at = 0; at < size; at += CHUNK)
    content.fill(1 + ((at / CHUNK + salt) % 250), at, Math.min(size, at + CHUNK));
  const chunkHashes = Array.from({ length: layout.chunkCount }, (_, chunk) =>
    hashBytes(chunkBytes(content, layout, chunk)),
  );
  return { content, description: { fileId: fileIdOf(size, chunkHashes), layout, chunkHashes } };
}

export function chunkBytes(content: Buffer, layout: FileDescription['layout'], chunk: number): Buffer {
  const start = chunkOffset(layout, chunk);
  return content.subarray(start, start + chunkLength(layout, chunk));
}

/** A store and the batch installers on a disk in memory, with their clock and the events they reported. */
export function partStore(disk: MemoryDisk, batchOptions: Partial<BatchInstallersOptions> = {}) {
  const clock = new SimulatedClock();
  const told = {
    verified: [] as number[],
    installed: [] as { path: string; state: FileState }[],
    folders: [] as string[],
    /** Chunk hashes of the files that were installed in a batch. */
    hashes: [] as ChunkHash[],
    closed: 0,
    problems: [] as string[],
  };
  if (disk.kindOf('/share') === undefined) {
    disk.putFolder('/share');
    disk.putFolder('/share/Temp');
  }
  const storage = {
    disk,
    clock,
    root: '/share',
    temp: '/share/Temp',
    names: new DiskNames(disk, '/share/Temp'),
    events: {
      opened: () => {},
      verified: (_: unknown, chunk: number) => told.verified.push(chunk),
      installed: (path: string, state: FileState) => told.installed.push({ path, state }),
      installedInBatch: (path: string, state: FileState, _: FileId, hash: ChunkHash) => {
        told.installed.push({ path, state });
        told.hashes.push(hash);
      },
      folderInstalled: (path: string) => told.folders.push(path),
      closed: () => told.closed++,
    },
    problem: (text: string) => told.problems.push(text),
  };
  const batches = new BatchInstallers({
    ...storage,
    makeWriter: () => inlineSmallWriter(disk),
    isHere: () => undefined,
    ...batchOptions,
  });
  const folders = new FolderStore(storage);
  const store = new PartStore({ ...storage, keptFolders: () => folders.all() });
  return { store, folders, batches, clock, told };
}

/** Writes a chunk in pieces; wrong bytes if `spoil`. Returns the result of the writer. */
export async function writeChunk(
  part: Part,
  content: Buffer,
  chunk: number,
  spoil = false,
): Promise<boolean> {
  const bytes = chunkBytes(content, part.description.layout, chunk);
  const writer = part.writer(chunk);
  const middle = bytes.length >> 1;
  const second = Buffer.from(bytes.subarray(middle));
  if (spoil) second[0] = (second[0] ?? 0) ^ 1;
  const writes = [writer.write(bytes.subarray(0, middle)), writer.write(second)];
  try {
    await Promise.all(writes);
    return await writer.finish();
  } catch (failure) {
    await Promise.allSettled(writes);
    writer.abandon();
    throw failure;
  }
}

/** Waits for all pending operations of a MemoryDisk. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await new Promise((resolve) => setImmediate(resolve));
}
