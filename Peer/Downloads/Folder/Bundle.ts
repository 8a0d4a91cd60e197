import type { BundledFile } from '../../../Protocol/Bundle.ts';
import { BUNDLE_BYTES_MAX, BUNDLE_FILES_MAX } from '../../../Protocol/Limits.ts';
import type { ShoalError } from '../../../Shared/ShoalError.ts';
import type { SmallFile, SmallFileInstaller, SmallVerdict } from '../../Storage.ts';
import type { Delivery, UnitWriter } from '../Sources/UnitWork.ts';
import { type FolderFiles, STATE } from './FolderFiles.ts';

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

export interface BundleOptions {
  readonly files: FolderFiles;
  /** Rows of the files that are missing. */
  readonly rows: Uint32Array;
  readonly installer: SmallFileInstaller;
  readonly memory: BundleMemory;
  /** Called after the answer. @param wrongRow - a file that was corrupt */
  readonly ended: (isComplete: boolean, wrongRow: number | undefined) => void;
}

/**
 * A request for several small files. Passes the complete answer to the installer, without a copy when it arrived
 * in one piece.
 */
export class Bundle implements UnitWriter {
  readonly bundle: readonly BundledFile[];
  readonly #options: BundleOptions;
  /** Length of the answer. */
  readonly #bytes: number;
  #delivery: Delivery | undefined;
  /** The answer, and the release of its memory. */
  #answer: { readonly bytes: Uint8Array; readonly release: (bytes: Uint8Array) => void } | undefined;
  #length = 0;
  /** Bytes of files that another source delivered first. */
  #lateBytes = 0;

  constructor(options: BundleOptions) {
    const { files, rows } = options;
    this.#options = options;
    this.bundle = Array.from(rows, (row) => ({ fileId: files.fileIdOf(row), size: files.sizeOf(row) }));
    this.#bytes = this.bundle.reduce((sum, { size }) => sum + 1 + size, 0);
  }

  get delivery(): Delivery | undefined {
    return this.#delivery;
  }

  write(piece: Uint8Array): Promise<void> {
    this.#length += piece.length;
    // Only shared memory reaches the writer thread without a copy.
    if (piece.length === this.#bytes && piece.buffer instanceof SharedArrayBuffer)
      return new Promise((resolve) => {
        this.#answer = { bytes: piece, release: () => resolve() };
      });
    const { memory } = this.#options;
    this.#answer ??= { bytes: memory.acquire(), release: (bytes) => memory.release(bytes) };
    this.#answer.bytes.set(piece, this.#length - piece.length);
    return Promise.resolve();
  }

  /** Returns false when a file failed verification. @throws ShoalError DISK_FULL, DISK_FAILED */
  async finish(): Promise<boolean> {
    const answer = this.#answer;
    this.#answer = undefined;
    if (answer === undefined) return false;
    if (this.#length !== this.#bytes) {
      answer.release(answer.bytes);
      return false;
    }
    const delivered = this.#delivered(answer.bytes);
    const { verdicts, bytes } = await this.#options.installer.install(answer.bytes, delivered);
    answer.release(bytes);
    return this.#judge(delivered, verdicts);
  }

  abandon(): void {
    this.#answer?.release(this.#answer.bytes);
    this.#answer = undefined;
    this.#length = 0;
  }

  /**
   * Lists the delivered files, except those that another source delivered first. The loop is apart from the async code,
   * because V8 takes long to compile both together.
   */
  #delivered(buffer: Uint8Array): SmallFile[] {
    const { files, rows } = this.#options;
    const delivered: SmallFile[] = [];
    let at = 0;
    for (const [index, { fileId, size }] of this.bundle.entries()) {
      const row = rows[index] ?? 0;
      if (buffer[at] === 1) {
        if (files.stateOf(row) !== STATE.wanted) this.#lateBytes += size;
        else {
          const { modifiedMs, executable } = files.attributesOf(row);
          const path = files.pathOf(row);
          delivered.push({ row, fileId, size, path, offset: at + 1, modifiedMs, executable });
          files.setState(row, STATE.installing);
        }
      }
      at += 1 + size;
    }
    return delivered;
  }

  #judge(delivered: readonly SmallFile[], verdicts: readonly SmallVerdict[]): boolean {
    const { files, rows, ended } = this.#options;
    let rightBytes = 0;
    let wastedBytes = this.#lateBytes;
    let wrongRow: number | undefined;
    let failure: ShoalError | undefined;
    for (const [index, { row, size }] of delivered.entries()) {
      const verdict = verdicts[index] ?? 'wrong';
      if (verdict === 'right') rightBytes += size;
      else if (verdict !== 'wrong') failure = verdict;
      else {
        wrongRow ??= row;
        wastedBytes += size;
      }
      // A file that is in the share already is `done`.
      if (files.stateOf(row) === STATE.installing)
        files.setState(row, verdict === 'right' ? STATE.verified : STATE.wanted);
    }
    if (failure !== undefined) throw failure;
    const whole = rows.every((row) => files.stateOf(row) >= STATE.verified);
    this.#delivery = { rightBytes, wastedBytes, whole };
    // A file that is being installed from another source is not refused.
    ended(
      rows.every((row) => files.stateOf(row) >= STATE.installing),
      wrongRow,
    );
    return wrongRow === undefined;
  }
}
