import { type BundledFile, bundleBytes } from '../../../../Protocol/Bundle.ts';
import { badFrame } from '../../../../Protocol/Codec.ts';
import { FrameDecoder } from '../../../../Protocol/FrameDecoder.ts';
import type { FileId, PeerId } from '../../../../Protocol/Ids.ts';
import {
  BUNDLED_FILE_BYTES_MAX,
  CHUNK_BYTES_MIN,
  GREETING_FRAME_BYTES_MAX,
  LANE_REQUEST_BYTES_MAX,
  LANE_REQUESTS_MAX,
} from '../../../../Protocol/Limits.ts';
import {
  decodeLane,
  encodeLane,
  type LaneMessage,
  type LaneOf,
  type RefusalCode,
} from '../../../../Protocol/PeerMessages.ts';
import type { StreamHandler } from '../../../../Shared/Network/Transport.ts';
import type { LaneOutput } from './LaneOutput.ts';

/** A queued request. */
export interface WantedChunk {
  readonly id: number;
  readonly fileId: FileId;
  readonly chunk: number;
  /** Length of the answer; 0: not available here, to be rejected. */
  readonly bytes: number;
  /** Whole small files requested instead; `fileId` is that of the first. */
  readonly bundle?: readonly BundledFile[];
  cancelled: boolean;
  /** Number of later requests served before this one. */
  overtaken: number;
}

/** Number of queued requests among which the next one is chosen. */
const CHOICE = 32;
/** Bound on `overtaken`, so that no request starves. */
const OVERTAKEN_MAX = 32;

/** Demand of a queue place without requests: a chunk, so that it does not count as small. */
const LINE_UP_BYTES = CHUNK_BYTES_MIN;

/** Bounds of one batch. */
export interface TakeLimits {
  /** Size up to which a request counts as small. */
  readonly smallBytes: number;
  /** Total of a batch of small requests. */
  readonly maxBytes: number;
  readonly maxCount: number;
  /** Total of a run of consecutive chunks. */
  readonly runBytes: number;
}

/** The owner of all lane servers, which schedules them. */
export interface LaneServerOwner {
  /** @returns the owner of a token; undefined: the token is not valid */
  redeem(token: string, lane: LaneServer): PeerId | undefined;
  /** Length of a chunk that is available here; 0: not available. */
  bytesOf(fileId: FileId, chunk: number): number;
  /** Called for the new chunk requests that arrived together. */
  asked(lane: LaneServer, wanted: readonly WantedChunk[]): void;
  /** Called for a request that was withdrawn while queued. */
  takenBack(lane: LaneServer, wanted: WantedChunk): void;
  /** Called after requests were added or withdrawn. */
  changed(lane: LaneServer): void;
  ended(lane: LaneServer): void;
  /** Called after a protocol violation by the remote side. */
  misbehaved(lane: LaneServer, reason: unknown): void;
}

/** Unsent replies from which a peer that requests without reading is cut off. */
const BACKLOG_BYTES_MAX = 8 * 1_048_576;

/** The serving end of a lane: queues requests in order until Uploads sends the answers. */
export class LaneServer implements StreamHandler {
  readonly stream: LaneOutput;
  /** Undefined until a valid token was shown. */
  peer: PeerId | undefined;
  readonly #host: LaneServerOwner;
  readonly #settle: () => void;
  readonly #decoder = new FrameDecoder(GREETING_FRAME_BYTES_MAX);
  readonly #wanted = new Map<number, WantedChunk>();
  #demand = 0;
  /** Number of files in queued bundles. */
  #bundled = 0;
  #unsentRejects = 0;
  #linedUp = false;
  /** Ends the wait for requests after a granted turn. */
  #answerTurn: (() => void) | undefined;
  #sending: readonly WantedChunk[] = [];
  /** Requests that were not reported to the owner yet. */
  #fresh: WantedChunk[] = [];
  #closed = false;

  /** @param settle - called after a valid token */
  constructor(stream: LaneOutput, host: LaneServerOwner, settle: () => void = () => {}) {
    this.stream = stream;
    this.#host = host;
    this.#settle = settle;
  }

  get open(): boolean {
    return !this.#closed;
  }

  /** Begins to accept requests of a peer. */
  admit(peer: PeerId): void {
    this.peer = peer;
    this.#decoder.maxBodyBytes = LANE_REQUEST_BYTES_MAX;
    this.#settle();
  }

  /**
   * Bytes of all queued requests, plus about a chunk for a queue place. At least 1 while a request is queued, even
   * one to be rejected.
   */
  get demand(): number {
    const place = this.#linedUp ? LINE_UP_BYTES : 0;
    return this.#wanted.size === 0 ? place : Math.max(1, this.#demand + place);
  }

  /** Whether the peer holds a queue place without requests. */
  get linedUp(): boolean {
    return this.#linedUp;
  }

  /** Grants a turn. Resolves when a request arrives, the turn is passed on, or the timer of `after` fires. */
  grantTurn(bytes: number, after: (task: () => void) => () => void): Promise<void> {
    this.#linedUp = false;
    if (this.#closed) return Promise.resolve();
    this.stream.write(encodeLane({ type: 'turn', bytes }));
    return new Promise((resolve) => {
      const cancel = after(() => this.#answerTurn?.());
      this.#answerTurn = () => {
        cancel();
        this.#answerTurn = undefined;
        resolve();
      };
    });
  }

  /**
   * Dequeues the next batch: small requests up to `maxBytes` together; or one larger request with its queued
   * successors in the same file, up to `runBytes`.
   * @param served - number of times a chunk was sent before: the least served of the queued large chunks goes first
   */
  take(limits: TakeLimits, served: (wanted: WantedChunk) => number): WantedChunk[] {
    const taken: WantedChunk[] = [];
    let bytes = 0;
    for (const wanted of this.#wanted.values()) {
      if (wanted.bytes > limits.smallBytes || wanted.bundle !== undefined) break;
      if (taken.length >= limits.maxCount || bytes + wanted.bytes > limits.maxBytes) break;
      this.#forget(wanted);
      taken.push(wanted);
      bytes += wanted.bytes;
    }
    if (taken.length > 0) return taken;
    const wanted = this.#leastServed(served);
    return wanted === undefined ? [] : this.#takeRun(wanted, limits.runBytes, served);
  }

  #takeRun(first: WantedChunk, maxBytes: number, served: (wanted: WantedChunk) => number): WantedChunk[] {
    const run = [first];
    let bytes = first.bytes;
    this.#forget(first);
    if (first.bundle !== undefined || bytes === 0) return run;
    for (const next of this.#wanted.values()) {
      bytes += next.bytes;
      if (next.fileId !== first.fileId || next.chunk !== first.chunk + run.length || next.bytes === 0) break;
      if (next.bundle !== undefined || bytes > maxBytes || served(next) > served(first)) break;
      this.#forget(next);
      run.push(next);
    }
    return run;
  }

  #leastServed(served: (wanted: WantedChunk) => number): WantedChunk | undefined {
    let best: WantedChunk | undefined;
    let bestCount = Number.POSITIVE_INFINITY;
    const passed: WantedChunk[] = [];
    for (const wanted of this.#wanted.values()) {
      const count = served(wanted);
      if (count < bestCount) [best, bestCount] = [wanted, count];
      passed.push(wanted);
      if (count === 0 || passed.length >= CHOICE || wanted.overtaken >= OVERTAKEN_MAX) break;
    }
    const [first] = passed;
    if (first !== undefined && first.overtaken >= OVERTAKEN_MAX) return first;
    for (const wanted of passed) {
      if (wanted === best) break;
      wanted.overtaken++;
    }
    return best;
  }

  /** Registers the requests being sent, so that a cancel reaches them. */
  working(batch: readonly WantedChunk[]): void {
    this.#sending = batch;
  }

  reject(id: number, code: RefusalCode): void {
    if (this.#closed) return;
    const frame = encodeLane({ type: 'reject', id, code });
    this.#unsentRejects += frame.length;
    this.stream.write(frame, () => {
      this.#unsentRejects -= frame.length;
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.stream.destroy();
    this.#wanted.clear();
    this.#demand = 0;
    this.#linedUp = false;
    this.#answerTurn?.();
    this.#host.ended(this);
  }

  // ---- StreamHandler

  data(bytes: Uint8Array): void {
    if (this.#closed) return;
    try {
      for (const { type, body } of this.#decoder.push(bytes)) {
        const message = decodeLane(type, body);
        if (message !== undefined) this.#receive(message);
        if (this.#closed) return;
      }
      if (this.#unsentRejects > BACKLOG_BYTES_MAX) throw badFrame('requests without reading the answers');
    } catch (reason) {
      this.#host.misbehaved(this, reason);
      this.close();
      return;
    }
    this.#reportFresh();
    if (this.#wanted.size > 0) this.#answerTurn?.();
    if (this.peer !== undefined) this.#host.changed(this);
  }

  drained(): void {}

  closed(): void {
    this.close();
  }

  #receive(message: LaneMessage): void {
    if (this.peer === undefined) {
      if (message.type !== 'token') throw badFrame('a lane without a token');
      const peer = this.#host.redeem(message.token, this);
      if (peer === undefined) throw badFrame('a lane with an invalid token');
      this.admit(peer);
    } else if (message.type === 'request') this.#want(message);
    else if (message.type === 'bundle') this.#wantBundle(message);
    else if (message.type === 'cancel') this.#cancel(message.id);
    else if (message.type === 'withdraw') this.#takeBack(message.id);
    else if (message.type === 'lineUp') this.#linedUp = true;
    else if (message.type === 'pass') this.#answerTurn?.();
    else throw badFrame(`a ${message.type} from the side that asks`);
  }

  #want({ id, fileId, chunk }: { id: number; fileId: FileId; chunk: number }): void {
    if (this.#wanted.has(id)) throw badFrame('duplicate request id');
    if (this.#wanted.size + this.#bundled >= LANE_REQUESTS_MAX) throw badFrame('too many pending requests');
    const bytes = this.#host.bytesOf(fileId, chunk);
    const wanted = { id, fileId, chunk, bytes, cancelled: false, overtaken: 0 };
    this.#wanted.set(id, wanted);
    this.#demand += bytes;
    this.#fresh.push(wanted);
  }

  #reportFresh(): void {
    const fresh = this.#fresh;
    this.#fresh = [];
    if (fresh.length > 0) this.#host.asked(this, fresh);
  }

  /** Queues a bundle. The availability of its files is checked when it is sent. */
  #wantBundle({ id, files }: LaneOf<'bundle'>): void {
    const [first] = files;
    if (first === undefined || files.some(({ size }) => size < 1 || size > BUNDLED_FILE_BYTES_MAX))
      throw badFrame('a bundle without files, or with large ones');
    if (this.#wanted.has(id)) throw badFrame('duplicate request id');
    if (this.#wanted.size + this.#bundled + files.length > LANE_REQUESTS_MAX)
      throw badFrame('too many pending requests');
    const bytes = bundleBytes(files);
    const { fileId } = first;
    this.#wanted.set(id, { id, fileId, chunk: 0, bytes, bundle: files, cancelled: false, overtaken: 0 });
    this.#bundled += files.length;
    this.#demand += bytes;
  }

  #cancel(id: number): void {
    if (this.#takeBack(id)) return;
    const sending = this.#sending.find((wanted) => wanted.id === id);
    if (sending !== undefined) sending.cancelled = true;
  }

  /** Returns false when the request is no longer queued. */
  #takeBack(id: number): boolean {
    const wanted = this.#wanted.get(id);
    if (wanted === undefined) return false;
    this.#reportFresh();
    this.#forget(wanted);
    this.reject(id, 'cancelled');
    this.#host.takenBack(this, wanted);
    return true;
  }

  #forget(wanted: WantedChunk): void {
    this.#wanted.delete(wanted.id);
    this.#demand -= wanted.bytes;
    this.#bundled -= wanted.bundle?.length ?? 0;
  }
}
