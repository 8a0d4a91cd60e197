import { onAbort } from '../../../Shared/Async/OnAbort.ts';
import { asShoalError, ShoalError } from '../../../Shared/ShoalError.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import { RateMeter } from '../../../Shared/Time/RateMeter.ts';
import type { FileAttributes, PeerContact } from '../../Model.ts';
import type { DropIdentity, DropStorage, IncomingFile, PlacedFile } from '../../Storage.ts';
import { downloadStopped, type RunEvents, type StallFacts, type Task, type TaskFigures } from './Task.ts';

/** Time without a sending client after which the run ends. The bytes are kept. */
const AWAY_MS = 20_000;

export interface DropTaskOptions {
  readonly storage: DropStorage;
  readonly clock: Clock;
  readonly path: string;
  readonly size: number;
  readonly attributes: FileAttributes;
  readonly identity: DropIdentity;
  readonly client: PeerContact;
  /** Waits for the download limit. Undefined: at once. */
  readonly take: (bytes: number) => Promise<void> | undefined;
  /** Download limit that delays the client now. */
  readonly limit: () => number | undefined;
}

/** The request that sends the bytes of a drop. */
export interface DropSender {
  /** Another request took its place, or the drop has ended. */
  gone(): void;
}

/**
 * Receives a file that a client without a peer id sends. The client decides when bytes arrive; the run decides whether
 * they are taken: it has a place among the downloads, and is not paused.
 */
export class DropTask implements Task {
  readonly #options: DropTaskOptions;
  readonly #meter = new RateMeter();
  #file: IncomingFile | undefined;
  #placed: PlacedFile | undefined;
  #sender: DropSender | undefined;
  #awaySinceMs = 0;
  #isOpen = false;
  /** Why no bytes are taken until the next run. */
  #refusal: ShoalError | undefined;
  /** Failure of a write, which ends the run. */
  #failure: ShoalError | undefined;
  #writing: Promise<void> = Promise.resolve();
  #waiting: (() => void)[] = [];

  constructor(options: DropTaskOptions) {
    this.#options = options;
  }

  get fetchedBytes(): number {
    return this.#placed === undefined ? (this.#file?.bytes ?? 0) : this.#options.size;
  }

  /** The file in the share, once it is whole. */
  get placed(): PlacedFile | undefined {
    return this.#placed;
  }

  // ---- the client

  /** Makes a request the sender, in the place of an earlier one, whose last write has ended when this resolves. */
  async attach(sender: DropSender): Promise<void> {
    const earlier = this.#sender;
    this.#sender = sender;
    earlier?.gone();
    this.#wake();
    await this.#writing;
  }

  detach(sender: DropSender): void {
    if (this.#sender !== sender) return;
    this.#sender = undefined;
    this.#awaySinceMs = this.#options.clock.nowMs();
    this.#wake();
  }

  /**
   * Appends bytes of the sender, as soon as the drop runs.
   * @throws ShoalError LOCAL_CONFLICT (another request sends now), CANCELLED, BUSY (paused), DISK_FULL, DISK_FAILED
   */
  async write(sender: DropSender, piece: Uint8Array): Promise<void> {
    const { take, clock } = this.#options;
    await take(piece.length);
    const file = await this.opened(sender);
    const write = file.write(piece);
    this.#writing = write.catch(() => {});
    try {
      await write;
      this.#meter.add(piece.length, clock.nowMs());
    } catch (failure) {
      this.#failure = asShoalError(failure, 'DISK_FAILED');
      throw this.#failure;
    } finally {
      this.#wake();
    }
  }

  /** Waits until bytes may be written. @throws like write */
  async opened(sender: DropSender): Promise<IncomingFile> {
    for (;;) {
      if (this.#sender !== sender)
        throw new ShoalError('LOCAL_CONFLICT', 'another request sends this file now');
      if (this.#isOpen && this.#file !== undefined) return this.#file;
      if (this.#refusal !== undefined) throw this.#refusal;
      await this.#changed();
    }
  }

  /** Waits until the file is in the share. @throws like write */
  async whole(): Promise<PlacedFile> {
    while (this.#placed === undefined) {
      if (this.#refusal !== undefined) throw this.#refusal;
      await this.#changed();
    }
    return this.#placed;
  }

  // ---- Task

  async run(signal: AbortSignal, events: RunEvents): Promise<string> {
    if (this.#placed !== undefined) return this.#placed.absolute;
    this.#refusal = undefined;
    this.#failure = undefined;
    this.#awaySinceMs = this.#options.clock.nowMs();
    const stopListening = onAbort(signal, () => this.#wake());
    try {
      const { storage, path, size, attributes, identity } = this.#options;
      this.#file ??= await storage.receive(path, size, attributes, identity);
      this.#isOpen = true;
      this.#wake();
      while (this.#file.bytes < size) {
        this.#check(signal);
        events.sourcesChanged(this.#sender === undefined ? 0 : 1, true);
        await this.#changed();
      }
      events.complete();
      this.#placed = await this.#file.finish();
      return this.#placed.absolute;
    } catch (failure) {
      if (!signal.aborted) this.#refusal = asShoalError(failure, 'DISK_FAILED');
      throw failure;
    } finally {
      stopListening();
      this.#isOpen = false;
      await this.#writing;
      this.#wake();
    }
  }

  async discard(): Promise<void> {
    this.#refusal ??= new ShoalError(
      'CANCELLED',
      `${this.#options.path} was cancelled at the receiving peer`,
    );
    this.#file?.discard();
    this.#file = undefined;
    this.#wake();
    this.#sender?.gone();
  }

  async setPaused(paused: boolean): Promise<void> {
    this.#refusal = paused
      ? new ShoalError('BUSY', `${this.#options.path} is paused at the receiving peer`)
      : undefined;
    this.#wake();
  }

  /** No other holder has a content that is not known yet. */
  addHolder(): void {}

  tick(): void {
    this.#wake();
  }

  figures(): TaskFigures {
    const { size, client, clock } = this.#options;
    const bytes = this.fetchedBytes;
    const bytesPerSecond = this.#meter.bytesPerSecond(clock.nowMs());
    const isHere = this.#sender !== undefined;
    const source = {
      peer: client,
      state: isHere ? 'active' : 'left',
      why: isHere ? undefined : 'no answer',
      place: undefined,
      bytes,
      bytesPerSecond,
      chunksHeld: 0,
    } as const;
    return {
      size,
      bytes,
      bytesFromBefore: 0,
      wastedBytes: 0,
      bytesPerSecond,
      sources: this.#placed === undefined ? [source] : [],
      filesDone: this.#placed === undefined ? 0 : 1,
      files: 1,
    };
  }

  stallFacts(): StallFacts {
    return {
      sameContent: false,
      nextLocateInMs: undefined,
      hasTracker: true,
      limitBytesPerSecond: this.#options.limit(),
      noUsefulSource: false,
    };
  }

  /** @throws ShoalError why the run cannot go on */
  #check(signal: AbortSignal): void {
    if (signal.aborted) throw downloadStopped();
    if (this.#failure !== undefined) throw this.#failure;
    const { clock, client, path } = this.#options;
    if (this.#sender !== undefined || clock.nowMs() - this.#awaySinceMs < AWAY_MS) return;
    throw new ShoalError('UNREACHABLE', `${client.name} stopped sending ${path}`, {
      hint: 'Send the rest within an hour to continue.',
    });
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
}
