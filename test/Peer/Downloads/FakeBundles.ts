import type { ChunkOutcome, ChunkWriter, Source, SourceEvents } from '../../../Peer/Transfer.ts';
import type { Bitfield } from '../../../Protocol/Bitfield.ts';
import type { BundledFile } from '../../../Protocol/Bundle.ts';
import type { FileDescription } from '../../../Protocol/FileId.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { FakePeer } from './FakePeer.ts';

interface Request {
  readonly files: readonly BundledFile[];
  readonly bytes: number;
  readonly writer: ChunkWriter;
  readonly resolve: (outcome: ChunkOutcome) => void;
}

/**
 * A fake peer as a source of bundles: answers one after the other at its rate. Right bytes are zeros, wrong ones are
 * not.
 */
export class FakeBundles implements Source {
  readonly peer: Source['peer'];
  readonly have: Bitfield;
  /** Requested bundles. */
  asked = 0;
  /** Queue places taken without a request. */
  linedUp = 0;
  readonly events: SourceEvents;
  readonly #peer: FakePeer;
  readonly #open = new Map<number, Request>();
  #freeMs = 0;

  constructor(peer: FakePeer, have: Bitfield, events: SourceEvents) {
    this.#peer = peer;
    this.peer = peer.holder;
    this.have = have;
    this.events = events;
  }

  setChunkCount(): void {}

  async describe(): Promise<FileDescription> {
    throw new Error('bundles have no description');
  }

  request(
    unit: number,
    bytes: number,
    writer: ChunkWriter,
    files: readonly BundledFile[] = [],
  ): Promise<ChunkOutcome> {
    this.asked++;
    const { clock, bytesPerSecond } = this.#peer;
    if (this.#open.has(unit)) throw new RangeError(`bundle ${unit} is asked of one source twice`);
    this.#freeMs = Math.max(this.#freeMs, clock.nowMs()) + (bytes / bytesPerSecond) * 1_000;
    return new Promise((resolve) => {
      this.#open.set(unit, { files, bytes, writer, resolve });
      if (this.#peer.place > 0) this.events.queued(this.#peer.place);
      else clock.after(this.#freeMs - clock.nowMs(), () => void this.#answer(unit));
    });
  }

  cancel(unit: number): void {
    this.#end(unit, { kind: 'cancelled' });
  }

  withdraw(unit: number): void {
    this.#end(unit, { kind: 'rejected', code: 'cancelled' });
  }

  lineUp(): boolean {
    this.linedUp++;
    return true;
  }

  reportCorrupt(fileId: FileId, chunk: number): void {
    this.#peer.reported.push(`${fileId.slice(0, 8)} ${chunk}`);
  }

  close(): void {
    for (const unit of [...this.#open.keys()]) this.cancel(unit);
  }

  /** Breaks the link. */
  lose(): void {
    const reason = new ShoalError('UNREACHABLE', 'gone');
    for (const unit of [...this.#open.keys()]) this.#end(unit, { kind: 'lost', reason });
    this.events.left(reason);
  }

  async #answer(unit: number): Promise<void> {
    const peer = this.#peer;
    const request = this.#open.get(unit);
    if (request === undefined || peer.stalled) return;
    const { files, writer, bytes } = request;
    if (peer.rejects !== undefined) return this.#end(unit, { kind: 'rejected', code: peer.rejects });
    const answer = Buffer.concat(
      files.map(({ fileId, size }) => {
        const given = peer.files.has(fileId) && peer.refuses === undefined;
        if (given) peer.sentBytes += size;
        const section = Buffer.alloc(1 + size, given && peer.lies(unit) ? 7 : 0);
        section[0] = given ? 1 : 0;
        return section;
      }),
    );
    if (answer.length !== bytes) throw new RangeError(`bundle ${unit} is asked as ${bytes} bytes`);
    this.events.received(bytes);
    this.#open.delete(unit);
    await writer.write(answer);
    try {
      request.resolve({ kind: (await writer.finish()) ? 'verified' : 'corrupt' });
    } catch (failure) {
      request.resolve({ kind: 'disk', reason: failure as ShoalError });
    }
  }

  #end(unit: number, outcome: ChunkOutcome): void {
    const request = this.#open.get(unit);
    if (request === undefined) return;
    this.#open.delete(unit);
    request.writer.abandon();
    request.resolve(outcome);
  }
}
