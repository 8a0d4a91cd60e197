import type { BundledFile } from '../../../Protocol/Bundle.ts';
import type { RefusalCode } from '../../../Protocol/PeerMessages.ts';
import type { ChunkProvider } from '../Ports.ts';
import { refusalOf } from './Refusal.ts';

/** Reads the answer to a bundle (see `bundleBytes`) piece by piece. */
export class BundleReader {
  readonly #provider: ChunkProvider;
  readonly #files: readonly BundledFile[];
  /** The file at hand, how much of its part of the answer was read (its first byte says whether it comes), and whether it comes. */
  #index = 0;
  #at = 0;
  #given = false;

  constructor(provider: ChunkProvider, files: readonly BundledFile[]) {
    this.#provider = provider;
    this.#files = files;
  }

  /** Fills all of `into` with what comes next. Returns why it cannot: a file that was begun has changed, say. Never rejects. */
  async fill(into: Buffer): Promise<RefusalCode | undefined> {
    for (let at = 0; at < into.length; ) {
      const file = this.#files[this.#index];
      if (file === undefined) throw new RangeError('more bytes than the bundle has');
      const begins = this.#at === 0;
      const from = begins ? at + 1 : at;
      const offset = begins ? 0 : this.#at - 1;
      const count = Math.min(into.length - from, file.size - offset);
      const bytes = into.subarray(from, from + count);
      if (begins) {
        this.#given = this.#readNow(file, 0, bytes) || (await this.#read(file, 0, bytes)) === undefined;
        into[at] = this.#given ? 1 : 0;
      } else if (this.#given && !this.#readNow(file, offset, bytes)) {
        const refusal = await this.#read(file, offset, bytes);
        if (refusal !== undefined) return refusal;
      }
      if (!this.#given) bytes.fill(0);
      at = from + count;
      this.#at = offset + count + 1;
      if (this.#at > file.size) {
        this.#index++;
        this.#at = 0;
      }
    }
    return undefined;
  }

  /** Most files of most bundles: a turn of the event loop for each would cost more than reading it. */
  #readNow({ fileId, size }: BundledFile, offset: number, into: Uint8Array): boolean {
    return this.#provider.readNow?.(fileId, size, offset, into) ?? false;
  }

  /** Only of files that are here whole, and of that size. */
  async #read(
    { fileId, size }: BundledFile,
    offset: number,
    into: Uint8Array,
  ): Promise<RefusalCode | undefined> {
    const provider = this.#provider;
    if (provider.sizeOf(fileId) !== size || provider.holdings(fileId) !== 'all') return 'not-found';
    try {
      await provider.read(fileId, 0, offset, into);
      return undefined;
    } catch (failure) {
      return refusalOf(failure);
    }
  }
}
