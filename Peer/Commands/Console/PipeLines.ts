import type { Readable } from 'node:stream';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { LINE_LENGTH_MAX, lineTooLong } from '../Line/CommandParser.ts';

/** One line of a pipe. */
export interface PipedLine {
  /** 1 for the first. */
  readonly number: number;
  readonly text: string;
  /** Set if the line cannot be a command. */
  readonly problem: ShoalError | undefined;
  /** No line follows: the input is not text. */
  readonly last: boolean;
}

/**
 * Reads a stream line by line, on demand: nothing is read before the first line is requested, so early input is not
 * lost. Ends at the end of the stream, on a broken pipe, or on abort. Memory: one read and one line of
 * LINE_LENGTH_MAX.
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
    // An abort and a broken pipe both mean the end of input.
    if (!signal.aborted && !(failure instanceof Error && 'code' in failure)) throw failure;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Splits bytes into lines of UTF-8 text. */
class LineSplitter {
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

  /** The last line, if no line end follows it. */
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
    if (tooLong) return { number, text: '', problem: lineTooLong(), last: false };
    const text = this.#decode(bytes);
    if (text !== undefined) return { number, text, problem: undefined, last: false };
    const problem = new ShoalError(
      'USAGE',
      'the input is not text: it has control characters, or is not UTF-8',
      {
        hint: 'Send commands as lines of text. Nothing after this line was read.',
      },
    );
    return { number, text: '', problem, last: true };
  }

  /** Undefined for bytes that are no text. The decoder removes a byte order mark. */
  #decode(bytes: Uint8Array): string | undefined {
    try {
      const text = this.#decoder.decode(bytes).replace(/\r$/, '');
      return /[\u0000-\u0008\u000a-\u001f\u007f]/.test(text) ? undefined : text;
    } catch {
      return undefined;
    }
  }
}
