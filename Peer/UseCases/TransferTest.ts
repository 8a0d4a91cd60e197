import { type ChunkLayout, chunkLayout, chunkLength } from '../../Protocol/ChunkLayout.ts';
import { hashBytes } from '../../Protocol/FileId.ts';
import { CHUNK_BYTES_MIN } from '../../Protocol/Limits.ts';
import { isListedFolder } from '../../Protocol/ListedFile.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { type Clock, sleep } from '../../Shared/Time/Clock.ts';
import { within } from '../../Shared/Time/Within.ts';
import type { TransferMeasurement } from '../CommandInterface.ts';
import type { CatalogEntry, PeerSummary } from '../Model.ts';
import type { NetworkManager } from '../NetworkManager.ts';
import type { ChunkWriter, Source, SourceEvents } from '../Transfer.ts';

/** Time for a peer to be linked and to list a file. */
const FINDING_MS = 3_000;
/** Time for which chunks are taken, and its parts: the own limit is looked at after each. */
const TAKING_MS = 2_000;
const PARTS = 8;
/** Peers that are tried until one has a file to test with. */
const PEERS_MAX = 3;
/** Pages of a listing that are read at most, and the size that needs no further page. */
const PAGES_MAX = 4;
const LARGE_BYTES = 64 * 1_048_576;
/** Bytes requested at once. */
const WINDOW_BYTES = 16 * 1_048_576;

export interface TransferTestOptions {
  readonly network: Pick<NetworkManager, 'listFiles' | 'openSource' | 'limitFor'>;
  readonly clock: Clock;
  /** Milliseconds for which the main thread was busy. */
  readonly busyMs: () => number;
}

/** Fetches chunks from a peer for two seconds and drops them, to find the bottleneck of a transfer. */
export class TransferTest {
  readonly #options: TransferTestOptions;

  constructor(options: TransferTestOptions) {
    this.#options = options;
  }

  /** Undefined: no peer has a file to test with. Never rejects. */
  async run(peers: readonly PeerSummary[], signal: AbortSignal): Promise<TransferMeasurement | undefined> {
    // A peer that is linked already costs no dial.
    const tried = peers
      .toSorted((one, other) => Number(other.linked) - Number(one.linked))
      .slice(0, PEERS_MAX);
    let failed: TransferMeasurement | undefined;
    for (const peer of tried) {
      try {
        const file = await this.#within(signal, (limit) => this.#findFile(peer, limit));
        if (file !== undefined) return await this.#take(peer, file, signal);
      } catch (failure) {
        if (signal.aborted) return undefined;
        const reason = failure instanceof Error ? failure.message : String(failure);
        failed ??= { peer, bytes: 0, seconds: 0, busy: 0, failure: reason };
      }
    }
    return failed;
  }

  async #findFile(peer: PeerSummary, signal: AbortSignal): Promise<CatalogEntry | undefined> {
    let largest: CatalogEntry | undefined;
    let pages = 0;
    for await (const page of this.#options.network.listFiles(peer, '', signal)) {
      for (const file of page)
        if (!isListedFolder(file) && file.size >= CHUNK_BYTES_MIN && file.size > (largest?.size ?? 0))
          largest = file;
      if (++pages >= PAGES_MAX || (largest?.size ?? 0) >= LARGE_BYTES) break;
    }
    return largest;
  }

  async #take(peer: PeerSummary, file: CatalogEntry, signal: AbortSignal): Promise<TransferMeasurement> {
    const { network, clock, busyMs } = this.#options;
    const taking = new Taking(clock, signal);
    const source = await this.#within(signal, (limit) =>
      network.openSource(peer, file.fileId, taking, limit, 'complete'),
    );
    const [startMs, busyBefore] = [clock.nowMs(), busyMs()];
    const layout = chunkLayout(file.size);
    source.setChunkCount(layout.chunkCount);
    taking.request(source, layout);
    let limit: number | undefined;
    for (let part = 0; part < PARTS && !taking.ended.aborted; part++) {
      await sleep(clock, TAKING_MS / PARTS, taking.ended);
      // Defined only while the limit delays data.
      limit = network.limitFor(peer) ?? limit;
    }
    const endMs = clock.nowMs();
    taking.stop(source);
    const { bytes, queue, failure, firstMs = startMs } = taking;
    const busy = (busyMs() - busyBefore) / Math.max(1, endMs - startMs);
    const seconds = Math.max(1, endMs - firstMs) / 1_000;
    return { peer, bytes, seconds, queue, limit, busy, failure: bytes === 0 ? failure : undefined };
  }

  /** @throws ShoalError TIMEOUT after FINDING_MS */
  #within<T>(signal: AbortSignal, work: (limited: AbortSignal) => Promise<T>): Promise<T> {
    return within(this.#options.clock, FINDING_MS, signal, (limited) =>
      work(limited).catch((failure: unknown) => {
        if (!limited.aborted || signal.aborted) throw failure;
        throw new ShoalError('TIMEOUT', 'it does not answer in time', { cause: failure });
      }),
    );
  }
}

/** Chunks on their way from one source, and their count. */
class Taking implements SourceEvents {
  bytes = 0;
  /** Time of the first byte. */
  firstMs: number | undefined;
  /** Position in the queue of the source; undefined: it serves us. */
  queue: TransferMeasurement['queue'];
  /** Why it ended early. */
  failure: string | undefined;
  /** Aborted at the end, early or not. */
  readonly ended: AbortSignal;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #pending = new Set<number>();
  #next = 0;

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.ended = AbortSignal.any([signal, this.#stopping.signal]);
  }

  haveChanged(): void {}

  received(bytes: number): void {
    this.firstMs ??= this.#clock.nowMs();
    this.bytes += bytes;
  }

  queued(place: number, of?: number): void {
    this.queue = place === 0 ? undefined : { place, of };
  }

  left(reason: ShoalError): void {
    this.#fail(reason.message);
  }

  /** Requests the chunks of a file in order, a window at once, and begins again at the end. */
  request(source: Source, layout: ChunkLayout): void {
    const window = Math.min(layout.chunkCount, Math.max(2, Math.floor(WINDOW_BYTES / layout.chunkBytes)));
    for (let slot = 0; slot < window; slot++) void this.#requestOn(source, layout);
  }

  stop(source: Source): void {
    this.#stopping.abort();
    for (const chunk of this.#pending) source.cancel(chunk);
    source.close();
  }

  async #requestOn(source: Source, layout: ChunkLayout): Promise<void> {
    while (!this.ended.aborted) {
      const chunk = this.#nextChunk(layout.chunkCount);
      this.#pending.add(chunk);
      const outcome = await source.request(chunk, chunkLength(layout, chunk), droppedChunk());
      this.#pending.delete(chunk);
      if (outcome.kind === 'verified') continue;
      this.#fail(
        outcome.kind === 'rejected' ? `it refused a chunk (${outcome.code})` : 'the connection broke',
      );
    }
  }

  /** Chunks end in any order; a source takes each once at a time. One is free: the window is the whole file at most. */
  #nextChunk(chunkCount: number): number {
    for (;;) {
      const chunk = this.#next++ % chunkCount;
      if (!this.#pending.has(chunk)) return chunk;
    }
  }

  #fail(why: string): void {
    if (this.ended.aborted) return;
    this.failure = why;
    this.#stopping.abort();
  }
}

/** Hashes the bytes, as a download does, and drops them. */
function droppedChunk(): ChunkWriter {
  return {
    write: async (piece) => void hashBytes(piece),
    finish: async () => true,
    abandon: () => {},
  };
}
