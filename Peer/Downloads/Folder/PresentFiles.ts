import type { TaskContext } from '../File/Task.ts';
import type { FolderItem } from './FolderItem.ts';
import { inParallel } from './InParallel.ts';

/** Concurrent comparisons and local copies. */
const LOCAL_AT_ONCE = 64;

/**
 * Finds the files of a folder whose content is where it was delivered before, or in the share under any name. The latter
 * are copied to the wanted paths.
 * @param place - called for each path with the absolute path of its content
 */
export function placePresent(
  items: Iterable<FolderItem>,
  { parts, delivered }: Pick<TaskContext, 'parts' | 'delivered'>,
  place: (item: FolderItem, path: string, finalPath: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const present = [...items].filter(
    ({ state, fileId }) =>
      state !== 'done' && (delivered !== undefined || parts.findComplete(fileId) !== undefined),
  );
  const find = async (item: FolderItem, path: string) => {
    const { fileId, size } = item;
    const found = await delivered?.find(fileId, size, path);
    if (found !== undefined || parts.findComplete(fileId) === undefined) return found;
    return parts.copyComplete(fileId, path, item.fileAt(path));
  };
  return inParallel(present, LOCAL_AT_ONCE, async (item) => {
    for (const path of item.paths) {
      if (signal.aborted) return;
      const found = item.isPlaced(path) ? undefined : await find(item, path);
      if (found !== undefined) place(item, path, found);
    }
    if (item.paths.every((path) => item.isPlaced(path))) item.state = 'done';
  });
}
