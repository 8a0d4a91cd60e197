import { constants, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { HEAD_BYTES, isIntact, MAGIC, recordLength } from './HashRecord.ts';

/** One intact record of a file. */
interface PlacedRecord {
  /** Position of its first byte. */
  readonly at: number;
  /** A view that is valid until the next read. */
  readonly record: Buffer;
}

/** Records of one read. */
interface RecordsRead {
  readonly records: readonly PlacedRecord[];
  /** Places at which something else than a record was skipped. */
  readonly damaged: number;
}

/** Size of one read: decoding that many records holds the thread for a few milliseconds. */
const READ_BYTES = 256 * 1_024;
/** First read of a single record: holds that of a file of a few chunks. */
const FIRST_BYTES = 2_048;

/** O_NONBLOCK: a pipe in place of the file is refused instead of waited for. */
const NO_WAIT = constants.O_NONBLOCK ?? 0;
const APPEND = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | NO_WAIT;

/** A file to which whole records are appended. Failures are system errors. */
export class RecordFile {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** @param mode - `append` creates the file when missing */
  static async open(path: string, mode: 'read' | 'append'): Promise<RecordFile> {
    const file = await open(path, mode === 'append' ? APPEND : constants.O_RDONLY | NO_WAIT, 0o600);
    try {
      if (!(await file.stat()).isFile()) throw new Error('not a regular file');
      return new RecordFile(file);
    } catch (failure) {
      await file.close();
      throw failure;
    }
  }

  /** Sets the modification time: the file is in use. */
  async touch(): Promise<void> {
    const now = new Date();
    await this.#file.utimes(now, now);
  }

  async size(): Promise<number> {
    return (await this.#file.stat()).size;
  }

  /** Yields the intact records of one read at a time; all else is skipped. */
  async *records(): AsyncGenerator<RecordsRead> {
    let buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    /** Position of the buffer in the file, and bytes in it. */
    let [position, filled] = [0, 0];
    for (let isEnd = false; !isEnd; ) {
      const { bytesRead } = await this.#file.read(buffer, filled, buffer.length - filled, position + filled);
      isEnd = bytesRead === 0;
      filled += bytesRead;
      const { taken, ...read } = recordsIn(buffer.subarray(0, filled), position, isEnd);
      yield read;
      const left = buffer.subarray(taken, filled);
      // A record longer than the buffer.
      const next = left.length === buffer.length ? Buffer.allocUnsafeSlow(2 * buffer.length) : buffer;
      next.set(left);
      [buffer, position, filled] = [next, position + taken, left.length];
    }
  }

  /** Reads the record at a position synchronously. @returns undefined when none is there, or it is damaged */
  recordAt(at: number): Buffer | undefined {
    const first = this.#read(at, FIRST_BYTES);
    const length = first.length < HEAD_BYTES ? undefined : recordLength(first, 0);
    if (length === undefined) return undefined;
    const record = length <= first.length ? first.subarray(0, length) : this.#read(at, length);
    return record.length === length && isIntact(record) ? record : undefined;
  }

  /**
   * Appends records.
   * @returns the position of the first, unless another process writes at the same time
   */
  async append(records: readonly Buffer[]): Promise<number> {
    const at = await this.size();
    await this.#file.appendFile(Buffer.concat(records));
    return at;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #read(at: number, length: number): Buffer {
    const buffer = Buffer.allocUnsafe(length);
    return buffer.subarray(0, readSync(this.#file.fd, buffer, 0, length, at));
  }
}

/**
 * Intact records in a piece of a file.
 * @param position - of the piece
 * @param isEnd - whether the file ends with it: an incomplete record is damaged
 * @returns `taken`: length of what was read or skipped; the rest is incomplete
 */
function recordsIn(bytes: Buffer, position: number, isEnd: boolean): RecordsRead & { taken: number } {
  const records: PlacedRecord[] = [];
  let [at, damaged] = [0, 0];
  while (bytes.length - at >= HEAD_BYTES) {
    const length = recordLength(bytes, at);
    const isWhole = length !== undefined && at + length <= bytes.length;
    if (length !== undefined && !isWhole && !isEnd) break;
    const record = isWhole ? bytes.subarray(at, at + length) : undefined;
    if (record !== undefined && isIntact(record)) {
      records.push({ at: position + at, record });
      at += record.length;
    } else {
      damaged++;
      const next = bytes.indexOf(MAGIC, at + 1);
      at = next < 0 ? bytes.length - MAGIC.length + 1 : next;
    }
  }
  if (!isEnd || at === bytes.length) return { records, damaged, taken: at };
  return { records, damaged: damaged + 1, taken: bytes.length };
}
