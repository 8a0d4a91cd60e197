import type { FileId } from '../../Protocol/Ids.ts';
import type { Clock } from '../../Shared/Time/Clock.ts';
import type { ContentDigest, ContentRange, ContentSink } from '../ContentModel.ts';
import type { FileManager } from '../FileManager.ts';
import type { CatalogEntry, FileSummary } from '../Model.ts';
import type { NetworkManager } from '../NetworkManager.ts';
import { ContentDigests } from './ContentDigests.ts';

/** Name of clients without a peer id in the list of uploads. */
export const CLIENT_NAME = 'HTTP';

/** The share for clients that are no peers: found by path, and sent within the slots and limits of all uploads. */
export class SharedContent {
  readonly #files: FileManager;
  readonly #network: NetworkManager;
  readonly #digests: ContentDigests;

  constructor(files: FileManager, network: NetworkManager, clock: Clock) {
    this.#files = files;
    this.#network = network;
    this.#digests = new ContentDigests(files, clock);
  }

  find(path: string): CatalogEntry | undefined {
    return this.#files.findPath(path);
  }

  findId(fileId: FileId): CatalogEntry | undefined {
    return this.#files.find(fileId);
  }

  /** Files below a folder, ordered by path. */
  list(folder: string): readonly CatalogEntry[] {
    return this.#files.list(folder);
  }

  /** The same without their contents, one after the other. Valid until the catalog changes. */
  below(folder: string): Iterable<FileSummary> {
    return this.#files.below(folder);
  }

  /** SHA-256 of a file; see ContentDigests. */
  digest(fileId: FileId, signal: AbortSignal): Promise<ContentDigest> {
    return this.#digests.of(fileId, signal);
  }

  knownDigest(fileId: FileId): ContentDigest | undefined {
    return this.#digests.known(fileId);
  }

  /**
   * Sends a range of a file. All requests of one host share one slot.
   * @throws ShoalError NOT_FOUND, FILE_CHANGED, DISK_FAILED, CANCELLED, TIMEOUT; failures of the sink pass through
   */
  async send(
    content: FileId,
    range: ContentRange,
    { remote, write, plain }: ContentSink,
    signal: AbortSignal,
  ): Promise<void> {
    const contact = { peerId: undefined, name: CLIENT_NAME, address: remote };
    const seat = this.#network.desk.enter({ key: `http:${remote.host}`, label: () => contact });
    try {
      await seat.send(content, range, { host: remote.host, write, plain }, signal);
    } finally {
      seat.leave();
    }
  }
}
