import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder of a test's own. */
export class TempFolder {
  /** Absolute, without symbolic links. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** The caller removes it: for hooks and helpers. */
  static async make(): Promise<TempFolder> {
    return new TempFolder(await realpath(await mkdtemp(join(tmpdir(), 'shoal-test-'))));
  }

  /** A folder in this one, made when missing; it goes with this one. */
  async inside(...parts: string[]): Promise<TempFolder> {
    const path = this.at(...parts);
    await mkdir(path, { recursive: true });
    return new TempFolder(path);
  }

  /** Removed when the running test is finished. */
  static async forTest(): Promise<TempFolder> {
    const folder = await TempFolder.make();
    onTestFinished(() => folder.remove());
    return folder;
  }

  /** The absolute path of something inside. */
  at(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  /** Writes a file, with the folders above it, and returns its absolute path. */
  async write(relativePath: string, content: string | Uint8Array): Promise<string> {
    const path = this.at(relativePath);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    return path;
  }

  /** Safe to call twice. */
  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}
