import type { BundledFile } from '../../../../Protocol/Bundle.ts';
import type { RefusalCode } from '../../../../Protocol/PeerMessages.ts';
import type { ChunkProvider } from '../../Ports.ts';
import { refusalOf } from './Refusal.ts';

/** Reads the answer to a bundle (layout: `bundleBytes`) piece by piece. */
export class BundleReader {
  readonly #provider: ChunkProvider;
  readonly #files: readonly BundledFile[];
  /** The current file, the bytes of its section read so far (the first byte is the presence flag), and that flag. */
  #index = 0;
  #at = 0;
  #given = false;

  constructor(provider: ChunkProvider, files: readonly BundledFile[]) {
    this.#provider = provider;
    this.#files = files;
  }

  /**
   * Fills all of `into` with the next bytes. Returns the refusal when that is impossible, for example because a file
   * changed after its section began. Never rejects.
   */
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

  /** Serves most files of most bundles: an event-loop turn for each would cost more than reading it. */
  #readNow({ fileId, size }: BundledFile, offset: number, into: Uint8Array): boolean {
    return this.#provider.readNow?.(fileId, size, offset, into) ?? false;
  }

  /** Reads only complete files of the requested size. */
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
