import { constants, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { CHUNK_COUNT_MAX, PATH_BYTES_MAX } from '../../../Protocol/Limits.ts';

/** One line of a file. */
export interface FileLine {
  /** Position of its first byte. */
  readonly at: number;
  /** Content without the line feed. */
  readonly line: Buffer;
}

/** Size of one read: decoding that many records holds the thread for a few milliseconds. */
const READ_BYTES = 256 * 1_024;
/** First read of a single line: holds the record of a file of a few chunks. */
const LINE_BYTES = 2_048;
/** Longest record: 64 hex digits per chunk, the path as escaped JSON, and the other fields. */
const LINE_BYTES_MAX = 64 * CHUNK_COUNT_MAX + 6 * PATH_BYTES_MAX + 1_024;

/** O_NONBLOCK: a pipe in place of the file is refused instead of waited for. */
const NO_WAIT = constants.O_NONBLOCK ?? 0;
const APPEND = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | NO_WAIT;

/** A text file to which whole lines are appended. Failures are system errors. */
export class RecordFile {
  readonly #file: FileHandle;
  /** Whether the file may end within a line: the next write begins with a line feed. */
  #isTorn = true;

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

  /**
   * Yields the lines of one read at a time, without empty ones and those longer than any record. Text after the last
   * line feed is a line too.
   */
  async *lines(): AsyncGenerator<readonly FileLine[]> {
    let pieces: Buffer[] = [];
    let bytes = 0;
    let at = 0;
    const add = (piece: Buffer) => {
      bytes += piece.length;
      pieces = bytes > LINE_BYTES_MAX ? [] : [...pieces, piece];
    };
    for (;;) {
      const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, at + bytes);
      if (bytesRead === 0) break;
      const read = buffer.subarray(0, bytesRead);
      const lines: FileLine[] = [];
      let start = 0;
      for (let end = read.indexOf(LINE_FEED); end >= 0; end = read.indexOf(LINE_FEED, start)) {
        add(read.subarray(start, end));
        const [first, ...more] = pieces;
        const line = more.length === 0 ? first : Buffer.concat(pieces);
        if (line !== undefined && line.length > 0) lines.push({ at, line });
        at += bytes + 1;
        [pieces, bytes] = [[], 0];
        start = end + 1;
      }
      if (start < bytesRead) add(read.subarray(start));
      yield lines;
    }
    if (pieces.length > 0) yield [{ at, line: Buffer.concat(pieces) }];
  }

  /** Reads the line at a position synchronously. @returns undefined when no whole line is there */
  lineAt(at: number): Buffer | undefined {
    for (let bytes = LINE_BYTES; bytes <= 2 * LINE_BYTES_MAX; bytes *= 8) {
      const buffer = Buffer.allocUnsafe(bytes);
      const count = readSync(this.#file.fd, buffer, 0, bytes, at);
      const end = buffer.subarray(0, count).indexOf(LINE_FEED);
      if (end >= 0) return buffer.subarray(0, end);
      if (count < bytes) return undefined;
    }
    return undefined;
  }

  /**
   * Appends lines, each with its line feed.
   * @returns the position of the first, unless another process writes at the same time
   */
  async append(lines: readonly Buffer[]): Promise<number> {
    const at = await this.size();
    const start = this.#isTorn && at > 0 ? [Buffer.from('\n')] : [];
    this.#isTorn = true;
    await this.#file.appendFile(Buffer.concat([...start, ...lines]));
    this.#isTorn = false;
    return at + start.length;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

const LINE_FEED = 0x0a;
