import { access, constants, mkdtemp, rm, statfs } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Number of tmpfs in statfs(2). */
const TMPFS = 0x01021994;

export type Medium = 'memory' | 'disk';

/**
 * Folder for large files on a medium, or the reason why there is none. SHOAL_BENCH_MEMORY and SHOAL_BENCH_DISK
 * override it.
 */
export async function place(medium: Medium, bytes: number): Promise<{ path: string } | { reason: string }> {
  const path =
    medium === 'memory'
      ? (process.env.SHOAL_BENCH_MEMORY ?? '/dev/shm')
      : (process.env.SHOAL_BENCH_DISK ?? tmpdir());
  const stat = await statfs(path).catch(() => undefined);
  if (stat === undefined) return { reason: `there is no ${path}` };
  if ((await mediumOf(path)) !== medium) return { reason: `${path} is not a ${medium} folder` };
  const free = stat.bavail * stat.bsize;
  if (free < bytes * 1.05)
    return {
      reason: `${path} has ${(free / 2 ** 30).toFixed(1)} GiB free of ${(bytes / 2 ** 30).toFixed(1)}`,
    };
  return { path };
}

async function mediumOf(path: string): Promise<Medium> {
  return (await statfs(path)).type === TMPFS ? 'memory' : 'disk';
}

const endings = new Set<() => Promise<void>>();

/** Registers a cleanup for the end of the program, also after a failure. @returns a function that unregisters it */
export function atTheEnd(task: () => Promise<void>): () => void {
  endings.add(task);
  return () => endings.delete(task);
}

export async function cleanUp(): Promise<void> {
  for (const task of [...endings].reverse()) await task().catch((failure: unknown) => console.error(failure));
  endings.clear();
}

const forgetting = new Map<string, () => void>();

/** Creates a folder that is removed at the end of the program at the latest. */
export async function temporaryFolder(parent: string): Promise<string> {
  const path = await mkdtemp(join(parent, 'shoal-bench-'));
  forgetting.set(
    path,
    atTheEnd(() => removeFolder(path)),
  );
  return path;
}

export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
  forgetting.get(path)?.();
  forgetting.delete(path);
}

/** Full path of a program in PATH or in one of root's folders (/usr/sbin …). */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']) {
    const path = join(folder, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/** Folder of the npm packages of bench/install-rivals. */
export function rivalsFolder(): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return process.env.SHOAL_BENCH_RIVALS ?? join(cache, 'shoal-bench');
}
