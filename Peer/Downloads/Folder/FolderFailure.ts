import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { FolderItem } from './SmallFile.ts';

/** What a folder says whose files did not all come; undefined when none is amiss. @param files - all of the folder */
export function folderFailure(items: Iterable<FolderItem>, files: number): ShoalError | undefined {
  const failed = [...items].filter(({ state }) => state === 'failed');
  if (failed.length === 0) return undefined;
  const [first] = failed;
  const count = failed.reduce((sum, { paths }) => sum + paths.length, 0);
  const cause = first?.error;
  return new ShoalError(
    cause?.code ?? 'NOT_FOUND',
    `${count} of ${files} files could not be fetched: ${cause?.message ?? first?.paths[0]}`,
    { hint: 'The others are here. Try again later: resume', cause },
  );
}

export function stoppedByUser(): ShoalError {
  return new ShoalError('CANCELLED', 'the download was stopped');
}
