import { badFrame } from '../../../../Protocol/Codec.ts';
import { LANE_REQUESTS_MAX, TURN_UNLIMITED } from '../../../../Protocol/Limits.ts';
import { encodeLane, type LaneOf } from '../../../../Protocol/PeerMessages.ts';
import type { ByteStream, ReadTarget, StreamHandler } from '../../../../Shared/Network/Transport.ts';
import { asShoalError, ShoalError } from '../../../../Shared/ShoalError.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import type { ChunkOutcome } from '../../../Transfer.ts';
import { BatchedWriter } from '../BatchedWriter.ts';
import type { RateFlow } from '../Limits/RateFlow.ts';
import { ChunkReceipt, type LaneRequest } from './ChunkReceipt.ts';
import { Fifo } from './Fifo.ts';
import { type LaneFrames, LaneReader } from './LaneReader.ts';
import type { ReceiveBuffers, Region } from './ReceiveBuffers.ts';

/** Delay after which a granted turn is passed on if nothing was requested: requests are made at once. */
const ASK_MS = 1;
/** Payload size from which only the header is read ahead. */
const LARGE_BYTES = 64 * 1_024;

/** Opens the connection of a lane, up to and including its token. @throws ShoalError UNREACHABLE, TIMEOUT, CANCELLED */
export type OpenLane = (handler: StreamHandler, into: ReadTarget, signal: AbortSignal) => Promise<ByteStream>;

export interface LaneOptions {
  readonly open: OpenLane;
  readonly clock: Clock;
  readonly buffers: ReceiveBuffers;
  /** This lane's share of the limits; closed with the lane. */
  readonly limiter: RateFlow;
  /** Called for payload bytes of any file. */
  readonly received: (bytes: number) => void;
  /**
   * Called when a turn is granted: request about `bytes` now (TURN_UNLIMITED: no end yet), or the turn passes to the
   * next peer.
   */
  readonly turn: (bytes: number) => void;
  /**
   * Called once. The reason is BAD_FRAME after a protocol violation by the remote side, undefined after close().
   * `lost`: number of open requests.
   */
  readonly ended: (reason: ShoalError | undefined, lost: number) => void;
}

/** The receiving end of a lane: requests are pipelined, and each ends with an outcome. Never redials. */
export class Lane implements StreamHandler, LaneFrames {
  readonly #options: LaneOptions;
  readonly #reader: LaneReader;
  readonly #writer = new BatchedWriter();
  /** Requests sent and not answered in full, cancelled ones included, in the order of sending. */
  readonly #open = new Map<number, ChunkReceipt>();
  /** Requests beyond LANE_REQUESTS_MAX, the most that the remote side queues. */
  readonly #backlog = new Fifo<ChunkReceipt>();
  readonly #ids = new Map<ChunkReceipt, number>();
  readonly #opening = new AbortController();
  #stream: ByteStream | undefined;
  #nextId = 1;
  /** Open requests for small payloads. While there are any, frames are read ahead. */
  #smallOpen = 0;
  #current: { id: number; receipt: ChunkReceipt } | undefined;
  #limited = false;
  #linedUp = false;
  #ended = false;
  #idleSinceMs: number;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#reader = new LaneReader(this, options.buffers, options.clock);
    this.#idleSinceMs = options.clock.nowMs();
  }

  /** Milliseconds without an open request. */
  get idleMs(): number {
    return this.#ids.size > 0 || this.#linedUp ? 0 : this.#options.clock.nowMs() - this.#idleSinceMs;
  }

  /** Whether the connection stands. */
  get isConnected(): boolean {
    return this.#stream !== undefined;
  }

  /** Opens the connection. Requests may be made before it is open. */
  start(): void {
    this.#start().catch((failure: unknown) => this.#end(asShoalError(failure, 'UNREACHABLE')));
  }

  request(order: LaneRequest): ChunkReceipt {
    const receipt = new ChunkReceipt(order);
    if (this.#ended) {
      receipt.end({ kind: 'lost', reason: new ShoalError('UNREACHABLE', 'the connection is gone') });
    } else if (this.#open.size >= LANE_REQUESTS_MAX) {
      this.#backlog.push(receipt);
    } else {
      this.#ask(receipt);
    }
    return receipt;
  }

  cancel(receipt: ChunkReceipt, outcome: ChunkOutcome = { kind: 'cancelled' }): void {
    if (receipt.decided) return;
    receipt.end(outcome);
    const id = this.#ids.get(receipt);
    if (id !== undefined) this.#writer.write(encodeLane({ type: 'cancel', id }));
  }

  /**
   * Withdraws a request unless the remote side has begun to send it: the request ends as `rejected` (cancelled), or
   * goes on.
   */
  withdraw(receipt: ChunkReceipt): void {
    const id = this.#ids.get(receipt);
    if (receipt.decided) return;
    if (id === undefined) receipt.end({ kind: 'rejected', code: 'cancelled' });
    else this.#writer.write(encodeLane({ type: 'withdraw', id }));
  }

  /** Takes a place in the remote queue, once until `turn` is called. */
  lineUp(): void {
    if (this.#linedUp || this.#ended) return;
    this.#linedUp = true;
    this.#writer.write(encodeLane({ type: 'lineUp' }));
  }

  /** @param reason - the outcome of open requests, which are `lost` */
  close(reason = new ShoalError('CANCELLED', 'the transfer was closed')): void {
    this.#end(undefined, reason);
  }

  // ---- LaneFrames, called by the reader

  begin(id: number, bytes: number): boolean {
    if (this.#current !== undefined && this.#current.id !== id)
      throw badFrame('a chunk inside another chunk');
    const receipt = this.#open.get(id);
    if (receipt === undefined) throw badFrame('a piece that was not requested');
    receipt.announced += bytes;
    if (receipt.announced > receipt.order.bytes) throw badFrame('more bytes than the chunk has');
    this.#current = { id, receipt };
    return !receipt.decided;
  }

  arrived(bytes: number): void {
    this.#options.limiter.spend(bytes);
    this.#options.received(bytes);
    const receipt = this.#current?.receipt;
    if (receipt?.decided === false) receipt.order.received(bytes);
    else receipt?.order.late?.(bytes);
  }

  piece(region: Region): void {
    if (this.#current === undefined) region.release();
    else this.#current.receipt.piece(region);
  }

  end(): void {
    const current = this.#current;
    if (current === undefined || current.receipt.announced < current.receipt.order.bytes) return;
    this.#current = undefined;
    this.#answered(current.id, current.receipt);
    current.receipt.whole();
  }

  rejected({ id, code }: LaneOf<'reject'>): void {
    const receipt = this.#open.get(id);
    // Our cancel and the last byte may have crossed: then the reject answers a finished request.
    if (receipt === undefined) return;
    // A queued request can be withdrawn, and rejected, while another chunk is being sent.
    if (this.#current?.id === id) this.#current = undefined;
    this.#answered(id, receipt);
    receipt.end({ kind: 'rejected', code });
  }

  turn(bytes: number): void {
    if (!this.#linedUp) throw badFrame('a turn that was not requested');
    this.#linedUp = false;
    this.#idleSinceMs = this.#options.clock.nowMs();
    const asked = this.#nextId;
    this.#options.turn(bytes);
    this.#options.clock.after(ASK_MS, () => {
      if (this.#nextId === asked && !this.#ended) this.#writer.write(encodeLane({ type: 'pass' }));
    });
  }

  expectsLarge(): boolean {
    const receipt = this.#current?.receipt;
    if (receipt !== undefined) return receipt.order.bytes - receipt.announced >= LARGE_BYTES;
    return this.#smallOpen === 0;
  }

  readBytesMax(): number {
    return this.#options.limiter.pieceBytesMax;
  }

  mayReadOn(): boolean {
    const { limiter } = this.#options;
    if (this.#limited) return false;
    if (limiter.ready) return true;
    this.#limited = true;
    limiter.whenReady(() => {
      this.#limited = false;
      if (!this.#ended && !this.#reader.waiting) this.#stream?.resume();
    });
    return false;
  }

  readable(): void {
    if (!this.#ended && this.mayReadOn()) this.#stream?.resume();
  }

  broken(reason: unknown): void {
    this.#end(asShoalError(reason, 'BAD_FRAME'));
  }

  // ---- StreamHandler

  drained(): void {}

  closed(error: Error | undefined): void {
    const message = error === undefined ? 'the other side ended the transfer' : 'the connection broke';
    this.#end(new ShoalError('UNREACHABLE', message, { cause: error }));
  }

  async #start(): Promise<void> {
    const stream = await this.#options.open(this, this.#reader, this.#opening.signal);
    this.#stream = stream;
    if (this.#ended) stream.destroy();
    else this.#writer.open(stream);
  }

  #ask(receipt: ChunkReceipt): void {
    const id = this.#nextId;
    this.#nextId = id === 0xffff_ffff ? 1 : id + 1;
    this.#open.set(id, receipt);
    this.#ids.set(receipt, id);
    if (receipt.order.bytes < LARGE_BYTES) this.#smallOpen++;
    const { fileId, chunk, bundle } = receipt.order;
    this.#writer.write(
      encodeLane(
        bundle === undefined ? { type: 'request', id, fileId, chunk } : { type: 'bundle', id, files: bundle },
      ),
    );
  }

  #answered(id: number, receipt: ChunkReceipt): void {
    this.#open.delete(id);
    this.#ids.delete(receipt);
    if (receipt.order.bytes < LARGE_BYTES) this.#smallOpen--;
    let next = this.#backlog.shift();
    while (next?.decided) next = this.#backlog.shift();
    if (next !== undefined) this.#ask(next);
    if (this.#ids.size === 0) this.#idleSinceMs = this.#options.clock.nowMs();
  }

  #end(reason: ShoalError | undefined, lost = reason): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#opening.abort();
    this.#stream?.destroy();
    this.#writer.close();
    this.#reader.close();
    this.#options.limiter.close();
    if (this.#linedUp) this.#options.turn(TURN_UNLIMITED);
    const open = [...this.#open.values(), ...this.#backlog.drain()];
    this.#open.clear();
    this.#ids.clear();
    if (lost !== undefined) for (const receipt of open) receipt.end({ kind: 'lost', reason: lost });
    this.#options.ended(reason, open.length);
  }
}
