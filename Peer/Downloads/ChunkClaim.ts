import { UnderWay } from '../../Shared/UnderWay.ts';
import type { ChunkWriter } from './Wanted.ts';

const LANDED: Promise<unknown> = Promise.resolve();

/**
 * The place of one chunk on disk, which one writer at a time may touch. In the endgame two sources send the same chunk, one
 * of them perhaps wrong: written over each other, the bytes on disk would not be those that were hashed. So the first to
 * write owns the place; the pieces of the other are held in memory and written only when it is complete first.
 */
export class ChunkClaim {
  readonly #open: () => ChunkWriter | Promise<ChunkWriter>;
  #done = false;
  #owner: ClaimWriter | undefined;
  /** Writes of former owners. */
  #settling: Promise<unknown> = LANDED;
  #idle = true;

  /** @param open - makes the writer that touches the disk */
  constructor(open: () => ChunkWriter | Promise<ChunkWriter>) {
    this.#open = open;
  }

  /** @param arrived - told the length of each piece when it is written or held */
  writer(arrived: (bytes: number) => void): ClaimWriter {
    return new ClaimWriter(this, arrived);
  }

  /** The chunk is on disk, and right: nothing is written there any more. */
  get done(): boolean {
    return this.#done;
  }

  /** Resolves when the writes of former writers have landed. */
  get settled(): Promise<unknown> {
    return this.#settling;
  }

  /** @internal */
  close(): void {
    this.#done = true;
  }

  /** @internal Makes `writer` the owner unless there is one. */
  take(writer: ClaimWriter): boolean {
    this.#owner ??= writer;
    return this.#owner === writer;
  }

  /** @internal The writer to the disk, once nobody else's bytes can land there. */
  enter(): ChunkWriter | Promise<ChunkWriter> {
    if (this.#idle) {
      this.#idle = false;
      return this.#open();
    }
    return this.#settling.then(() => this.#open());
  }

  /** @internal The owner writes no more; `done` when its last write has landed. */
  release(writer: ClaimWriter, done: Promise<unknown>): void {
    if (this.#owner !== writer) return;
    this.#owner = undefined;
    this.#settling = done;
  }

  /** @internal Pushes the owner aside for `writer`, which is complete. True: too late, the owner's bytes were right. */
  async overtake(writer: ClaimWriter): Promise<boolean> {
    const owner = this.#owner;
    if (owner !== undefined && (await owner.giveWay())) return true;
    this.#owner = writer;
    return false;
  }
}

/** Writes one request's bytes: to the disk while it owns the claim, else into memory. */
export class ClaimWriter implements ChunkWriter {
  readonly #claim: ChunkClaim;
  readonly #arrived: (bytes: number) => void;
  #inner: Promise<ChunkWriter> | ChunkWriter | undefined;
  #held: Uint8Array[] = [];
  /** They run side by side. */
  readonly #writes = new UnderWay();
  #finishing: Promise<boolean> | undefined;
  #state: 'open' | 'overtaken' | 'ended' = 'open';

  constructor(claim: ChunkClaim, arrived: (bytes: number) => void) {
    this.#claim = claim;
    this.#arrived = arrived;
  }

  /** Another request was complete first: this one's outcome says nothing about its source. */
  get overtaken(): boolean {
    return this.#state === 'overtaken';
  }

  write(piece: Uint8Array): Promise<void> {
    if (this.#state !== 'open') return Promise.resolve();
    this.#arrived(piece.length);
    if (this.#claim.done) {
      this.#end('overtaken', true);
      return Promise.resolve();
    }
    if (this.#held.length > 0 || !this.#claim.take(this)) {
      this.#held.push(Uint8Array.from(piece));
      return Promise.resolve();
    }
    this.#inner ??= this.#claim.enter();
    const written =
      this.#inner instanceof Promise
        ? this.#inner.then((inner) => inner.write(piece))
        : this.#inner.write(piece);
    this.#writes.begin();
    const landed = () => this.#writes.end();
    written.then(landed, landed);
    return written;
  }

  finish(): Promise<boolean> {
    if (this.#state === 'open' && this.#claim.done) this.#end('overtaken', true);
    if (this.#state !== 'open') return Promise.resolve(false);
    if (this.#held.length === 0) {
      this.#inner ??= this.#claim.enter();
      this.#finishing =
        this.#inner instanceof Promise ? this.#inner.then((inner) => inner.finish()) : this.#inner.finish();
    } else this.#finishing = this.#finishHeld();
    return this.#finishing.then(
      (right) => {
        if (right) this.#claim.close();
        this.#end('ended');
        return right;
      },
      (failure: unknown) => {
        this.#end('ended');
        throw failure;
      },
    );
  }

  abandon(): void {
    this.#held = [];
    if (this.#state === 'open' && this.#finishing === undefined) this.#end('ended', true);
  }

  /** @internal Stops writing. True: it was complete already, and right. */
  async giveWay(): Promise<boolean> {
    if (this.#finishing !== undefined) return this.#finishing.catch(() => false);
    this.#end('overtaken', true);
    return false;
  }

  async #finishHeld(): Promise<boolean> {
    if (await this.#claim.overtake(this)) return true;
    this.#inner = await this.#claim.enter();
    for (const piece of this.#held) await this.#inner.write(piece);
    this.#held = [];
    return this.#inner.finish();
  }

  #end(state: 'overtaken' | 'ended', forget = false): void {
    this.#state = state;
    const inner = forget ? this.#inner : undefined;
    if (!this.#writes.any && inner === undefined) this.#claim.release(this, LANDED);
    else this.#claim.release(this, this.#landedAnd(inner));
  }

  /** Resolves when no write is under way, and the inner writer has been told that nothing more comes. */
  async #landedAnd(inner: Promise<ChunkWriter> | ChunkWriter | undefined): Promise<void> {
    if (this.#writes.any) await this.#writes.settled();
    try {
      (await inner)?.abandon();
    } catch {
      // There is no inner writer.
    }
  }
}
