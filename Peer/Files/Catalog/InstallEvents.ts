import type { FileId } from '../../../Protocol/Ids.ts';
import type { Log } from '../../../Shared/Log.ts';
import type { FileAttributes } from '../../Model.ts';
import type { BatchEvents } from '../Batches/BatchInstaller.ts';
import { attributesLost, type FileState } from '../Disk/FileState.ts';
import type { PartEvents } from '../Parts/PartStore.ts';
import type { Catalog } from './Catalog.ts';
import type { Share } from './Share.ts';

export interface InstallEventsOptions {
  readonly share: Share;
  readonly catalog: Catalog;
  readonly log: Log;
  readonly changed: () => void;
  readonly chunkVerified: (fileId: FileId, chunk: number) => void;
  readonly partClosed: (fileId: FileId) => void;
}

/** Keeps the catalog up to date with unfinished files and with files installed in the share. */
export function installEvents(options: InstallEventsOptions): PartEvents & BatchEvents {
  const { share, catalog, log, changed, chunkVerified, partClosed } = options;
  const checkAttributes = (path: string, wanted: FileAttributes, state: FileState) => {
    const lost = attributesLost(wanted, state);
    if (lost !== undefined) log.debug(`${path}: the file system did not keep ${lost}`);
  };
  return {
    opened: ({ description: { fileId, layout } }) => {
      // A file of one chunk has nothing to serve until it is complete.
      if (layout.chunkCount <= 1) return;
      catalog.putPartial(fileId, layout.size);
      changed();
    },
    verified: chunkVerified,
    installed: (path, state, description, wanted) => {
      share.adopted.add(path, state, description);
      checkAttributes(path, wanted, state);
    },
    installedInBatch: (path, state, fileId, hash, wanted) => {
      share.adopted.addDeferred({ path, state, fileId, hash });
      checkAttributes(path, wanted, state);
    },
    folderInstalled: (path) => share.adopted.folderMade(path),
    closed: (fileId) => {
      catalog.removePartial(fileId);
      changed();
      partClosed(fileId);
    },
  };
}
