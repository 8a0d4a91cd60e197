import type { FileHolder } from '../Peer/Model.ts';
import type { FileId, PeerId } from '../Protocol/Ids.ts';
import type { SeededRandom } from '../Shared/SeededRandom.ts';

/** Latency of an answer, and timeout before a retransmission. */
const ANSWER_MS = 2;
const RETRY_MS = [500, 1_000, 2_000, 4_000];
/** A download keeps no more holders. */
const HOLDERS_MAX = 400;

/** The tracker of a simulated swarm: lists holders of the file. Its datagrams are subject to loss. */
export class Directory {
  readonly #random: SeededRandom;
  readonly #lossRatio: number;
  readonly #holders = new Map<FileId, Map<PeerId, FileHolder>>();

  constructor(random: SeededRandom, lossRatio: number) {
    this.#random = random;
    this.#lossRatio = lossRatio;
  }

  add(fileId: FileId, holder: FileHolder & { readonly peerId: PeerId }): void {
    const holders = this.#holders.get(fileId) ?? new Map<PeerId, FileHolder>();
    this.#holders.set(fileId, holders);
    holders.set(holder.peerId, holder);
  }

  remove(fileId: FileId, peer: PeerId): void {
    this.#holders.get(fileId)?.delete(peer);
  }

  holders(fileId: FileId, asker: PeerId): FileHolder[] {
    const holders = [...(this.#holders.get(fileId)?.values() ?? [])];
    return holders.filter(({ peerId }) => peerId !== asker).slice(0, HOLDERS_MAX);
  }

  /** Time until an answer arrives, with a retransmission when one of its two datagrams is lost. */
  answerMs(): number {
    let waitMs = ANSWER_MS;
    for (const retryMs of RETRY_MS) {
      const lost = this.#random.chance(this.#lossRatio) || this.#random.chance(this.#lossRatio);
      if (!lost) break;
      waitMs += retryMs;
    }
    return waitMs;
  }
}
