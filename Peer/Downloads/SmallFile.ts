import { chunkLayout } from '../../Protocol/ChunkLayout.ts';
import type { FileId, PeerId } from '../../Protocol/Ids.ts';
import type { ShoalError } from '../../Shared/ShoalError.ts';
import type { FileHolder } from '../Model.ts';
import { ChunkClaim } from './ChunkClaim.ts';
import type { FolderFile } from './Model.ts';
import type { Part, PartStore } from './Wanted.ts';

/** One content of a folder, which may be wanted at several paths. */
export class FolderItem {
  readonly fileId: FileId;
  readonly size: number;
  /** The first is fetched, the others are copies. */
  readonly paths: [string, ...string[]];
  /** Who may give it. */
  readonly holders = new Map<PeerId, FileHolder>();
  /** Holders that could not give it after all. */
  readonly #refused = new Map<PeerId, FileHolder>();
  /** Paths where it lies now. */
  readonly placed = new Set<string>();
  state: 'wanted' | 'asked' | 'looking' | 'done' | 'failed' = 'wanted';
  error: ShoalError | undefined;
  /** A bundle it was in was rejected: asked for by itself. */
  alone = false;

  constructor(file: FolderFile) {
    this.fileId = file.fileId;
    this.size = file.size;
    this.paths = [file.path];
    this.addHolders(file.holders);
  }

  /** Returns those that are new. */
  addHolders(holders: readonly FileHolder[]): FileHolder[] {
    const fresh = holders.filter(({ peerId }) => !this.holders.has(peerId) && !this.#refused.has(peerId));
    for (const holder of fresh) this.holders.set(holder.peerId, holder);
    return fresh;
  }

  refuse(peerId: PeerId): void {
    const holder = this.holders.get(peerId);
    if (holder !== undefined) this.#refused.set(peerId, holder);
    this.holders.delete(peerId);
  }

  /** A new try: everybody may give it again. */
  renew(): void {
    this.state = 'wanted';
    this.error = undefined;
    for (const [peerId, holder] of this.#refused) this.holders.set(peerId, holder);
    this.#refused.clear();
  }
}

/** The unfinished file of a one-chunk item: opened when its first byte comes. */
export class SmallPart {
  readonly claim: ChunkClaim;
  readonly #parts: PartStore;
  readonly #item: FolderItem;
  #part: Part | undefined;

  constructor(parts: PartStore, item: FolderItem) {
    this.#parts = parts;
    this.#item = item;
    this.claim = new ChunkClaim(async () => (await this.#open()).writer(0));
  }

  /** Moves it into the share. Returns where it lies. @throws like Part.finish */
  async finish(): Promise<string> {
    const part = await this.#open();
    this.#part = undefined;
    try {
      return await part.finish();
    } catch (failure) {
      await part.discard().catch(() => {});
      throw failure;
    }
  }

  /** Nothing of a single chunk is worth keeping. */
  async discard(): Promise<void> {
    const part = this.#part;
    this.#part = undefined;
    await this.claim.settled;
    await part?.discard().catch(() => {});
  }

  async #open(): Promise<Part> {
    const { fileId, size, paths } = this.#item;
    this.#part ??= await this.#parts.open({ fileId, layout: chunkLayout(size), chunkHashes: [] }, paths[0]);
    return this.#part;
  }
}
