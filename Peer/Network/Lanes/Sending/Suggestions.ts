import { chunkLayout } from '../../../../Protocol/ChunkLayout.ts';
import type { FileId, PeerId } from '../../../../Protocol/Ids.ts';
import type { ControlOf } from '../../../../Protocol/PeerMessages.ts';
import { soon } from '../../../../Shared/Async/Soon.ts';
import { BoundedMap } from '../../../../Shared/BoundedMap.ts';
import type { Clock, Random } from '../../../../Shared/Time/Clock.ts';
import type { ChunkProvider } from '../../Ports.ts';
import { SUGGESTION_MS, type Suggestion, SuperSeeding } from './SuperSeeding.ts';

/** Number of files with super-seeding; the least recently requested one is evicted. */
const FILES_MAX = 32;

export interface SuggestionsOptions {
  readonly provider: ChunkProvider;
  readonly clock: Clock;
  readonly random: Random;
  readonly send: (peer: PeerId, fileId: FileId, suggestion: Suggestion) => void;
}

/** Sends suggestions to the leechers of a file while all of it is here (super-seeding). */
export class Suggestions {
  readonly #options: SuggestionsOptions;
  readonly #files = new BoundedMap<FileId, SuperSeeding>(FILES_MAX);
  readonly #changed = new Set<FileId>();
  #scheduled = false;
  #looking = false;

  constructor(options: SuggestionsOptions) {
    this.#options = options;
  }

  /** Adds a leecher. @param follows - whether the peer understands suggestions */
  interested(peer: PeerId, fileId: FileId, follows: boolean): void {
    const size = this.#options.provider.sizeOf(fileId);
    if (size === undefined) return;
    const { chunkCount } = chunkLayout(size);
    if (chunkCount < 2) return;
    const first = () => Math.floor(this.#options.random() * chunkCount);
    const file = this.#files.useOr(fileId, () => new SuperSeeding(chunkCount, first()));
    file.join(peer, follows);
    this.#scheduleUpdate(fileId);
  }

  notInterested(peer: PeerId, fileId: FileId): void {
    const file = this.#files.get(fileId);
    file?.leave(peer);
    if (file?.members === 0) this.#files.delete(fileId);
    this.#scheduleUpdate(fileId);
  }

  /** Records the chunks that a leecher announces. */
  holds(peer: PeerId, message: ControlOf<'haveAll' | 'haveNone' | 'bitfield' | 'have'>): void {
    const { fileId } = message;
    const file = this.#files.get(fileId);
    if (file === undefined) return;
    if (message.type === 'have') file.holds(peer, message.chunks);
    else if (message.type === 'bitfield') file.holdsPage(peer, message.firstByte, message.bits);
    else if (message.type === 'haveAll') file.leave(peer);
    this.#scheduleUpdate(fileId);
  }

  asked(peer: PeerId, fileId: FileId, chunks: readonly number[]): void {
    this.#files.get(fileId)?.asked(peer, chunks);
    this.#scheduleUpdate(fileId);
  }

  /** Records requests that ended without their bytes. */
  dropped(peer: PeerId, fileId: FileId, chunks: readonly number[]): void {
    this.#files.get(fileId)?.dropped(peer, chunks);
    this.#scheduleUpdate(fileId);
  }

  sent(peer: PeerId, fileId: FileId, chunks: readonly number[]): void {
    this.#files.get(fileId)?.sent(peer, chunks, this.#options.clock.nowMs());
    this.#scheduleUpdate(fileId);
  }

  /** Coalesces the events of one event-loop turn. */
  #scheduleUpdate(fileId: FileId): void {
    if (!this.#files.has(fileId)) return;
    this.#changed.add(fileId);
    if (this.#scheduled) return;
    this.#scheduled = true;
    soon(() => {
      this.#scheduled = false;
      const changed = [...this.#changed];
      this.#changed.clear();
      for (const each of changed) this.#update(each);
    });
  }

  #update(fileId: FileId): void {
    const { provider, clock, send } = this.#options;
    const file = this.#files.get(fileId);
    const held = provider.holdings(fileId);
    if (file === undefined || (held !== 'all' && held?.complete !== true)) return;
    for (const [peer, suggestion] of file.suggest(clock.nowMs())) send(peer, fileId, suggestion);
    if (file.expects) this.#lookLater();
  }

  /** Checks again later: a suggestion that is never followed raises no event. */
  #lookLater(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#options.clock.after(SUGGESTION_MS, () => {
      this.#looking = false;
      for (const fileId of this.#files.keys()) this.#scheduleUpdate(fileId);
    });
  }
}
