import type { Writable } from 'node:stream';

/** An output stream that discards text silently once its reader is gone (EPIPE). */
export class TextOutput {
  readonly #stream: Writable;
  #broken = false;

  constructor(stream: Writable) {
    this.#stream = stream;
    // Never removed: EPIPE may be reported after the last write.
    stream.on('error', () => {
      this.#broken = true;
    });
  }

  /** Prints lines without a final line end; '' prints nothing. */
  print(text: string): void {
    if (text !== '') this.write(`${text}\n`);
  }

  write(text: string): void {
    if (!this.#broken && !this.#stream.destroyed && !this.#stream.writableEnded) this.#stream.write(text);
  }

  /** Resolves when all text is handed to the system, or discarded. */
  async flush(): Promise<void> {
    if (this.#broken || this.#stream.destroyed || this.#stream.writableEnded) return;
    const stream = this.#stream;
    await new Promise<void>((resolve) => {
      const done = () => {
        stream.off('close', done);
        stream.off('error', done);
        resolve();
      };
      stream.once('close', done);
      stream.once('error', done);
      stream.write('', done);
    });
  }
}
