import { type Disk, ensureFolder } from './Disk.ts';
import { safePath } from './SafePath.ts';

/** Makes names of strangers safe, and changes no more of them than the disk of the share demands. */
export class DiskNames {
  readonly #disk: Disk;
  readonly #temp: string;
  #names: 'portable' | 'any' | undefined;

  /** @param temp - folder in which the disk is asked once, when the first name needs it */
  constructor(disk: Disk, temp: string) {
    this.#disk = disk;
    this.#temp = temp;
  }

  /** @param wanted - from a stranger; see `safePath` */
  safe(wanted: string): string {
    const portable = safePath(wanted);
    if (portable === wanted || portable === this.#asAny(wanted)) return portable;
    this.#names ??= this.#ask();
    return this.#names === 'any' ? this.#asAny(wanted) : portable;
  }

  /** Undefined while the folder of unfinished files cannot be written. */
  #ask(): 'portable' | 'any' | undefined {
    try {
      ensureFolder(this.#disk, this.#temp);
      return this.#disk.keepsAnyName(this.#temp);
    } catch {
      return undefined;
    }
  }

  #asAny(wanted: string): string {
    return safePath(wanted, 'any');
  }
}
