import { hasIgnoredName } from '../Disk/IgnoredNames.ts';
import { isTempName } from '../Disk/SafePath.ts';

/** Whether a path relative to the share is excluded: a part of it is ignored, or it is inside `Temp/`. */
export function isIgnoredPath(path: string): boolean {
  const slash = path.indexOf('/');
  return isTempName(slash < 0 ? path : path.slice(0, slash)) || hasIgnoredName(path);
}
