import type { FileWish, FolderWish } from '../DownloadManager.ts';
import type { SearchHit } from '../Model.ts';

/** A download target resolved from user input. */
export type ResolvedTarget =
  | { readonly kind: 'file'; readonly wish: FileWish }
  /** `note`: how the name was understood, if not literally. */
  | { readonly kind: 'folder'; readonly wish: FolderWish; readonly note?: string }
  | { readonly kind: 'choose'; readonly hits: readonly SearchHit[]; readonly exact: boolean };
