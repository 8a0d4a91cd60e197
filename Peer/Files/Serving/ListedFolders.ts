import { fileIdOf } from '../../../Protocol/FileId.ts';
import type { CatalogEntry } from '../../Model.ts';
import type { Share } from '../Catalog/Share.ts';
import type { Disk } from '../Disk/Disk.ts';

/** Folders in one listing: their times are read anew, which takes some milliseconds for this many. */
const FOLDERS_MAX = 4_096;
const EMPTY = fileIdOf(0, []);

/** Folders below a folder of the share as entries of a listing (ListedFile); at most FOLDERS_MAX, unordered. */
export function listedFolders(
  share: Pick<Share, 'folders' | 'absolute'>,
  disk: Pick<Disk, 'folderTime'>,
  below: string,
): readonly CatalogEntry[] {
  const found: CatalogEntry[] = [];
  for (const path of share.folders(below)) {
    if (found.length === FOLDERS_MAX) break;
    const modifiedMs = disk.folderTime(share.absolute(path));
    if (modifiedMs !== undefined) found.push({ path: `${path}/`, size: 0, fileId: EMPTY, modifiedMs });
  }
  return found;
}
