import { posix, win32 } from 'node:path';

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
export function shareableFolder(folder: string, computer: Computer): Shareable {
  const { isSame, isInside } = relations(computer.platform);
  const isRoot = folder === (computer.platform === 'win32' ? win32 : posix).parse(folder).root;
  if (computer.platform === 'win32') {
    const windows = computer.windows ?? 'C:\\Windows';
    const drive = win32.parse(windows).root;
    const whole = [
      windows,
      ...['Program Files', 'Program Files (x86)', 'ProgramData'].map((name) => drive + name),
    ];
    // Other drives are sticks and data disks.
    if (isSame(folder, drive) || isSame(folder, `${drive}Users`)) return 'system';
    if (whole.some((each) => isSame(folder, each) || isInside(folder, each))) return 'system';
  } else if (isRoot || ITSELF.includes(folder)) return 'system';
  else if (WHOLE.some((each) => folder === each || isInside(folder, each)) && !isInside(folder, MEMORY_DISK))
    return 'system';
  return isSame(folder, computer.home) || isInside(computer.home, folder) ? 'home' : 'yes';
}

function relations(platform: NodeJS.Platform) {
  const isWindows = platform === 'win32';
  const { sep } = isWindows ? win32 : posix;
  const name = (path: string) => (isWindows ? path.toLowerCase() : path);
  return {
    isSame: (one: string, other: string) => name(one) === name(other),
    isInside: (path: string, folder: string) =>
      name(path).startsWith(name(folder.endsWith(sep) ? folder : folder + sep)),
  };
}
