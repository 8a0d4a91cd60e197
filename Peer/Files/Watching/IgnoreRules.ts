import { isTempName } from '../Disk/SafePath.ts';

/** Incomplete files, backups and lock files of editors, browsers and office programs. */
const LITTER_ENDING = /(~|\.(swp|swo|swx|tmp|temp|part|partial|crdownload|download|opdownload))$/i;
/** Files and folders created by operating systems. */
const LITTER_NAMES = new Set([
  'thumbs.db',
  'ehthumbs.db',
  'desktop.ini',
  '$recycle.bin',
  'system volume information',
  'lost+found',
  'icon\r',
]);

/** Why a name is never shared; undefined: it may be. */
export function ignoredReason(name: string): string | undefined {
  if (name.startsWith('.')) return 'hidden: the name begins with a dot'; // Covers `._*` and `.#*`.
  const isLitter = name.startsWith('~$') || LITTER_ENDING.test(name) || LITTER_NAMES.has(name.toLowerCase());
  return isLitter ? 'temporary or system file, by its name' : undefined;
}

/** Whether a path relative to the share is excluded: a part of it is ignored, or it is inside `Temp/`. */
export function isIgnoredPath(path: string): boolean {
  const segments = path.split('/');
  return isTempName(segments[0] ?? '') || segments.some((name) => ignoredReason(name) !== undefined);
}
