import { chunkLayout } from '../../../Protocol/ChunkLayout.ts';
import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import type { ControlOf } from '../../../Protocol/PeerMessages.ts';
import type { Clock, Random } from '../../../Shared/Clock.ts';
import { soon } from '../../../Shared/Soon.ts';
import type { ChunkProvider } from '../Ports.ts';
import { SUGGESTION_MS, type Suggestion, SuperSeeding } from './SuperSeeding.ts';

/** Files that are watched over; the one that was asked for least lately is forgotten. */
const FILES_MAX = 32;

export interface SuggestionsOptions {
  readonly provider: ChunkProvider;
  readonly clock: Clock;
  readonly random: Random;
  readonly tell: (peer: PeerId, fileId: FileId, suggestion: Suggestion) => void;
}

/** Tells those who want the same file of us what each should ask for, while we have all of it. */
export class Suggestions {
  readonly #options: SuggestionsOptions;
  readonly #files = new Map<FileId, SuperSeeding>();
  readonly #changed = new Set<FileId>();
  #telling = false;
  #looking = false;

  constructor(options: SuggestionsOptions) {
    this.#options = options;
  }

  /** A peer wants a file of us. @param follows - it understands suggestions */
  interested(peer: PeerId, fileId: FileId, follows: boolean): void {
    const size = this.#options.provider.sizeOf(fileId);
    if (size === undefined) return;
    const { chunkCount } = chunkLayout(size);
    if (chunkCount < 2) return;
    let file = this.#files.get(fileId);
    if (file === undefined) {
      file = new SuperSeeding(chunkCount, Math.floor(this.#options.random() * chunkCount));
      const [oldest] = this.#files.keys();
      if (this.#files.size >= FILES_MAX && oldest !== undefined) this.#files.delete(oldest);
    }
    // Last in the map: asked for last.
    this.#files.delete(fileId);
    this.#files.set(fileId, file);
    file.join(peer, follows);
    this.#tellSoon(fileId);
  }

  notInterested(peer: PeerId, fileId: FileId): void {
    const file = this.#files.get(fileId);
    file?.leave(peer);
    if (file?.members === 0) this.#files.delete(fileId);
    this.#tellSoon(fileId);
  }

  /** What a peer has of a file that it wants. */
  holds(peer: PeerId, message: ControlOf<'haveAll' | 'haveNone' | 'bitfield' | 'have'>): void {
    const { fileId } = message;
    const file = this.#files.get(fileId);
    if (file === undefined) return;
    if (message.type === 'have') file.holds(peer, message.chunks);
    else if (message.type === 'bitfield') file.holdsPage(peer, message.firstByte, message.bits);
    else if (message.type === 'haveAll') file.leave(peer);
    this.#tellSoon(fileId);
  }

  asked(peer: PeerId, fileId: FileId, chunk: number): void {
    this.#files.get(fileId)?.asked(peer, chunk);
    this.#tellSoon(fileId);
  }

  /** A request ended without its bytes. */
  dropped(peer: PeerId, fileId: FileId, chunk: number): void {
    this.#files.get(fileId)?.dropped(peer, chunk);
    this.#tellSoon(fileId);
  }

  sent(peer: PeerId, fileId: FileId, chunk: number): void {
    this.#files.get(fileId)?.sent(peer, chunk, this.#options.clock.nowMs());
    this.#tellSoon(fileId);
  }

  /** Once for all that happens in one go. */
  #tellSoon(fileId: FileId): void {
    if (!this.#files.has(fileId)) return;
    this.#changed.add(fileId);
    if (this.#telling) return;
    this.#telling = true;
    soon(() => {
      this.#telling = false;
      const changed = [...this.#changed];
      this.#changed.clear();
      for (const each of changed) this.#tell(each);
    });
  }

  #tell(fileId: FileId): void {
    const { provider, clock, tell } = this.#options;
    const file = this.#files.get(fileId);
    const held = provider.holdings(fileId);
    if (file === undefined || (held !== 'all' && held?.complete !== true)) return;
    for (const [peer, suggestion] of file.suggest(clock.nowMs())) tell(peer, fileId, suggestion);
    if (file.expects) this.#lookLater();
  }

  /** What is expected of a leecher may never come, and then nothing tells us. */
  #lookLater(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#options.clock.after(SUGGESTION_MS, () => {
      this.#looking = false;
      for (const fileId of this.#files.keys()) this.#tellSoon(fileId);
    });
  }
}
