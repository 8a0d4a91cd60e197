import { onTestFinished, vi } from 'vitest';
import { FileManager, type FileManagerOptions } from '../../../Peer/FileManager.ts';
import { inlineHasher } from '../../../Peer/Files/Hashing/Hasher.ts';
import { silentLog } from '../../../Shared/Log.ts';
import { systemClock } from '../../../Shared/Time/Clock.ts';
import type { TempFolder } from '../../Support/TempFolder.ts';

/** A running FileManager on a real folder, hashing in this thread, with a short quiet period. Closed with the test. */
export async function startManager(folder: TempFolder, options: Partial<FileManagerOptions> = {}) {
  const manager = new FileManager({
    shareDir: folder.at('share'),
    cacheDir: undefined,
    clock: systemClock,
    wallMs: Date.now,
    log: silentLog,
    hashWorkers: 0,
    scan: { quietMs: 40, coalesceMs: 10 },
    ...options,
  });
  onTestFinished(() => manager.close());
  const problems: string[] = [];
  manager.on('problem', (text) => problems.push(text));
  await manager.start();
  await manager.scanned();
  return { manager, problems };
}

/** Waits for the effect of file system events, which take longer on a busy machine. */
export function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 120_000, interval: 10 });
}

export function pathsOf(manager: FileManager): string[] {
  return manager.list('').map((file) => file.path);
}

/** An inline hasher that records the paths of its requests. */
export function countingHasher() {
  const asked: string[] = [];
  const makeHasher = () => {
    const inner = inlineHasher();
    return {
      ...inner,
      hash: (...args: Parameters<typeof inner.hash>) => {
        asked.push(...args[1]);
        return inner.hash(...args);
      },
      hashPart: (...args: Parameters<typeof inner.hashPart>) => {
        asked.push(args[1]);
        return inner.hashPart(...args);
      },
    };
  };
  return { asked, makeHasher };
}

/** A watcher without events. */
export const noWatch = () => ({ ready: Promise.resolve(), close: async () => {} });
