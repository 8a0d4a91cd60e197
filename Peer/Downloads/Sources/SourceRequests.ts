import type { BundledFile } from '../../../Protocol/Bundle.ts';
import type { ChunkOutcome, ChunkWriter, Source } from '../../Transfer.ts';

/**
 * Serializes the requests to one source per chunk. A chunk may be requested again while its cancelled request is
 * still finishing a write; the new request waits for that.
 */
export class SourceRequests {
  readonly #source: Source;
  readonly #open = new Map<number, Promise<ChunkOutcome>>();
  /** Requests that wait for an older request of the same chunk to end. */
  readonly #waiting = new Map<number, { cancelled: boolean }>();

  constructor(source: Source) {
    this.#source = source;
  }

  /** As Source.request. Never rejects. */
  request(
    chunk: number,
    bytes: number,
    writer: ChunkWriter,
    bundle?: readonly BundledFile[],
  ): Promise<ChunkOutcome> {
    const older = this.#open.get(chunk);
    const request = () => this.#source.request(chunk, bytes, writer, bundle);
    const outcome = older === undefined ? request() : this.#requestAfter(older, chunk, request, writer);
    this.#open.set(chunk, outcome);
    return outcome.then((ended) => {
      if (this.#open.get(chunk) === outcome) this.#open.delete(chunk);
      return ended;
    });
  }

  /** As Source.cancel. */
  cancel(chunk: number): void {
    const waiting = this.#waiting.get(chunk);
    if (waiting === undefined) this.#source.cancel(chunk);
    else waiting.cancelled = true;
  }

  /** As Source.withdraw. */
  withdraw(chunk: number): void {
    const waiting = this.#waiting.get(chunk);
    if (waiting === undefined) this.#source.withdraw?.(chunk);
    else waiting.cancelled = true;
  }

  async #requestAfter(
    older: Promise<ChunkOutcome>,
    chunk: number,
    request: () => Promise<ChunkOutcome>,
    writer: ChunkWriter,
  ): Promise<ChunkOutcome> {
    const waiting = { cancelled: false };
    this.#waiting.set(chunk, waiting);
    await older;
    if (this.#waiting.get(chunk) === waiting) this.#waiting.delete(chunk);
    if (!waiting.cancelled) return request();
    writer.abandon();
    return { kind: 'cancelled' };
  }
}
