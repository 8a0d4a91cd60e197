import { chunkLayout, chunkLength } from '../../../../Protocol/ChunkLayout.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import { onAbort } from '../../../../Shared/Async/OnAbort.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import type { ContentRange } from '../../../ContentModel.ts';
import type { PumpOutcome } from '../../Ports.ts';
import type { RateFlow } from '../Limits/RateFlow.ts';
import { JobSize } from './JobSize.ts';
import { CUT_MS, type Desk, PUMPED_BYTES_MIN, type Seat, type Sink, STALLED_MS } from './Serving.ts';

/**
 * Bytes at the end of a range that are always read and checked: a file that changes while the pump sends it is noticed
 * before the client has all bytes, and the connection is cut.
 */
const TAIL_BYTES = 64 * 1_024;

/** Position in a file. */
interface Place {
  readonly chunk: number;
  readonly within: number;
}

/**
 * Sends one range of a file: waits for turns, sends pieces by the pump or through pooled buffers, keeps to the
 * limits.
 */
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
  readonly #jobs = new JobSize();
  /** Connection of the pump. */
  #line: number | undefined;

  constructor(seat: Seat, desk: Desk, fileId: FileId, { from, to }: ContentRange) {
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
      if (this.#line !== undefined) this.#desk.options.pump?.cancel(this.#line);
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

  /** Sends the next bytes; returns their number. */
  async #sendPiece(sink: Sink, flow: RateFlow): Promise<number> {
    const { provider } = this.#desk.options;
    const size = provider.sizeOf(this.#fileId);
    const held = provider.holdings(this.#fileId);
    const offset = this.#to - this.leftBytes;
    if (size === undefined || held === undefined || this.#to > size)
      throw new ShoalError('NOT_FOUND', 'the file is not here any more');
    const layout = chunkLayout(size);
    const chunk = Math.floor(offset / layout.chunkBytes);
    if (held !== 'all' && !held.has(chunk)) throw new ShoalError('NOT_FOUND', 'this part is not here yet');
    const place = { chunk, within: offset - chunk * layout.chunkBytes };
    const most = flow.rate === undefined ? this.#jobs.bytes : flow.pieceBytesMax;
    const pumped = Math.min(this.leftBytes - TAIL_BYTES, most);
    if (pumped >= PUMPED_BYTES_MIN && (await this.#pump(place, pumped, sink, flow))) return pumped;
    const bytes = Math.min(this.leftBytes, chunkLength(layout, chunk) - place.within, flow.pieceBytesMax);
    await this.#copy(place, bytes, sink, flow);
    return bytes;
  }

  /** Sends bytes by the pump. Returns false when that is not possible: nothing is sent then. */
  async #pump({ chunk, within }: Place, bytes: number, { plain }: Sink, flow: RateFlow): Promise<boolean> {
    const { provider, pump, clock } = this.#desk.options;
    if (plain?.descriptor() === undefined || pump?.begin() !== true) return false;
    const file = provider.lend?.(this.#fileId, chunk, within, bytes);
    if (file === undefined) return false;
    try {
      await flow.take(bytes);
      await this.#unlessEnded(plain.ready());
      const socket = plain.descriptor();
      this.#line ??= pump.newLine();
      const run = { position: file.position, pieces: [bytes], headers: undefined };
      const job = socket === undefined ? undefined : pump.send(this.#line, socket, file.descriptor, run);
      if (job === undefined) return false;
      this.#seat.sending(this.#fileId);
      this.#writingSinceMs = clock.nowMs();
      await this.#unlessEnded(job.then(assertComplete));
      this.#jobs.took(clock.nowMs() - this.#writingSinceMs);
      return true;
    } finally {
      this.#writingSinceMs = undefined;
      file.giveBack();
    }
  }

  /** Reads bytes within one chunk and writes them. */
  async #copy({ chunk, within }: Place, bytes: number, sink: Sink, flow: RateFlow): Promise<void> {
    const { provider, clock } = this.#desk.options;
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
      this.#wake();
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

function assertComplete({ complete }: PumpOutcome): void {
  if (!complete) throw new ShoalError('CLOSED', 'the connection ended, or the file became shorter');
}
