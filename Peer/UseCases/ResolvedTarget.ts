import { ShoalError } from '../../Shared/ShoalError.ts';
import type { FileWish, FolderWish } from '../DownloadManager.ts';
import type { SearchHit } from '../Model.ts';

/** A download target resolved from user input. */
export type ResolvedTarget =
  /** `note`: how the name was understood, if there was another way. */
  | { readonly kind: 'file'; readonly wish: FileWish; readonly note?: string }
  | { readonly kind: 'folder'; readonly wish: FolderWish; readonly note?: string }
  | { readonly kind: 'choose'; readonly hits: readonly SearchHit[]; readonly exact: boolean };

/** For commands that take only a file. */
export function folderRefused(what: string): ShoalError {
  return new ShoalError('USAGE', `"${what}" is a folder`, { hint: 'Name a file of it.' });
}

/**
 * A download of a whole share would have no name.
 * @throws ShoalError USAGE for `/`
 */
export function refuseRoot(what: string): void {
  if (!/^\/+$/.test(what)) return;
  throw new ShoalError('USAGE', `"${what}" names no folder`, {
    hint: (command) =>
      `See what a peer shares: ${command('ls <peer>')}. Then name its folders: ${command('get <peer> photos/ films/')}`,
  });
}
