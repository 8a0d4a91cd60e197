import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A temporary folder of one test. */
export class TempFolder {
  /** Absolute, without symbolic links. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Creates a folder that the caller removes: for hooks and helpers. */
  static async make(): Promise<TempFolder> {
    return new TempFolder(await realpath(await mkdtemp(join(tmpdir(), 'shoal-test-'))));
  }

  /** Creates a folder inside this one. */
  async inside(...parts: string[]): Promise<TempFolder> {
    const path = this.at(...parts);
    await mkdir(path, { recursive: true });
    return new TempFolder(path);
  }

  /** Creates a folder that is removed at the end of the running test. */
  static async forTest(): Promise<TempFolder> {
    const folder = await TempFolder.make();
    onTestFinished(() => folder.remove());
    return folder;
  }

  /** Absolute path of a file or folder inside. */
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
