import type { TaskContext } from '../File/Task.ts';
import { type FolderFiles, STATE } from './FolderFiles.ts';
import { inParallel } from './InParallel.ts';

/** Concurrent comparisons and local copies. */
const LOCAL_AT_ONCE = 64;

/**
 * Finds the files of a folder whose content is where it was delivered before, or in the share under any name. The
 * latter are copied to the wanted paths.
 * @param place - called for each file with the absolute path of its content
 */
export function placePresent(
  files: FolderFiles,
  { parts, delivered }: Pick<TaskContext, 'parts' | 'delivered'>,
  place: (row: number, finalPath: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const find = async (row: number) => {
    const fileId = files.fileIdOf(row);
    const file = files.fileAt(row);
    const found = await delivered?.find(fileId, file.size, file.path);
    if (found !== undefined || parts.findComplete(fileId) === undefined) return found;
    return parts.copyComplete(fileId, file.path, file);
  };
  return inParallel(present(files, { parts, delivered }), LOCAL_AT_ONCE, async (first) => {
    let isWhole = true;
    for (const row of files.rowsOf(first)) {
      if (signal.aborted) return;
      const found = files.isPlaced(row) ? undefined : await find(row);
      if (found !== undefined) place(row, found);
      isWhole &&= files.isPlaced(row);
    }
    if (isWhole) files.setState(first, STATE.done);
  });
}

/** Contents that may be here. */
function* present(
  files: FolderFiles,
  { parts, delivered }: Pick<TaskContext, 'parts' | 'delivered'>,
): Generator<number> {
  for (const row of files.contents()) {
    if (files.stateOf(row) === STATE.done) continue;
    if (delivered !== undefined || parts.findComplete(files.fileIdOf(row)) !== undefined) yield row;
  }
}
