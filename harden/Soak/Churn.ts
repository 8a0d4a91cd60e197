import { appendFile, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SeededRandom } from '../../Shared/SeededRandom.ts';

/** Maximum number of files of one share at a time. */
const FILES_MAX = 40;
const FILE_BYTES_MAX = 60_000;

/** Changes a share at random: files are added, removed, extended, and moved between folders. */
export class Churn {
  /** Changes made so far. */
  changes = 0;
  readonly #folder: string;
  readonly #random: SeededRandom;
  readonly #names: string[] = [];
  #made = 0;

  constructor(folder: string, random: SeededRandom) {
    this.#folder = folder;
    this.#random = random;
  }

  async step(): Promise<void> {
    const random = this.#random;
    const kind = random.int(0, 9);
    this.changes++;
    if (this.#names.length === 0 || (kind < 4 && this.#names.length < FILES_MAX)) return this.#create();
    const name = random.pick(this.#names);
    const path = join(this.#folder, name);
    if (kind < 6) await appendFile(path, random.bytes(random.int(1, 5_000)));
    else if (kind < 8) await rm(path);
    else await this.#move(path);
    if (kind >= 6) this.#names.splice(this.#names.indexOf(name), 1);
  }

  async #create(): Promise<void> {
    const path = this.#newPath();
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, this.#random.bytes(this.#random.int(1, FILE_BYTES_MAX)));
  }

  async #move(path: string): Promise<void> {
    const target = this.#newPath();
    await mkdir(dirname(target), { recursive: true });
    await rename(path, target);
  }

  #newPath(): string {
    const name = `folder ${this.#random.int(1, 4)}/file ${++this.#made}.bin`;
    this.#names.push(name);
    return join(this.#folder, name);
  }
}

/** Number and bytes of the files of a share, as its peer must announce them. */
export async function shareOnDisk(folder: string): Promise<{ files: number; bytes: number }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const shared = entries.filter((entry) => {
    const path = join(entry.parentPath, entry.name).slice(folder.length + 1);
    return entry.isFile() && !path.startsWith('Temp/') && !entry.name.startsWith('.');
  });
  const sizes = await Promise.all(
    shared.map((entry) => stat(join(entry.parentPath, entry.name)).then(({ size }) => size)),
  );
  return { files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}
