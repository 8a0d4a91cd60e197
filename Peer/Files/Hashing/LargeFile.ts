import { chunkLayout, chunkLength } from '../../../Protocol/ChunkLayout.ts';
import { type FileState, sameState } from '../Disk/FileState.ts';
import { type FilePart, type HashOutcome, type PartOutcome, withFileId } from './HashFile.ts';

/** Approximate size of a part, in bytes: amortizes the message to a thread, yet lets all threads end together. */
const PART_BYTES = 128 * 1_024 * 1_024;

/** A large file hashed in parts by all idle hashers, so that the last file does not end on a single thread. */
export class LargeFile {
  readonly path: string;
  readonly size: number;
  readonly #layout: ReturnType<typeof chunkLayout>;
  readonly #hashes: string[] = [];
  #nextChunk = 0;
  #runningParts = 0;
  #state: FileState | undefined;
  /** First outcome that makes the whole file fail. */
  #failure: HashOutcome | undefined;
  #isDropped = false;

  /** @throws ShoalError BAD_FRAME when the size exceeds the protocol's limit */
  constructor(path: string, size: number) {
    this.path = path;
    this.size = size;
    this.#layout = chunkLayout(size);
  }

  get isStarted(): boolean {
    return this.#nextChunk > 0;
  }

  /** Bytes not assigned to any part yet. */
  get unassignedBytes(): number {
    return Math.max(0, this.size - this.#nextChunk * this.#layout.chunkBytes);
  }

  /** Whether no further part is to be hashed. */
  get isExhausted(): boolean {
    return this.#failure !== undefined || this.#nextChunk >= this.#layout.chunkCount;
  }

  /** Assigns the next part; undefined when none is left or the file has failed. */
  nextPart(): FilePart | undefined {
    if (this.isExhausted) return undefined;
    const { chunkBytes, chunkCount } = this.#layout;
    const firstChunk = this.#nextChunk;
    const chunks = Math.min(Math.max(1, Math.floor(PART_BYTES / chunkBytes)), chunkCount - firstChunk);
    this.#nextChunk += chunks;
    this.#runningParts++;
    return { size: this.size, firstChunk, chunks };
  }

  /** Discards the file: running parts produce no outcome. */
  drop(): void {
    this.#isDropped = true;
  }

  bytesOf({ firstChunk, chunks }: FilePart): number {
    const last = firstChunk + chunks - 1;
    return (chunks - 1) * this.#layout.chunkBytes + chunkLength(this.#layout, last);
  }

  /** Records the outcome of a part. Returns that of the file after its last part, unless it was dropped. */
  partDone({ firstChunk }: FilePart, outcome: PartOutcome): HashOutcome | undefined {
    this.#runningParts--;
    if (outcome.kind !== 'hashed') this.#failure ??= outcome;
    else if (this.#state !== undefined && !sameState(this.#state, outcome.state))
      this.#failure ??= { kind: 'changed' };
    else {
      this.#state = outcome.state;
      this.#hashes[firstChunk] = outcome.hashes;
    }
    if (this.#isDropped || this.#runningParts > 0 || !this.isExhausted) return undefined;
    return this.#failure ?? this.#whole();
  }

  #whole(): HashOutcome {
    if (this.#state === undefined) return { kind: 'changed' };
    return withFileId({ kind: 'hashed', state: this.#state, hashes: this.#hashes.join('') });
  }
}
