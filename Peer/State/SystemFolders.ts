import { posix, win32 } from 'node:path';
import { pathWithin } from '../../Shared/Paths/PathWithin.ts';

/** The computer, as far as it decides which folders hold the system. */
export interface Computer {
  readonly platform: NodeJS.Platform;
  /** Home folder of the user, without links in it. */
  readonly home: string;
  /** Folder of Windows, `C:\Windows` by default. */
  readonly windows?: string | undefined;
}

/** `system`: holds the system or all users, never to be shared. `home`: holds the home folder of the user. */
export type Shareable = 'system' | 'home' | 'yes';

/** Folders of which nothing is meant for others, with all below. */
const WHOLE = ['/boot', '/dev', '/etc', '/private/etc', '/proc', '/sys', '/System'];
/** A disk in memory, and people put files there. */
const MEMORY_DISK = '/dev/shm';
/** Folders that may hold folders to share: `/var/www`, `/run/media/anna/STICK`, `/home/anna/Films`. */
const ITSELF = ['/bin', '/home', '/lib', '/lib32', '/lib64', '/opt', '/run', '/sbin', '/usr', '/var'].concat([
  '/Applications',
  '/Library',
  '/Users',
  '/Volumes',
  '/private',
  '/private/var',
]);

/** Judges a folder by its place. @param folder - absolute, without links in it */
export function shareableFolder(folder: string, { platform, home, windows }: Computer): Shareable {
  const style = platform === 'win32' ? win32 : posix;
  /** Path of the folder below another one; '': it is that folder. Undefined: it is elsewhere. */
  const below = (other: string) => pathWithin(other, folder, style);
  if (platform === 'win32' ? isOfWindows(below, windows ?? 'C:\\Windows') : isOfUnix(below)) return 'system';
  return pathWithin(folder, home, style) === undefined ? 'yes' : 'home';
}

type Below = (other: string) => string | undefined;

function isOfWindows(below: Below, windows: string): boolean {
  const drive = win32.parse(windows).root;
  const programs = ['Program Files', 'Program Files (x86)', 'ProgramData'].map((name) => drive + name);
  // Other drives are sticks and data disks.
  if (below(drive) === '' || below(`${drive}Users`) === '') return true;
  return [windows, ...programs].some((each) => below(each) !== undefined);
}

function isOfUnix(below: Below): boolean {
  if (['/', ...ITSELF].some((each) => below(each) === '')) return true;
  const isOnMemoryDisk = Boolean(below(MEMORY_DISK));
  return WHOLE.some((each) => below(each) !== undefined) && !isOnMemoryDisk;
}
