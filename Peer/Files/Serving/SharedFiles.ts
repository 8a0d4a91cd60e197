import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { chunkLayout, chunkLength, chunkOffset } from '../../../Protocol/ChunkLayout.ts';
import type { FileDescription } from '../../../Protocol/FileId.ts';
import type { ChunkHash, FileId } from '../../../Protocol/Ids.ts';
import { asShoalError, ShoalError } from '../../../Shared/ShoalError.ts';
import type { CatalogEntry, FileAttributes } from '../../Model.ts';
import type { LentFile } from '../../Transfer.ts';
import type { Catalog } from '../Catalog/Catalog.ts';
import type { Share } from '../Catalog/Share.ts';
import { type Disk, diskError, ensureFolder, removeQuietly } from '../Disk/Disk.ts';
import type { DiskNames } from '../Disk/DiskNames.ts';
import { onlyTouched, sameState } from '../Disk/FileState.ts';
import { installFile } from '../Disk/InstallFile.ts';
import { isNumberedForm, safePath } from '../Disk/SafePath.ts';
import type { HashCache } from '../Hashing/HashCache.ts';
import type { ChunkCheck } from './ChunkProofs.ts';
import { Descriptions } from './Descriptions.ts';
import type { ShareReader } from './ShareReader.ts';

export interface SharedFilesOptions {
  readonly root: string;
  readonly temp: string;
  readonly disk: Disk;
  readonly names: DiskNames;
  readonly catalog: Catalog;
  readonly cache: HashCache;
  readonly share: Share;
  readonly reader: ShareReader;
}

/** Paths of one content that are tried before a read fails. */
const PATHS_TRIED = 4;

/** Describes, reads and copies complete files by their content. */
export class SharedFiles {
  readonly #options: SharedFilesOptions;
  readonly #descriptions = new Descriptions();
  #isRechecking = false;

  constructor(options: SharedFilesOptions) {
    this.#options = options;
  }

  /** @throws ShoalError NOT_FOUND, also while lost chunk hashes are computed again */
  describe(entry: CatalogEntry): FileDescription {
    const { cache, share } = this.#options;
    const load = () => cache.hashes(entry.path);
    const description = this.#descriptions.get(entry.fileId, entry.size, load);
    if (description !== undefined) return description;
    share.index.rehash(entry.path);
    throw new ShoalError(
      'NOT_FOUND',
      `the chunk hashes of "${entry.path}" are lost; it is being hashed again`,
    );
  }

  /** @throws ShoalError NOT_FOUND, FILE_CHANGED, DISK_FAILED */
  async read(entry: CatalogEntry, chunk: number, offset: number, into: Uint8Array): Promise<void> {
    const layout = chunkLayout(entry.size);
    const isInside =
      chunk >= 0 &&
      chunk < layout.chunkCount &&
      offset >= 0 &&
      offset + into.length <= chunkLength(layout, chunk);
    if (!isInside) throw new ShoalError('NOT_FOUND', `no such bytes in "${entry.path}"`);
    const position = chunkOffset(layout, chunk) + offset;
    const check = () => this.#checkOf(entry, chunk);
    let failure: ShoalError | undefined;
    for (const path of [entry.path, ...this.#otherPaths(entry)]) {
      // Another content may be at a further path since the one before it was read.
      if (failure !== undefined && !this.#isAt(path, entry.fileId)) continue;
      try {
        return await this.#options.reader.read(path, position, into, check);
      } catch (caught) {
        failure ??= asShoalError(caught, 'DISK_FAILED');
      }
    }
    throw failure;
  }

  /**
   * Verifies a chunk that a receiver reported as corrupt, in each file with this content. Withdraws a file that is
   * damaged: other bytes than were hashed, but no other time. No effect while another chunk is being verified.
   */
  async recheck(fileId: FileId, chunk: number): Promise<void> {
    const { catalog, reader, share } = this.#options;
    const entry = catalog.find(fileId);
    if (entry === undefined || chunk >= chunkLayout(entry.size).chunkCount || this.#isRechecking) return;
    this.#isRechecking = true;
    try {
      const check = this.#checkOf(entry, chunk);
      // Another content may be at a path since the one before it was read.
      for (const path of catalog.pathsOf(fileId, PATHS_TRIED))
        if (this.#isAt(path, fileId) && (await reader.isDamaged(path, check))) share.index.damaged(path);
    } catch {
      // A file that cannot be read is reported when it is served.
    } finally {
      this.#isRechecking = false;
    }
  }

  /** Lends the open file for a range of a chunk and those after it. Undefined: to be read. */
  lend({ path, size }: CatalogEntry, chunk: number, offset: number, bytes: number): LentFile | undefined {
    const position = chunkOffset(chunkLayout(size), chunk) + offset;
    return position + bytes <= size ? this.#options.reader.lend(path, position) : undefined;
  }

  /** Reads a small file from `offset` synchronously. On false, `read` may succeed or reports the cause. */
  readNow({ path, size }: CatalogEntry, offset: number, into: Uint8Array): boolean {
    return offset + into.length <= size && this.#options.reader.readNow(path, offset, into);
  }

  /** Returns the absolute path of an unchanged file with this content. */
  findComplete(fileId: FileId): string | undefined {
    const path = this.#unchangedPath(fileId);
    return path === undefined ? undefined : this.#options.share.absolute(path);
  }

  /** Returns the absolute form of `path` if an unchanged file with this content is there. */
  unchangedAt(path: string, fileId: FileId): string | undefined {
    const isHere = this.#isAt(path, fileId) && this.#isUnchanged(path);
    return isHere ? this.#options.share.absolute(path) : undefined;
  }

  /** Returns the absolute path of this content where a file of that wanted name would be put. Undefined: not there. */
  placeOf(wanted: string, fileId: FileId): string | undefined {
    const path = this.#options.names.safe(wanted);
    return (
      this.unchangedAt(path, fileId) ??
      this.unchangedAt(safePath(wanted), fileId) ??
      this.#numberedAt(path, fileId)
    );
  }

  /** @throws ShoalError NOT_FOUND, FILE_CHANGED, DISK_FULL, DISK_FAILED */
  async copyTo(fileId: FileId, wanted: string, attributes: FileAttributes = {}): Promise<string> {
    const { root, temp, disk, names, catalog, share } = this.#options;
    const path = names.safe(wanted);
    const here = this.placeOf(wanted, fileId);
    if (here !== undefined) return here;
    const source = this.#unchangedPath(fileId);
    const found = source === undefined ? undefined : catalog.findPath(source);
    if (source === undefined || found === undefined) {
      throw new ShoalError('NOT_FOUND', `the content of "${path}" is not in the share any more`);
    }
    const description = this.describe(found);
    // After a crash the next start removes ".new" files.
    const temporary = join(temp, `${randomBytes(32).toString('hex')}.new`);
    try {
      ensureFolder(disk, temp);
      await disk.copy(
        share.absolute(source),
        temporary,
        attributes.modifiedMs === undefined ? found : attributes,
      );
      if (!this.#isUnchanged(source)) {
        throw new ShoalError('FILE_CHANGED', `"${source}" changed while it was copied`);
      }
      const installed = installFile(disk, root, temporary, path);
      const state = disk.stateOf(installed.absolute);
      if (state !== undefined) share.adopted.add(installed.path, state, description);
      return installed.absolute;
    } catch (failure) {
      removeQuietly(disk, temporary);
      throw diskError(failure, `copying to "${path}"`);
    }
  }

  /**
   * Returns the absolute path of this content under a numbered form of a taken name, where an earlier download put it:
   * the same download again makes no further copy.
   */
  #numberedAt(path: string, fileId: FileId): string | undefined {
    const { catalog, share } = this.#options;
    if (catalog.findPath(path) === undefined) return undefined;
    const numbered = catalog
      .pathsOf(fileId)
      .find((each) => isNumberedForm(each, path) && this.#isUnchanged(each));
    return numbered === undefined ? undefined : share.absolute(numbered);
  }

  /** @throws ShoalError NOT_FOUND while the chunk hashes are lost */
  #checkOf(entry: CatalogEntry, chunk: number): ChunkCheck {
    const layout = chunkLayout(entry.size);
    return {
      position: chunkOffset(layout, chunk),
      bytes: chunkLength(layout, chunk),
      hash: this.describe(entry).chunkHashes[chunk] ?? ('' as ChunkHash),
    };
  }

  #isAt(path: string, fileId: FileId): boolean {
    return this.#options.catalog.findPath(path)?.fileId === fileId;
  }

  #otherPaths(entry: CatalogEntry): string[] {
    const paths = this.#options.catalog.pathsOf(entry.fileId, PATHS_TRIED);
    return paths.filter((path) => path !== entry.path).slice(0, PATHS_TRIED - 1);
  }

  #unchangedPath(fileId: FileId): string | undefined {
    return this.#options.catalog.pathsOf(fileId, PATHS_TRIED).find((path) => this.#isUnchanged(path));
  }

  #isUnchanged(path: string): boolean {
    const { share, disk } = this.#options;
    const hashed = share.index.stateOf(path);
    const now = disk.stateOf(share.absolute(path));
    const isSame = hashed !== undefined && now !== undefined && sameState(hashed, now);
    if (isSame) return true;
    if (hashed !== undefined && now !== undefined && onlyTouched(hashed, now))
      share.index.metadataChanged(path);
    else share.index.invalidate(path);
    return false;
  }
}
