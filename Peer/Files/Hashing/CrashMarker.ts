import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../../../Shared/ShoalError.ts';

/**
 * Notes on disk that this process is doing something that damaged data could kill it at. Who starts later and finds the
 * note of a process that is gone knows that it died there.
 */
export class CrashMarker {
  readonly #folder: string;
  readonly #prefix: string;
  readonly #path: string;

  /** @param path - the notes are files of this name with `.opening-` and the process id behind it */
  constructor(path: string, pid: number) {
    this.#folder = dirname(path);
    this.#prefix = `${basename(path)}.opening-`;
    this.#path = join(this.#folder, `${this.#prefix}${pid}`);
  }

  /** Whether an earlier process died there; asking takes its note away. */
  takeCrash(): boolean {
    const notes = readdirSync(this.#folder).filter((name) => name.startsWith(this.#prefix));
    const dead = notes.filter((name) => !isAlive(Number(name.slice(this.#prefix.length))));
    for (const name of dead) rmSync(join(this.#folder, name), { force: true });
    return dead.length > 0;
  }

  set(): void {
    writeFileSync(this.#path, '');
  }

  clear(): void {
    rmSync(this.#path, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (failure) {
    return systemCode(failure) === 'EPERM';
  }
}
