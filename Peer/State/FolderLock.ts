import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { systemCode } from '../../Shared/ShoalError.ts';
import { isRunning, type RunningProcess, thisProcess } from './RunningProcess.ts';

/** Tries of taking over a dead owner's lock while others try it too. */
const TRIES = 10;

/** A lock file that names its owner. One that is left behind by a dead process is taken over. */
export class FolderLock {
  readonly #path: string;
  #content: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Undefined: it is ours. Otherwise the process that has it. @throws Error of node:fs */
  async acquire(): Promise<RunningProcess | undefined> {
    const self = await thisProcess();
    const content = JSON.stringify({ ...self, nonce: randomBytes(8).toString('hex') });
    let owner = self;
    for (let tries = 0; tries < TRIES; tries++) {
      if (await this.#create(content)) {
        this.#content = content;
        return undefined;
      }
      const found = await this.#read();
      if (found === undefined) continue; // Gone in the meantime.
      const held = parseOwner(found);
      if (held !== undefined && (await isRunning(held))) return held;
      owner = held ?? owner;
      await this.#removeStale(found);
    }
    return owner;
  }

  /** Safe to call twice. Does not touch a lock that is no longer ours. */
  async release(): Promise<void> {
    const content = this.#content;
    this.#content = undefined;
    if (content !== undefined && (await this.#read()) === content) await rm(this.#path, { force: true });
  }

  /** The file appears with its content in one step, or not at all when there is one already. */
  async #create(content: string): Promise<boolean> {
    const temporary = this.#beside();
    try {
      await writeFile(temporary, content, { flag: 'wx', mode: 0o600 });
      try {
        await link(temporary, this.#path);
      } catch (failure) {
        if (systemCode(failure) === 'EEXIST') return false;
        // A file system without hard links.
        await writeFile(this.#path, content, { flag: 'wx', mode: 0o600 });
      }
      return true;
    } catch (failure) {
      if (systemCode(failure) === 'EEXIST') return false;
      throw failure;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async #read(): Promise<string | undefined> {
    try {
      return await readFile(this.#path, 'utf8');
    } catch (failure) {
      if (systemCode(failure) === 'ENOENT') return undefined;
      throw failure;
    }
  }

  /** Moves the dead owner's file away; what another process has put there meanwhile is put back. */
  async #removeStale(content: string): Promise<void> {
    const aside = this.#beside();
    try {
      await rename(this.#path, aside);
    } catch (failure) {
      if (systemCode(failure) === 'ENOENT') return;
      throw failure;
    }
    if ((await readFile(aside, 'utf8')) !== content) await link(aside, this.#path).catch(() => {});
    await rm(aside, { force: true });
  }

  #beside(): string {
    return `${this.#path}.${process.pid}-${randomBytes(4).toString('hex')}`;
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
