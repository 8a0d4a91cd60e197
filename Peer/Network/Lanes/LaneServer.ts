import { type BundledFile, bundleBytes } from '../../../Protocol/Bundle.ts';
import { badFrame } from '../../../Protocol/Codec.ts';
import { FrameDecoder } from '../../../Protocol/FrameDecoder.ts';
import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import {
  BUNDLED_FILE_BYTES_MAX,
  CHUNK_BYTES_MIN,
  GREETING_FRAME_BYTES_MAX,
  LANE_REQUEST_BYTES_MAX,
  LANE_REQUESTS_MAX,
} from '../../../Protocol/Limits.ts';
import {
  decodeLane,
  encodeLane,
  type LaneMessage,
  type LaneOf,
  type RefusalCode,
} from '../../../Protocol/PeerMessages.ts';
import type { ByteStream, StreamHandler } from '../../../Shared/Transport.ts';

/** A chunk that somebody wants. */
export interface WantedChunk {
  readonly id: number;
  readonly fileId: FileId;
  readonly chunk: number;
  /** 0: not ours to give; it will be rejected. */
  readonly bytes: number;
  /** Whole small files that are wanted instead; `fileId` is that of the first. */
  readonly bundle?: readonly BundledFile[];
  cancelled: boolean;
  /** Later requests served before it. */
  overtaken: number;
}

/** Requests from which the next is chosen … */
const CHOICE = 32;
/** … unless the first was overtaken so often: everyone has their turn. */
const OVERTAKEN_MAX = 32;

/** A place in the queue counts as so many bytes: a chunk, not something small. */
const LINE_UP_BYTES = CHUNK_BYTES_MIN;

/** How much is served in one go. */
export interface TakeLimits {
  /** What has at most so many bytes is small. */
  readonly smallBytes: number;
  /** Of all small ones together. */
  readonly maxBytes: number;
  readonly maxCount: number;
  /** Of chunks that lie one behind the other. */
  readonly runBytes: number;
}

/** What a lane's server needs from those who serve. */
export interface LaneHost {
  /** @returns whose token it is; undefined: nobody's */
  redeem(token: string, lane: LaneServer): PeerId | undefined;
  /** Length of a chunk that we can give now; 0: we cannot. */
  bytesOf(fileId: FileId, chunk: number): number;
  /** A chunk is asked for. */
  asked(lane: LaneServer, wanted: WantedChunk): void;
  /** A request was taken back before it was its turn. */
  takenBack(lane: LaneServer, wanted: WantedChunk): void;
  /** Requests were added or taken back. */
  changed(lane: LaneServer): void;
  ended(lane: LaneServer): void;
  /** The other side broke the protocol. */
  misbehaved(lane: LaneServer, reason: unknown): void;
}

/** Most bytes of replies that may wait for a peer that asks but does not read. */
const BACKLOG_BYTES_MAX = 8 * 1_048_576;

/** The serving end of a lane: remembers what is wanted, in order, until Uploads sends it. */
export class LaneServer implements StreamHandler {
  readonly stream: ByteStream;
  /** Undefined until the token was shown. */
  peer: PeerId | undefined;
  readonly #host: LaneHost;
  readonly #decoder = new FrameDecoder(GREETING_FRAME_BYTES_MAX);
  readonly #wanted = new Map<number, WantedChunk>();
  #demand = 0;
  /** Files in the bundles that wait. */
  #bundled = 0;
  #unsentRejects = 0;
  #linedUp = false;
  /** Its turn was told, and it has not asked yet. */
  #answerTurn: (() => void) | undefined;
  #sending: readonly WantedChunk[] = [];
  #closed = false;

  constructor(stream: ByteStream, host: LaneHost) {
    this.stream = stream;
    this.#host = host;
  }

  get open(): boolean {
    return !this.#closed;
  }

  /** Bytes of all requests that wait. At least one when something waits, though it be a reject; about a chunk for a place in the queue. */
  get demand(): number {
    const place = this.#linedUp ? LINE_UP_BYTES : 0;
    return this.#wanted.size === 0 ? place : Math.max(1, this.#demand + place);
  }

  /** It waits for its turn, and has not said for what. */
  get linedUp(): boolean {
    return this.#linedUp;
  }

  /** Tells it that it is its turn. Resolves when it asks for something, passes, or `late` is called by the caller's clock. */
  turn(bytes: number, after: (task: () => void) => () => void): Promise<void> {
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
   * Takes the next requests to serve: as many small ones as `maxBytes` holds; or one, with those asked for behind it that go on
   * where it ends in its file, as many as `runBytes` holds.
   * @param served - how often a chunk went out already: of the large ones that wait, one that did least is next
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

  /** The requests at work, so that a cancel reaches them. */
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

  // ---- what the stream tells

  data(bytes: Uint8Array): void {
    if (this.#closed) return;
    try {
      for (const { type, body } of this.#decoder.push(bytes)) {
        this.#receive(decodeLane(type, body));
        if (this.#closed) return;
      }
      if (this.#unsentRejects > BACKLOG_BYTES_MAX) throw badFrame('asks without reading');
    } catch (reason) {
      this.#host.misbehaved(this, reason);
      this.close();
      return;
    }
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
      this.peer = this.#host.redeem(message.token, this);
      if (this.peer === undefined) throw badFrame('a lane with a wrong token');
      this.#decoder.maxBodyBytes = LANE_REQUEST_BYTES_MAX;
    } else if (message.type === 'request') this.#want(message);
    else if (message.type === 'bundle') this.#wantBundle(message);
    else if (message.type === 'cancel') this.#cancel(message.id);
    else if (message.type === 'withdraw') this.#takeBack(message.id);
    else if (message.type === 'lineUp') this.#linedUp = true;
    else if (message.type === 'pass') this.#answerTurn?.();
    else throw badFrame(`a ${message.type} from the side that asks`);
  }

  #want({ id, fileId, chunk }: { id: number; fileId: FileId; chunk: number }): void {
    if (this.#wanted.has(id)) throw badFrame('a request number used twice');
    if (this.#wanted.size + this.#bundled >= LANE_REQUESTS_MAX) throw badFrame('too many requests');
    const bytes = this.#host.bytesOf(fileId, chunk);
    const wanted = { id, fileId, chunk, bytes, cancelled: false, overtaken: 0 };
    this.#wanted.set(id, wanted);
    this.#demand += bytes;
    this.#host.asked(this, wanted);
  }

  /** What of it we have is looked up when its turn has come. */
  #wantBundle({ id, files }: LaneOf<'bundle'>): void {
    const [first] = files;
    if (first === undefined || files.some(({ size }) => size < 1 || size > BUNDLED_FILE_BYTES_MAX))
      throw badFrame('a bundle of nothing, or of large files');
    if (this.#wanted.has(id)) throw badFrame('a request number used twice');
    if (this.#wanted.size + this.#bundled + files.length > LANE_REQUESTS_MAX)
      throw badFrame('too many requests');
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

  /** False: it does not wait any more. */
  #takeBack(id: number): boolean {
    const wanted = this.#wanted.get(id);
    if (wanted === undefined) return false;
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
