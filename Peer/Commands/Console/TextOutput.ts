import type { Writable } from 'node:stream';

/** A stream for people or pipes. When its reader goes away (EPIPE) what is written is lost quietly. */
export class TextOutput {
  readonly #stream: Writable;
  #broken = false;

  constructor(stream: Writable) {
    this.#stream = stream;
    // Stays for good: an EPIPE may come after the last write.
    stream.on('error', () => {
      this.#broken = true;
    });
  }

  /** Lines, without the last line end; '' prints nothing. */
  print(text: string): void {
    if (text !== '') this.write(`${text}\n`);
  }

  write(text: string): void {
    if (!this.#broken && !this.#stream.destroyed && !this.#stream.writableEnded) this.#stream.write(text);
  }

  /** Resolves when everything is handed to the system, or lost. */
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
