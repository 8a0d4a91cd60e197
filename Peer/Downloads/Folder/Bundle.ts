import { type BundledFile, bundleBytes } from '../../../Protocol/Bundle.ts';
import { BUNDLE_BYTES_MAX, BUNDLE_FILES_MAX } from '../../../Protocol/Limits.ts';
import type { SmallFile, SmallFileInstaller, SmallVerdict } from '../../Storage.ts';
import type { ChunkWriter } from '../../Transfer.ts';
import type { FolderItem } from './FolderItem.ts';

/** Result for one file of a bundle. `refused`: the source does not have it. */
export type BundleVerdict = SmallVerdict | 'refused';

/** Length of the longest answer. */
const BUFFER_BYTES = BUNDLE_BYTES_MAX + BUNDLE_FILES_MAX;
const SPARE_MAX = 16;

/**
 * Reused memory for bundles: new memory for each would keep the garbage collector busy. Shared with the writer
 * thread instead of transferred: each transferred buffer counts as new, and every few caused a full collection.
 */
export class BundleMemory {
  readonly #spare: Uint8Array[] = [];

  acquire(): Uint8Array {
    return this.#spare.pop() ?? new Uint8Array(new SharedArrayBuffer(BUFFER_BYTES));
  }

  release(buffer: Uint8Array): void {
    if (buffer.length === BUFFER_BYTES && this.#spare.length < SPARE_MAX) this.#spare.push(buffer);
  }
}

/**
 * A request for several small files. Passes the complete answer to the installer, without a copy when it arrived
 * in one piece.
 */
export class Bundle implements ChunkWriter {
  readonly items: readonly FolderItem[];
  readonly files: readonly BundledFile[];
  /** Length of the answer. */
  readonly bytes: number;
  /** One verdict per item, once `finish` has resolved. */
  verdicts: readonly BundleVerdict[] = [];
  readonly #installer: SmallFileInstaller;
  readonly #memory: BundleMemory;
  /** The answer, and the release of its memory. */
  #answer: { readonly bytes: Uint8Array; readonly release: (bytes: Uint8Array) => void } | undefined;
  #length = 0;

  constructor(items: readonly FolderItem[], installer: SmallFileInstaller, memory: BundleMemory) {
    this.items = items;
    this.files = items.map(({ fileId, size }) => ({ fileId, size }));
    this.bytes = bundleBytes(this.files);
    this.#installer = installer;
    this.#memory = memory;
  }

  write(piece: Uint8Array): Promise<void> {
    this.#length += piece.length;
    // Only shared memory reaches the writer thread without a copy.
    if (piece.length === this.bytes && piece.buffer instanceof SharedArrayBuffer)
      return new Promise((resolve) => {
        this.#answer = { bytes: piece, release: () => resolve() };
      });
    this.#answer ??= { bytes: this.#memory.acquire(), release: (bytes) => this.#memory.release(bytes) };
    this.#answer.bytes.set(piece, this.#length - piece.length);
    return Promise.resolve();
  }

  /** Returns false when a file failed verification. */
  async finish(): Promise<boolean> {
    const answer = this.#answer;
    this.#answer = undefined;
    if (answer === undefined) return false;
    if (this.#length !== this.bytes) {
      answer.release(answer.bytes);
      return false;
    }
    const delivered = this.#delivered(answer.bytes);
    const { verdicts, bytes } = await this.#installer.install(answer.bytes, delivered);
    answer.release(bytes);
    this.verdicts = this.#verdicts(delivered, verdicts);
    return !verdicts.includes('wrong');
  }

  abandon(): void {
    this.#answer?.release(this.#answer.bytes);
    this.#answer = undefined;
    this.#length = 0;
  }

  /**
   * Lists the delivered files. The loop is apart from the async code, because V8 takes long to compile both
   * together.
   */
  #delivered(buffer: Uint8Array): SmallFile[] {
    const delivered: SmallFile[] = [];
    let at = 0;
    for (const item of this.items) {
      const { fileId, size, paths } = item;
      const { modifiedMs, executable } = item.fileAt(paths[0]);
      if (buffer[at] === 1)
        delivered.push({ fileId, size, path: paths[0], offset: at + 1, modifiedMs, executable });
      at += 1 + size;
    }
    return delivered;
  }

  /** Expands one verdict per delivered file to one per item. */
  #verdicts(delivered: readonly SmallFile[], verdicts: readonly SmallVerdict[]): BundleVerdict[] {
    let next = 0;
    return this.items.map(({ fileId }) => {
      if (delivered[next]?.fileId !== fileId) return 'refused';
      return verdicts[next++] ?? 'wrong';
    });
  }
}
