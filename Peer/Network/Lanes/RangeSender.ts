import { chunkLayout, chunkLength } from '../../../Protocol/ChunkLayout.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { onAbort } from '../../../Shared/OnAbort.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { RateFlow } from './RateFlow.ts';
import { type ByteRange, CUT_MS, type Desk, type Seat, type Sink, STALLED_MS } from './Serving.ts';

/** Sends one range of a file: waits for turns, reads pieces into pooled buffers, keeps to the limits. */
export class RangeSender {
  /** Bytes not sent yet. */
  leftBytes: number;
  readonly #seat: Seat;
  readonly #desk: Desk;
  readonly #fileId: FileId;
  readonly #to: number;
  /** Time at which the sink was given the bytes that it has not accepted yet. */
  #writingSinceMs: number | undefined;
  #ended: ShoalError | undefined;
  #wake: () => void = () => {};

  constructor(seat: Seat, desk: Desk, fileId: FileId, { from, to }: ByteRange) {
    this.#seat = seat;
    this.#desk = desk;
    this.#fileId = fileId;
    this.#to = to;
    this.leftBytes = Math.max(0, to - from);
  }

  async run(sink: Sink, signal: AbortSignal): Promise<void> {
    const stopListening = onAbort(signal, () => this.#end(cancelled()));
    if (signal.aborted) this.#end(cancelled());
    const flow = this.#desk.flow(sink.host);
    try {
      while (this.leftBytes > 0) {
        await this.#turn();
        const bytes = await this.#sendPiece(sink, flow);
        this.leftBytes -= bytes;
        this.#seat.moved(bytes);
        this.#seat.endTurn();
      }
    } finally {
      stopListening();
      flow.close();
    }
  }

  /** Continues when the client has a slot. */
  wake(): void {
    this.#wake();
  }

  /** See ServeClient. */
  checkStalled(memoryIsShort: boolean): boolean {
    if (this.#writingSinceMs === undefined) return false;
    const stalledMs = this.#desk.options.clock.nowMs() - this.#writingSinceMs;
    if (memoryIsShort && stalledMs >= CUT_MS)
      this.#end(new ShoalError('TIMEOUT', 'the client does not read'));
    return stalledMs >= STALLED_MS;
  }

  close(): void {
    this.#end(cancelled());
  }

  async #turn(): Promise<void> {
    for (;;) {
      if (this.#ended !== undefined) throw this.#ended;
      if (this.#seat.served) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        // The slot that was lost is another client's.
        this.#seat.changed();
      });
    }
  }

  /** Sends the next bytes within one chunk; returns their number. */
  async #sendPiece(sink: Sink, flow: RateFlow): Promise<number> {
    const { provider, clock } = this.#desk.options;
    const size = provider.sizeOf(this.#fileId);
    const held = provider.holdings(this.#fileId);
    const offset = this.#to - this.leftBytes;
    if (size === undefined || held === undefined || this.#to > size)
      throw new ShoalError('NOT_FOUND', 'the file is not here any more');
    const layout = chunkLayout(size);
    const chunk = Math.floor(offset / layout.chunkBytes);
    if (held !== 'all' && !held.has(chunk)) throw new ShoalError('NOT_FOUND', 'this part is not here yet');
    const within = offset - chunk * layout.chunkBytes;
    const bytes = Math.min(this.leftBytes, chunkLength(layout, chunk) - within, flow.pieceBytesMax);
    const buffer = await this.#desk.buffers.acquire();
    let written: Promise<void> | undefined;
    try {
      const piece = buffer.bytes.subarray(0, bytes);
      await provider.read(this.#fileId, chunk, within, piece);
      await flow.take(bytes);
      if (this.#ended !== undefined) throw this.#ended;
      this.#seat.sending(this.#fileId);
      this.#writingSinceMs = clock.nowMs();
      written = sink.write(piece);
      await this.#unlessEnded(written);
      return bytes;
    } finally {
      this.#writingSinceMs = undefined;
      // The sink may still read the buffer of a write that was given up.
      if (written === undefined) buffer.release();
      else written.then(buffer.release, buffer.release);
    }
  }

  #unlessEnded(written: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#wake = () => {
        if (this.#ended !== undefined) reject(this.#ended);
      };
      written.then(resolve, reject);
    });
  }

  #end(reason: ShoalError): void {
    this.#ended ??= reason;
    this.#wake();
  }
}

function cancelled(): ShoalError {
  return new ShoalError('CANCELLED', 'the transfer was cancelled');
}
