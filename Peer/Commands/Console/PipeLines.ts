import type { Readable } from 'node:stream';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { LINE_LENGTH_MAX } from '../CommandParser.ts';

/** One line of a pipe. */
export interface PipedLine {
  /** 1 for the first. */
  readonly number: number;
  readonly text: string;
  /** It cannot be a command: why. */
  readonly problem: ShoalError | undefined;
  /** Reading on makes no sense. */
  readonly last: boolean;
}

/**
 * The lines of a stream, one at a time: the stream is read when a line is wanted, and begins to be read at the first, so that
 * nothing is lost that was piped early. Ends at the end of the stream, when it breaks, or when the signal aborts.
 * Memory: one chunk and one line of at most LINE_LENGTH_MAX.
 */
export async function* pipedLines(
  input: Readable,
  signal: AbortSignal,
): AsyncGenerator<PipedLine, void, undefined> {
  const splitter = new LineSplitter();
  const abort = () => input.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) return;
    for await (const chunk of input) {
      for (const line of splitter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)) {
        yield line;
        if (line.last) return;
      }
    }
    yield* splitter.end();
  } catch (failure) {
    // Aborted, or the other side broke the pipe: both are the end of input.
    if (!signal.aborted && !(failure instanceof Error && 'code' in failure)) throw failure;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Bytes in, lines out. */
export class LineSplitter {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #parts: Uint8Array[] = [];
  #length = 0;
  #tooLong = false;
  #number = 0;

  *push(chunk: Uint8Array): Generator<PipedLine, void, undefined> {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      this.#add(chunk.subarray(start, end));
      start = end + 1;
      yield this.#take();
    }
    this.#add(chunk.subarray(start));
  }

  /** The last line, when no line end follows it. */
  *end(): Generator<PipedLine, void, undefined> {
    if (this.#length > 0 || this.#tooLong) yield this.#take();
  }

  #add(part: Uint8Array): void {
    if (part.length === 0) return;
    if (this.#length + part.length > LINE_LENGTH_MAX) {
      this.#tooLong = true;
      this.#parts = [];
      this.#length = 0;
    }
    if (this.#tooLong) return;
    this.#parts.push(part);
    this.#length += part.length;
  }

  #take(): PipedLine {
    const bytes = Buffer.concat(this.#parts);
    const tooLong = this.#tooLong;
    this.#parts = [];
    this.#length = 0;
    this.#tooLong = false;
    this.#number++;
    const number = this.#number;
    if (tooLong) {
      const problem = new ShoalError('USAGE', `the line is longer than ${LINE_LENGTH_MAX / 1_024} KiB`, {
        hint: 'One command a line; see: help',
      });
      return { number, text: '', problem, last: false };
    }
    const text = this.#decode(bytes);
    if (text !== undefined) return { number, text, problem: undefined, last: false };
    const problem = new ShoalError('USAGE', 'the input is not text', {
      hint: 'Commands are lines of UTF-8 text; nothing after this line was read.',
    });
    return { number, text: '', problem, last: true };
  }

  /** Undefined when it is no line of text. The decoder drops a byte order mark. */
  #decode(bytes: Uint8Array): string | undefined {
    try {
      const text = this.#decoder.decode(bytes).replace(/\r$/, '');
      return /[\u0000-\u0008\u000a-\u001f\u007f]/.test(text) ? undefined : text;
    } catch {
      return undefined;
    }
  }
}
