import type { BundledFile } from '../../../../Protocol/Bundle.ts';
import { PIECE_BYTES_MAX } from '../../../../Protocol/Limits.ts';
import {
  encodeDataHeaders,
  LANE_DATA_HEADER_BYTES,
  type RefusalCode,
} from '../../../../Protocol/PeerMessages.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import type { ChunkProvider } from '../../Ports.ts';
import type { FileRun } from '../../Sendfile/Sendfile.ts';
import type { BufferPool, Pooled } from '../BufferPool.ts';
import { JobSize } from '../Desk/JobSize.ts';
import { PUMPED_BYTES_MIN } from '../Desk/Serving.ts';
import type { RateFlow } from '../Limits/RateFlow.ts';
import { BundleReader } from './BundleReader.ts';
import type { LaneServer, WantedChunk } from './LaneServer.ts';
import { refusalOf } from './Refusal.ts';

/** Chunk size up to which several chunks share a write. */
export const SMALL_CHUNK_BYTES = 64 * 1_024;
/** Bounds of a shared write. */
export const BATCH_BYTES_MAX = 512 * 1_024;
export const BATCH_CHUNKS_MAX = 64;
/** Buffers, or jobs of the pump, in use by one lane: one being sent, one being filled or waiting. */
const LANE_BUFFERS_MAX = 2;

/** Pieces of chunks that follow each other in one file, the first one at `offset` of its chunk. */
interface Run {
  readonly batch: readonly WantedChunk[];
  readonly offset: number;
  /** Request and length of each piece. */
  readonly ids: readonly number[];
  readonly pieces: readonly number[];
}

export interface LaneSenderOptions {
  readonly provider: ChunkProvider;
  readonly clock: Clock;
  readonly buffers: BufferPool;
  readonly limiter: RateFlow;
  /** Called with payload bytes handed to the operating system. */
  readonly sent: (bytes: number) => void;
}

/**
 * Sends the answers of one lane. Pieces of large files go by the pump where possible. Others are read: the next buffer
 * is filled while the previous one is written to the socket, and a frame is announced only when all its bytes are in
 * memory.
 */
export class LaneSender {
  readonly #lane: LaneServer;
  readonly #options: LaneSenderOptions;
  #out = 0;
  /** Buffers and jobs that the system has not accepted yet, and the time of the last progress. */
  #writing = 0;
  #progressMs = 0;
  readonly #jobs = new JobSize();
  #wake: (() => void) | undefined;
  #emptied: (() => void) | undefined;

  constructor(lane: LaneServer, options: LaneSenderOptions) {
    this.#lane = lane;
    this.#options = options;
  }

  /** Answers each request with its bytes or a reject. Resolves when they are handed to the socket. */
  async send(batch: readonly WantedChunk[]): Promise<void> {
    const [only] = batch;
    this.#lane.working(batch);
    if (only?.bundle !== undefined) await this.#sendBundle(only, only.bundle);
    else if (!(await this.#pumpRun(batch))) {
      if (batch.length > 1 && bytesOf(batch) <= PIECE_BYTES_MAX) await this.#sendTogether(batch);
      else for (const wanted of batch) await this.#sendChunk(wanted);
    }
    this.#lane.working([]);
  }

  /** Resolves when the system has accepted everything, or the lane is closed. */
  flushed(): Promise<void> {
    if (this.#writing === 0 || !this.#lane.open) return Promise.resolve();
    return new Promise((resolve) => {
      this.#emptied = resolve;
    });
  }

  /** Milliseconds for which the remote side has accepted nothing. */
  get stalledMs(): number {
    return this.#writing === 0 ? 0 : this.#options.clock.nowMs() - this.#progressMs;
  }

  /**
   * Largest run of chunks to send at once. Never starts the pump: small files need no thread.
   * @param copiedBytes - bound for runs that are copied
   */
  runBytesMax(copiedBytes: number): number {
    const { limiter } = this.#options;
    const isPumped = limiter.rate === undefined && this.#lane.stream.hasPumped;
    return isPumped ? this.#jobs.bytes : Math.min(limiter.pieceBytesMax, copiedBytes);
  }

  /** Wakes all waiters after the lane was closed. */
  close(): void {
    this.#options.limiter.close();
    this.#wake?.();
    this.#emptied?.();
  }

  async #sendChunk(wanted: WantedChunk): Promise<void> {
    if (wanted.bytes === 0) this.#lane.reject(wanted.id, 'not-found');
    await this.#sendPieces(
      wanted,
      (offset, into) => this.#read(wanted, offset, into),
      (offset, bytes) => this.#pump({ batch: [wanted], offset, ids: [wanted.id], pieces: [bytes] }),
    );
  }

  /** Sends whole small files back to back, in pieces as full as possible. */
  async #sendBundle(wanted: WantedChunk, files: readonly BundledFile[]): Promise<void> {
    const reader = new BundleReader(this.#options.provider, files);
    await this.#sendPieces(wanted, (_offset, into) => reader.fill(into));
  }

  /**
   * @param read - fills a buffer from an offset on; returns the refusal if it cannot
   * @param pump - sends a piece without a buffer; returns false if it cannot
   */
  async #sendPieces(
    wanted: WantedChunk,
    read: (offset: number, into: Buffer) => Promise<RefusalCode | undefined>,
    pump?: (offset: number, bytes: number) => Promise<boolean>,
  ): Promise<void> {
    const { limiter } = this.#options;
    for (let offset = 0, bytes = 0; offset < wanted.bytes; offset += bytes) {
      bytes = Math.min(wanted.bytes - offset, limiter.pieceBytesMax);
      if (pump !== undefined && (await pump(offset, bytes))) continue;
      const buffer = await this.#buffer();
      const over = () => !this.#lane.open || wanted.cancelled;
      const refusal = over() ? 'cancelled' : await read(offset, payloadOf(buffer, 0, bytes));
      if (refusal === undefined) await limiter.take(bytes);
      if (over() || refusal !== undefined) {
        this.#letGo(buffer);
        this.#lane.reject(wanted.id, refusal ?? 'cancelled');
        break;
      }
      buffer.bytes.set(encodeDataHeaders([wanted.id], [bytes]), 0);
      this.#write(buffer, [[0, LANE_DATA_HEADER_BYTES + bytes]]);
      this.#options.sent(bytes);
    }
  }

  /** Sends several chunks that fit into one buffer: read at once, written together. */
  async #sendTogether(batch: readonly WantedChunk[]): Promise<void> {
    const { limiter } = this.#options;
    if (isRun(batch) && (await this.#pump(runOf(batch)))) return;
    const buffer = await this.#buffer();
    let at = 0;
    const reads = batch.map(async (wanted) => {
      const from = at;
      at += LANE_DATA_HEADER_BYTES + wanted.bytes;
      buffer.bytes.set(encodeDataHeaders([wanted.id], [wanted.bytes]), from);
      const refusal =
        wanted.bytes === 0 ? 'not-found' : await this.#read(wanted, 0, payloadOf(buffer, from, wanted.bytes));
      return { wanted, from, refusal: wanted.cancelled ? 'cancelled' : refusal };
    });
    const results = await Promise.all(reads);
    const payload = results.reduce((sum, { wanted, refusal }) => sum + (refusal ? 0 : wanted.bytes), 0);
    await limiter.take(payload);
    for (const { wanted, refusal } of results) if (refusal) this.#lane.reject(wanted.id, refusal);
    const runs: [from: number, to: number][] = [];
    for (const { wanted, from, refusal } of results) {
      if (refusal) continue;
      const last = runs.at(-1);
      const to = from + LANE_DATA_HEADER_BYTES + wanted.bytes;
      if (last !== undefined && last[1] === from) last[1] = to;
      else runs.push([from, to]);
    }
    this.#write(buffer, runs);
    this.#options.sent(payload);
  }

  /** Sends a run of chunks in one job. Returns false when that is not possible: nothing is sent then. */
  async #pumpRun(batch: readonly WantedChunk[]): Promise<boolean> {
    const { limiter } = this.#options;
    const isAllowed = limiter.rate === undefined || bytesOf(batch) <= limiter.pieceBytesMax;
    return isAllowed && isRun(batch) && this.#pump(runOf(batch));
  }

  /** Sends a run by the pump. Returns false when that is not possible: nothing is sent then. */
  async #pump({ batch, offset, ids, pieces }: Run): Promise<boolean> {
    const { provider, limiter, sent } = this.#options;
    const output = this.#lane.stream;
    const [first] = batch;
    const bytes = pieces.reduce((sum, piece) => sum + piece, 0);
    if (first === undefined || bytes < PUMPED_BYTES_MIN || !output.mayPump) return false;
    await this.#room();
    this.#beginWriting(); // A peer that does not read what comes before is stalled, too.
    await output.clear();
    this.#endWriting();
    await limiter.take(bytes);
    if (!this.#lane.open || batch.some(({ cancelled }) => cancelled)) return false;
    const file = provider.lend?.(first.fileId, first.chunk, offset, bytes);
    const job = file && output.pump(file, framed(file.position, ids, pieces));
    if (job === undefined) {
      file?.giveBack();
      return false;
    }
    this.#out++;
    this.#beginWriting();
    const begunMs = this.#options.clock.nowMs();
    void job.then((outcome) => {
      file?.giveBack();
      // A job behind another one begins with the end of that.
      this.#jobs.took(this.#options.clock.nowMs() - Math.max(begunMs, this.#progressMs));
      sent(outcome.sent);
      if (!outcome.complete) this.#lane.close();
      this.#endWriting();
      this.#out--;
      this.#wake?.();
    });
    return true;
  }

  async #read(wanted: WantedChunk, offset: number, into: Uint8Array): Promise<RefusalCode | undefined> {
    try {
      await this.#options.provider.read(wanted.fileId, wanted.chunk, offset, into);
      return undefined;
    } catch (failure) {
      return refusalOf(failure);
    }
  }

  async #buffer(): Promise<Pooled> {
    await this.#room();
    this.#out++;
    return this.#options.buffers.acquire();
  }

  /** Waits until fewer than LANE_BUFFERS_MAX are in use. */
  async #room(): Promise<void> {
    while (this.#out >= LANE_BUFFERS_MAX && this.#lane.open) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #write(buffer: Pooled, runs: readonly (readonly [from: number, to: number])[]): void {
    let left = runs.length;
    if (left === 0) {
      this.#letGo(buffer);
      return;
    }
    this.#beginWriting();
    const done = () => {
      left--;
      if (left > 0) return;
      this.#endWriting();
      this.#letGo(buffer);
    };
    for (const [from, to] of runs) this.#lane.stream.write(buffer.bytes.subarray(from, to), done);
  }

  #beginWriting(): void {
    if (this.#writing === 0) this.#progressMs = this.#options.clock.nowMs();
    this.#writing++;
  }

  #endWriting(): void {
    this.#writing--;
    if (this.#writing === 0) this.#emptied?.();
    this.#progressMs = this.#options.clock.nowMs();
  }

  #letGo(buffer: Pooled): void {
    buffer.release();
    this.#out--;
    this.#wake?.();
  }
}

function payloadOf(buffer: Pooled, frameAt: number, bytes: number): Buffer {
  const from = frameAt + LANE_DATA_HEADER_BYTES;
  return buffer.bytes.subarray(from, from + bytes);
}

/** Whether chunks follow each other in one file. */
function isRun(batch: readonly WantedChunk[]): boolean {
  const [first] = batch;
  return batch.every(
    ({ fileId, chunk, bytes }, index) =>
      bytes > 0 && fileId === first?.fileId && chunk === first.chunk + index,
  );
}

/** Whole chunks that follow each other in one file, as pieces of one frame each. */
function runOf(batch: readonly WantedChunk[]): Run {
  const ids: number[] = [];
  const pieces: number[] = [];
  for (const { id, bytes } of batch) {
    for (let left = bytes; left > 0; left -= PIECE_BYTES_MAX) {
      ids.push(id);
      pieces.push(Math.min(PIECE_BYTES_MAX, left));
    }
  }
  return { batch, offset: 0, ids, pieces };
}

function bytesOf(batch: readonly WantedChunk[]): number {
  return batch.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The data frames of pieces that begin at a position of their file. */
function framed(position: number, ids: readonly number[], pieces: readonly number[]): FileRun {
  return { position, pieces, headers: encodeDataHeaders(ids, pieces) };
}
