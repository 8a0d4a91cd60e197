import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../../../Shared/ShoalError.ts';

/**
 * Marker file on disk for an operation that damaged data could turn into a process crash. A later process that
 * finds
 * the marker of a dead process knows that the operation killed it.
 */
export class CrashMarker {
  readonly #folder: string;
  readonly #prefix: string;
  readonly #path: string;

  /** @param path - marker files have this name followed by `.opening-` and the process id */
  constructor(path: string, pid: number) {
    this.#folder = dirname(path);
    this.#prefix = `${basename(path)}.opening-`;
    this.#path = join(this.#folder, `${this.#prefix}${pid}`);
  }

  /** Whether an earlier process died in the operation. Removes its marker. */
  takeCrash(): boolean {
    const markers = readdirSync(this.#folder).filter((name) => name.startsWith(this.#prefix));
    const dead = markers.filter((name) => !isAlive(Number(name.slice(this.#prefix.length))));
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
