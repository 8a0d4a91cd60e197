import type { BundleSource, ChunkOutcome, ChunkWriter, SourceEvents } from '../../../Peer/Transfer.ts';
import { type BundledFile, bundleBytes } from '../../../Protocol/Bundle.ts';
import type { Clock } from '../../../Shared/Clock.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { FakePeer } from './FakePeer.ts';

/** A fake peer as a source of bundles: answers one after the other at its rate. Right bytes are zeros, wrong ones are not. */
export class FakeBundles implements BundleSource {
  /** Bundles that were asked for. */
  asked = 0;
  readonly #peer: FakePeer;
  readonly #clock: Clock;
  readonly #events: Omit<SourceEvents, 'haveChanged'>;
  readonly #open = new Set<(outcome: ChunkOutcome) => void>();
  #freeMs = 0;

  constructor(peer: FakePeer, clock: Clock, events: Omit<SourceEvents, 'haveChanged'>) {
    this.#peer = peer;
    this.#clock = clock;
    this.#events = events;
  }

  request(files: readonly BundledFile[], writer: ChunkWriter): Promise<ChunkOutcome> {
    this.asked++;
    const bytes = bundleBytes(files);
    const { bytesPerSecond } = this.#peer;
    this.#freeMs = Math.max(this.#freeMs, this.#clock.nowMs()) + (bytes / bytesPerSecond) * 1_000;
    return new Promise((resolve) => {
      const end = (outcome: ChunkOutcome) => {
        if (!this.#open.delete(end)) return;
        if (outcome.kind !== 'verified' && outcome.kind !== 'corrupt') writer.abandon();
        resolve(outcome);
      };
      this.#open.add(end);
      this.#clock.after(this.#freeMs - this.#clock.nowMs(), () => void this.#answer(files, writer, end));
    });
  }

  takeBack(keep: number): void {
    for (const end of [...this.#open].slice(keep)) end({ kind: 'cancelled' });
  }

  close(): void {
    this.takeBack(0);
  }

  /** The link breaks. */
  lose(): void {
    const reason = new ShoalError('UNREACHABLE', 'gone');
    for (const end of [...this.#open]) end({ kind: 'lost', reason });
    this.#events.left(reason);
  }

  async #answer(
    files: readonly BundledFile[],
    writer: ChunkWriter,
    end: (outcome: ChunkOutcome) => void,
  ): Promise<void> {
    const peer = this.#peer;
    if (!this.#open.has(end) || peer.stalled) return;
    if (peer.rejects !== undefined) return end({ kind: 'rejected', code: peer.rejects });
    const parts = files.map(({ fileId, size }) => {
      const given = peer.files.has(fileId);
      if (given) peer.sentBytes += size;
      const bytes = Buffer.alloc(1 + size, given && peer.lies(0) ? 7 : 0);
      bytes[0] = given ? 1 : 0;
      return bytes;
    });
    const bytes = Buffer.concat(parts);
    this.#events.received(bytes.length);
    await writer.write(bytes);
    end({ kind: (await writer.finish()) ? 'verified' : 'corrupt' });
  }
}
