import { chunkLayout, chunkLength } from '../../../Protocol/ChunkLayout.ts';
import { fileIdOf } from '../../../Protocol/FileId.ts';
import type { ChunkHash } from '../../../Protocol/Ids.ts';
import { type FileState, sameState } from '../Disk/FileState.ts';
import type { FilePart, HashOutcome, PartOutcome } from './HashFile.ts';

/** A part has about so many bytes: long enough that handing it to a thread costs little, short enough that all end together. */
const PART_BYTES = 128 * 1_024 * 1_024;
const HASH_DIGITS = 64;

/** A large file on its way through the hashers: its parts go to whoever is free, so that no thread is alone with the last file. */
export class LargeFile {
  readonly path: string;
  readonly size: number;
  readonly #layout: ReturnType<typeof chunkLayout>;
  readonly #hashes: string[] = [];
  #next = 0;
  #running = 0;
  #state: FileState | undefined;
  /** It is of no use to go on. */
  #bad: HashOutcome | undefined;
  #dropped = false;

  /** @throws ShoalError BAD_FRAME when no file can have that size */
  constructor(path: string, size: number) {
    this.path = path;
    this.size = size;
    this.#layout = chunkLayout(size);
  }

  get begun(): boolean {
    return this.#next > 0;
  }

  /** Bytes of which no part was taken. */
  get untakenBytes(): number {
    return Math.max(0, this.size - this.#next * this.#layout.chunkBytes);
  }

  /** Nothing more is to be taken. */
  get taken(): boolean {
    return this.#bad !== undefined || this.#next >= this.#layout.chunkCount;
  }

  /** The next part; undefined: there is none, or no use for it. */
  take(): FilePart | undefined {
    if (this.taken) return undefined;
    const { chunkBytes, chunkCount } = this.#layout;
    const firstChunk = this.#next;
    const chunks = Math.min(Math.max(1, Math.floor(PART_BYTES / chunkBytes)), chunkCount - firstChunk);
    this.#next += chunks;
    this.#running++;
    return { size: this.size, firstChunk, chunks };
  }

  /** It was taken back: nothing comes of it, though parts are under way. */
  drop(): void {
    this.#dropped = true;
  }

  bytesOf({ firstChunk, chunks }: FilePart): number {
    const last = firstChunk + chunks - 1;
    return (chunks - 1) * this.#layout.chunkBytes + chunkLength(this.#layout, last);
  }

  /** What came of a part. @returns what came of the file, when this was the last one and the file was not dropped */
  ended({ firstChunk }: FilePart, outcome: PartOutcome): HashOutcome | undefined {
    this.#running--;
    if (outcome.kind !== 'hashed') this.#bad ??= outcome;
    else if (this.#state !== undefined && !sameState(this.#state, outcome.state))
      this.#bad ??= { kind: 'changed' };
    else {
      this.#state = outcome.state;
      this.#hashes[firstChunk] = outcome.hashes;
    }
    if (this.#dropped || this.#running > 0 || !this.taken) return undefined;
    return this.#bad ?? this.#whole();
  }

  #whole(): HashOutcome {
    if (this.#state === undefined) return { kind: 'changed' };
    const hashes = this.#hashes.join('');
    const chunkHashes: ChunkHash[] = [];
    for (let at = 0; at < hashes.length; at += HASH_DIGITS)
      chunkHashes.push(hashes.slice(at, at + HASH_DIGITS) as ChunkHash);
    return { kind: 'hashed', state: this.#state, fileId: fileIdOf(this.size, chunkHashes), hashes };
  }
}
