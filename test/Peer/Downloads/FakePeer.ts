import type { FileHolder } from '../../../Peer/Model.ts';
import type {
  ChunkOutcome,
  ChunkWriter,
  Source,
  SourceEvents,
  SourceSuggestion,
} from '../../../Peer/Transfer.ts';
import { Bitfield } from '../../../Protocol/Bitfield.ts';
import { chunkLayout } from '../../../Protocol/ChunkLayout.ts';
import type { FileDescription } from '../../../Protocol/FileId.ts';
import type { ChunkHash, FileId, PeerId } from '../../../Protocol/Ids.ts';
import type { RefusalCode } from '../../../Protocol/PeerMessages.ts';
import { onAbort } from '../../../Shared/Async/OnAbort.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';

export const MIB = 1_048_576;
/** Right and wrong bytes. Shared: a receiver that keeps a piece must copy it. */
const RIGHT = new Uint8Array(MIB);
const WRONG = new Uint8Array(MIB).fill(1);

interface Request {
  readonly source: FakeSource;
  readonly chunk: number;
  readonly writer: ChunkWriter;
  readonly bytes: number;
  received: number;
  decided: boolean;
  readonly resolve: (outcome: ChunkOutcome) => void;
}

/** A remote peer that serves one request after the other at its rate. */
export class FakePeer {
  readonly holder: FileHolder;
  readonly clock: Clock;
  bytesPerSecond: number;
  /** Its chunks of each file; `all`: every chunk. */
  readonly files = new Map<FileId, Bitfield | 'all'>();
  /** Content of its file; undefined: zeros. */
  content: Uint8Array | undefined;
  /** Answers chunks with wrong bytes. */
  lies: (chunk: number) => boolean = () => false;
  /** Takes requests and sends nothing. */
  stalled = false;
  reachable = true;
  refuses: RefusalCode | undefined;
  /** The same for whole bundles. */
  rejects: RefusalCode | undefined;
  /** Never answers a request for the chunk list. */
  mute = false;
  /** Queue place that it announces on a request. */
  place = 0;
  /** What it would be asked for. */
  suggestion: SourceSuggestion | undefined;
  readonly line: Request[] = [];
  readonly sources = new Set<FakeSource>();
  /** Requested chunks, in order. */
  readonly asked: number[] = [];
  /** Bytes given to a receiver, or in the sockets when a request was cancelled. */
  sentBytes = 0;
  /** Chunks of files reported as corrupt: `abcdef01 3`. */
  readonly reported: string[] = [];
  /** Bytes in flight ahead of the arrived ones: sent even if the request is cancelled. */
  socketBytes = 0;
  /** Maximum of bytes requested at once. */
  openBytesMax = 0;
  #openBytes = 0;
  #serving = false;

  constructor(clock: Clock, number: number, bytesPerSecond: number) {
    this.clock = clock;
    this.bytesPerSecond = bytesPerSecond;
    this.holder = {
      peerId: number.toString(16).padStart(64, '0') as PeerId,
      name: `peer ${number}`,
      address: { host: '127.0.0.1', port: 9_000 + number },
      complete: true,
    };
  }

  has(fileId: FileId, have: Bitfield | 'all' = 'all'): this {
    this.files.set(fileId, have);
    return this;
  }

  /** Breaks the link for good. */
  vanish(): void {
    this.reachable = false;
    const reason = new ShoalError('UNREACHABLE', 'gone');
    for (const request of this.line.splice(0)) this.decide(request, { kind: 'lost', reason });
    for (const source of [...this.sources]) source.lose(reason);
  }

  ask(request: Request): void {
    this.asked.push(request.chunk);
    this.line.push(request);
    this.#openBytes += request.bytes;
    this.openBytesMax = Math.max(this.openBytesMax, this.#openBytes);
    if (this.place > 0) request.source.events.queued(this.place);
    this.serve();
  }

  decide(request: Request, outcome: ChunkOutcome): void {
    if (request.decided) return;
    request.decided = true;
    if (outcome.kind === 'cancelled') this.sentBytes += this.#inSockets(request);
    this.#openBytes -= request.bytes - request.received;
    if (outcome.kind !== 'verified' && outcome.kind !== 'corrupt') request.writer.abandon();
    const end = () => {
      request.source.open.delete(request.chunk);
      request.resolve(outcome);
    };
    // A cancelled request ends when its last write has landed.
    if (outcome.kind === 'cancelled') this.clock.after(3, end);
    else end();
  }

  serve(): void {
    if (this.#serving || this.stalled || this.place > 0) return;
    const request = this.line[0];
    if (request === undefined) return;
    if (request.decided) {
      this.line.shift();
      this.serve();
      return;
    }
    if (this.refuses !== undefined || !this.#holds(request)) {
      this.line.shift();
      this.decide(request, { kind: 'rejected', code: this.refuses ?? 'not-found' });
      this.serve();
      return;
    }
    this.#serving = true;
    const piece = Math.min(MIB, request.bytes - request.received);
    this.clock.after((piece / this.bytesPerSecond) * 1_000, () => void this.#sent(request, piece));
  }

  #holds({ source, chunk }: Request): boolean {
    const have = this.files.get(source.fileId);
    return have === 'all' || have?.has(chunk) === true;
  }

  #inSockets(request: Request): number {
    let room = this.socketBytes;
    for (const each of this.line) {
      if (each === request) return Math.max(0, Math.min(room, each.bytes - each.received));
      if (!each.decided) room -= each.bytes - each.received;
    }
    return 0;
  }

  #bytesOf({ chunk, received }: Request, length: number): Uint8Array {
    if (this.content === undefined) return RIGHT.subarray(0, length);
    const end = chunkLayout(this.content.length).chunkBytes * chunk + received;
    return this.content.subarray(end - length, end);
  }

  async #sent(request: Request, piece: number): Promise<void> {
    this.#serving = false;
    if (request.decided || this.stalled || !this.reachable) return this.serve();
    request.received += piece;
    this.#openBytes -= piece;
    this.sentBytes += piece;
    request.source.events.received(piece);
    try {
      const bytes = this.lies(request.chunk) ? WRONG.subarray(0, piece) : this.#bytesOf(request, piece);
      await request.writer.write(bytes);
      if (request.received === request.bytes && !request.decided) {
        this.line.splice(this.line.indexOf(request), 1);
        this.decide(request, { kind: (await request.writer.finish()) ? 'verified' : 'corrupt' });
      }
    } catch (failure) {
      this.line.splice(this.line.indexOf(request), 1);
      this.decide(request, { kind: 'disk', reason: failure as ShoalError });
    }
    this.serve();
  }
}

/** One peer as a source of one file, as NetworkManager makes them. */
export class FakeSource implements Source {
  readonly peer: Source['peer'];
  readonly fileId: FileId;
  readonly events: SourceEvents;
  readonly open = new Map<number, Request>();
  readonly #peer: FakePeer;
  readonly #description: FileDescription;

  constructor(peer: FakePeer, description: FileDescription, events: SourceEvents) {
    this.#peer = peer;
    this.peer = peer.holder;
    this.fileId = description.fileId;
    this.events = events;
    this.#description = description;
    peer.sources.add(this);
  }

  get have(): Bitfield | undefined {
    const have = this.#peer.files.get(this.fileId);
    return have === 'all' ? undefined : have;
  }

  get suggestion(): SourceSuggestion | undefined {
    return this.#peer.suggestion;
  }

  setChunkCount(): void {}

  async describe(signal: AbortSignal): Promise<FileDescription> {
    if (this.#peer.mute) {
      await new Promise<void>((resolve) => onAbort(signal, resolve));
      throw new ShoalError('CANCELLED', 'cancelled');
    }
    if (this.#peer.refuses !== undefined) throw new ShoalError('NOT_FOUND', 'has it not');
    return this.#description;
  }

  request(chunk: number, bytes: number, writer: ChunkWriter): Promise<ChunkOutcome> {
    if (this.open.has(chunk)) throw new RangeError(`chunk ${chunk} is asked of one source twice`);
    return new Promise((resolve) => {
      const request = { source: this, chunk, bytes, writer, received: 0, decided: false, resolve };
      this.open.set(chunk, request);
      this.#peer.ask(request);
    });
  }

  cancel(chunk: number): void {
    const request = this.open.get(chunk);
    if (request !== undefined) this.#peer.decide(request, { kind: 'cancelled' });
  }

  reportCorrupt(fileId: FileId, chunk: number): void {
    this.#peer.reported.push(`${fileId.slice(0, 8)} ${chunk}`);
  }

  close(): void {
    this.#peer.sources.delete(this);
    for (const chunk of [...this.open.keys()]) this.cancel(chunk);
  }

  lose(reason: ShoalError): void {
    this.#peer.sources.delete(this);
    this.events.left(reason);
  }
}

/** The chunk list of a file of zeros, which is not verified. */
export function fakeDescription(fileId: FileId, size: number): FileDescription {
  const layout = chunkLayout(size);
  const chunkHashes = Array.from({ length: layout.chunkCount }, () => '0'.repeat(64) as ChunkHash);
  return { fileId, layout, chunkHashes };
}

/** A bitfield with these chunks. */
export function chunksOf(size: number, chunks: Iterable<number>): Bitfield {
  const field = new Bitfield(chunkLayout(size).chunkCount);
  for (const chunk of chunks) field.set(chunk);
  return field;
}
