import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import { chunkLayout, chunkLength, chunkOffset } from '../../../Protocol/ChunkLayout.ts';
import { fileIdOf } from '../../../Protocol/FileId.ts';
import type { ChunkHash, FileId } from '../../../Protocol/Ids.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { hashRange } from '../Disk/HashRange.ts';
import { numberedPath, safePath } from '../Disk/SafePath.ts';

/** The folder to which complete files are moved afterwards. */
export interface Delivery {
  /** Absolute. */
  readonly folder: string;
  /** Name of the single file; undefined: its own. */
  readonly name: string | undefined;
}

/** Most numbered names (`name (2).ext` …) that are compared with one content. */
const NAMES_MAX = 100;

/** Files below a folder that no catalog has to list: delivered by an earlier command, or not scanned yet. */
export class DeliveredFiles {
  readonly #delivery: Delivery;

  constructor(delivery: Delivery) {
    this.#delivery = delivery;
  }

  /**
   * Finds the content under its wanted path or a numbered form of it: size and hash are compared.
   * @param wanted - from a stranger
   * @returns the absolute path; undefined: it is not there
   * @throws ShoalError LOCAL_CONFLICT when the name that the user gave is taken by something else
   */
  async find(fileId: FileId, size: number, wanted: string): Promise<string | undefined> {
    const { folder, name } = this.#delivery;
    if (name !== undefined && !wanted.includes('/')) return this.#named(join(folder, name), fileId, size);
    // The disk there decides which of both forms a name got.
    for (const path of new Set([safePath(wanted, 'any'), safePath(wanted)])) {
      for (let number = 1; number <= NAMES_MAX; number++) {
        const absolute = join(folder, numberedPath(path, number));
        const found = await compare(absolute, fileId, size);
        if (found === 'equal') return absolute;
        if (found === 'nothing') break;
      }
    }
    return undefined;
  }

  async #named(absolute: string, fileId: FileId, size: number): Promise<string | undefined> {
    const found = await compare(absolute, fileId, size);
    if (found === 'nothing') return undefined;
    if (found === 'equal') return absolute;
    throw new ShoalError('LOCAL_CONFLICT', `${absolute} exists and has other content`, {
      hint: 'Nothing is replaced: choose another name, or a folder: -o DIR/',
    });
  }
}

async function compare(
  path: string,
  fileId: FileId,
  size: number,
): Promise<'equal' | 'different' | 'nothing'> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return 'nothing';
  const isEqual = found.isFile() && found.size === size && (await contentOf(path, size)) === fileId;
  return isEqual ? 'equal' : 'different';
}

/** Undefined when the file cannot be read, or became shorter. */
async function contentOf(path: string, size: number): Promise<FileId | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const layout = chunkLayout(size);
    const read = async (into: Uint8Array, position: number) =>
      (await file.read(into, 0, into.length, position)).bytesRead;
    const hashes: ChunkHash[] = [];
    for (let chunk = 0; chunk < layout.chunkCount; chunk++) {
      const hash = await hashRange(read, chunkOffset(layout, chunk), chunkLength(layout, chunk));
      if (hash === undefined) return undefined;
      hashes.push(hash);
    }
    return fileIdOf(size, hashes);
  } catch {
    return undefined;
  } finally {
    await file.close();
  }
}
