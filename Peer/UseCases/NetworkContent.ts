import type { FileId } from '../../Protocol/Ids.ts';
import { unlessAborted } from '../../Shared/Async/OnAbort.ts';
import { type Address, isLoopback } from '../../Shared/Network/Address.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import type { ContentSink, NetworkFile } from '../ContentModel.ts';
import type { DownloadManager, FileWish } from '../DownloadManager.ts';
import { mayDial, type NetworkManager } from '../NetworkManager.ts';
import type { ResolvedTarget } from './ResolvedTarget.ts';
import { folderRefused } from './ResolvedTarget.ts';
import { CLIENT_NAME, type SharedContent } from './SharedContent.ts';
import type { TargetResolver } from './TargetResolver.ts';

export interface NetworkContentOptions {
  readonly resolver: Pick<TargetResolver, 'resolve'>;
  readonly downloads: Pick<DownloadManager, 'streams' | 'list' | 'add'>;
  readonly network: Pick<NetworkManager, 'desk' | 'queries' | 'ready'>;
  readonly shared: Pick<SharedContent, 'findId' | 'send'>;
  /** Downloads into the share what is read; the stream follows the download. */
  readonly keepsRead: boolean;
}

/** Longest wait for a tracker after the start of the peer. */
const TRACKER_WAIT_MS = 3_000;
/** An id in whole. */
const ID = /^[0-9a-f]{64}$/;

/** Files of the whole network for clients that are no peers: fetched from all their holders and verified. */
export class NetworkContent {
  readonly #options: NetworkContentOptions;

  constructor(options: NetworkContentOptions) {
    this.#options = options;
  }

  /**
   * Opens the file with an id, a name or a path. A file of the own share is served from the disk.
   * @param host - of the client
   * @throws ShoalError NOT_FOUND, AMBIGUOUS, USAGE (a folder), NO_TRACKER, BUSY, CANCELLED
   */
  async open(what: string, host: string, signal: AbortSignal): Promise<NetworkFile> {
    const { shared, downloads, keepsRead } = this.#options;
    const wish = await this.#wishOf(what, signal);
    const { fileId, path, modifiedMs } = wish;
    const own = shared.findId(fileId);
    if (own !== undefined) {
      const send: NetworkFile['send'] = (range, to, until) => shared.send(fileId, range, to, until);
      return { ...own, send, close: () => {} };
    }
    const stream = await downloads.streams.open(wish, { host, own: isLoopback(host) }, signal);
    return {
      fileId,
      size: stream.size,
      path,
      modifiedMs,
      close: () => stream.close(),
      send: (range, to, until) => {
        if (keepsRead) downloads.add({ ...wish, order: 'in order' });
        const ends = AbortSignal.any([until, stream.evicted]);
        return this.#relay({ fileId, path }, stream.read(range, ends), to, ends);
      },
    };
  }

  /** Peers that have all of a content, as trackers and linked peers say. Never rejects. */
  async holders(fileId: FileId, signal: AbortSignal): Promise<readonly Address[]> {
    const holders = await this.#options.network.queries.locate(fileId, signal).catch(() => []);
    return holders
      .filter(({ complete, address }) => complete && mayDial(address))
      .map(({ address }) => address);
  }

  async #wishOf(what: string, signal: AbortSignal): Promise<FileWish> {
    const { resolver, downloads, shared, network } = this.#options;
    if (ID.test(what)) {
      const own = shared.findId(what as FileId);
      if (own !== undefined) return { ...own, holders: [] };
      const running = downloads.list().find(({ fileId, state }) => fileId === what && state === 'fetching');
      if (running !== undefined) return { ...running, fileId: what as FileId, holders: [] };
    }
    await unlessAborted(network.ready(TRACKER_WAIT_MS), signal);
    const found = await resolver.resolve(what, signal, { onlyFile: true });
    if (found.kind === 'file') return found.wish;
    throw notOneFile(what, found);
  }

  async #relay(
    file: { readonly fileId: FileId; readonly path: string },
    pieces: AsyncIterable<Uint8Array>,
    { remote, write }: ContentSink,
    signal: AbortSignal,
  ): Promise<void> {
    const contact = { peerId: undefined, name: CLIENT_NAME, address: remote };
    const seat = this.#options.network.desk.enter({ key: `http:${remote.host}`, label: () => contact });
    try {
      await seat.relay(file, pieces, { host: remote.host, write }, signal);
    } finally {
      seat.leave();
    }
  }
}

function notOneFile(what: string, found: Exclude<ResolvedTarget, { kind: 'file' }>): ShoalError {
  if (found.kind === 'folder') return folderRefused(what);
  const ids = found.hits.slice(0, 5).map(({ path, fileId }) => `${fileId} (${path})`);
  const message = found.exact ? `several files are named "${what}"` : `no file is named "${what}"`;
  return new ShoalError(found.exact ? 'AMBIGUOUS' : 'NOT_FOUND', message, {
    hint: `Use an id: ${ids.join(', ')}`,
  });
}
