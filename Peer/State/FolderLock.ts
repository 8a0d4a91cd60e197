import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { link, lstat, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { systemCode } from '../../Shared/ShoalError.ts';
import { isRunning, type RunningProcess, thisProcess } from './RunningProcess.ts';

/** Upper bound on the size of a lock file. */
const BYTES_MAX = 4_096;
/** Attempts while other processes acquire or release the lock. */
const TRIES = 10;

/** Lock files of this process. */
const held = new Set<string>();
process.once('exit', () => {
  for (const path of held) removeNow(path);
});

/**
 * Lock file that names its owner, `<path>-<generation>`. A process that finds the owner of the newest generation dead
 * acquires the next one. Of several at once only one succeeds, and no file of a live owner is ever removed. A process
 * that exits without a release, as after a second Ctrl-C, removes its file all the same.
 */
export class FolderLock {
  readonly #path: string;
  #held: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Acquires the lock. Returns undefined on success, else the owning process. @throws Error of node:fs */
  async acquire(): Promise<RunningProcess | undefined> {
    const self = await thisProcess();
    for (let tries = 0; tries < TRIES; tries++) {
      const found = await this.#generations();
      const owner = await this.#livingOwner(found);
      if (owner !== undefined) return owner;
      const mine = this.#file((found.at(-1) ?? 0) + 1);
      if (!(await this.#create(mine, JSON.stringify(self)))) continue;
      // A process that read another newest generation may have acquired at the same time: then neither succeeds.
      const others = (await this.#generations()).filter((generation) => this.#file(generation) !== mine);
      const rival = await this.#livingOwner(others);
      if (rival !== undefined) {
        await rm(mine, { force: true });
        return rival;
      }
      this.#held = mine;
      held.add(mine);
      // That of another user may have to stay.
      await Promise.allSettled(others.map((generation) => rm(this.#file(generation), { force: true })));
      return undefined;
    }
    return self;
  }

  /** Safe to call twice. */
  async release(): Promise<void> {
    const mine = this.#held;
    this.#held = undefined;
    if (mine === undefined) return;
    held.delete(mine);
    await rm(mine, { force: true }).catch(() => {}); // The folder may have become read-only.
  }

  /** Existing generations, ascending. */
  async #generations(): Promise<number[]> {
    const start = `${basename(this.#path)}-`;
    const names = (await readdir(dirname(this.#path))).filter((name) => name.startsWith(start));
    return names
      .map((name) => Number(name.slice(start.length)))
      .filter((generation) => Number.isSafeInteger(generation) && generation > 0)
      .sort((a, b) => a - b);
  }

  async #livingOwner(generations: readonly number[]): Promise<RunningProcess | undefined> {
    for (const generation of generations.toReversed()) {
      const content = await this.#read(this.#file(generation));
      const owner = content === undefined ? undefined : parseOwner(content);
      if (owner !== undefined && (await isRunning(owner))) return owner;
    }
    return undefined;
  }

  #file(generation: number): string {
    return `${this.#path}-${generation}`;
  }

  /** Creates the file with its content atomically. False: it exists already. */
  async #create(path: string, content: string): Promise<boolean> {
    const temporary = this.#temporaryPath();
    try {
      await writeFile(temporary, content, { flag: 'wx', mode: 0o644 });
      try {
        await link(temporary, path);
      } catch (failure) {
        if (systemCode(failure) === 'EEXIST') return false;
        // The file system has no hard links.
        await writeFile(path, content, { flag: 'wx', mode: 0o644 });
      }
      return true;
    } catch (failure) {
      if (systemCode(failure) === 'EEXIST') return false;
      throw failure;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Reads regular files only: another user of the folder may have put a pipe there. */
  async #read(path: string): Promise<string | undefined> {
    try {
      const found = await lstat(path);
      return found.isFile() && found.size <= BYTES_MAX ? await readFile(path, 'utf8') : undefined;
    } catch (failure) {
      if (systemCode(failure) === 'ENOENT') return undefined;
      throw failure;
    }
  }

  #temporaryPath(): string {
    return `${this.#path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  }
}

function removeNow(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The folder may have become read-only: the next process finds the owner dead.
  }
}

function parseOwner(content: string): RunningProcess | undefined {
  try {
    const value: unknown = JSON.parse(content);
    if (typeof value !== 'object' || value === null || !('pid' in value)) return undefined;
    const { pid } = value;
    if (typeof pid !== 'number' || !Number.isInteger(pid) || pid < 1) return undefined;
    const started = 'started' in value && typeof value.started === 'string' ? value.started : '';
    return { pid, started };
  } catch {
    return undefined;
  }
}
