import {
  DownloadManager,
  type DownloadManagerOptions,
  type FileWish,
} from '../../../Peer/DownloadManager.ts';
import type { DownloadStatus } from '../../../Peer/DownloadModel.ts';
import type { FolderFile } from '../../../Peer/Storage.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { silentLog } from '../../../Shared/Log.ts';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import { SimulatedClock } from '../../Support/SimulatedClock.ts';
import { FakeNetwork } from './FakeNetwork.ts';
import { FakeParts } from './FakeParts.ts';
import type { FakePeer } from './FakePeer.ts';

export const FILE = 'f'.repeat(64) as FileId;

/** Downloads on a desk: simulated time, peers and disk. */
export class Desk {
  readonly clock = new SimulatedClock();
  readonly network = new FakeNetwork(this.clock);
  readonly parts = new FakeParts();
  readonly downloads: DownloadManager;
  readonly blamed: string[] = [];

  constructor(seed = 1, options: Partial<DownloadManagerOptions> = {}) {
    this.downloads = this.manager(seed, options);
  }

  /** Another run of the program on the same disk. */
  manager(seed = 1, options: Partial<DownloadManagerOptions> = {}): DownloadManager {
    const { network, parts, clock } = this;
    const random = new SeededRandom(seed).next;
    const downloads = new DownloadManager({
      network,
      parts,
      clock,
      wallMs: clock.wallMs,
      random,
      log: silentLog,
      ...options,
    });
    downloads.on('sourceBlamed', (peer, _path, verdict) => this.blamed.push(`${peer.name} ${verdict}`));
    return downloads;
  }

  wish(size: number, holders: readonly FakePeer[], change: Partial<FileWish> = {}): FileWish {
    const wish = {
      fileId: FILE,
      size,
      path: 'film.mkv',
      holders: holders.map(({ holder }) => holder),
      ...change,
    };
    this.network.sizes.set(wish.fileId, size);
    for (const peer of holders) if (!peer.files.has(wish.fileId)) peer.has(wish.fileId);
    return wish;
  }

  /** Files `dir/0`, `dir/1` … of one size, each with a content of its own, at all holders. */
  folder(count: number, size: number, holders: readonly FakePeer[]): FolderFile[] {
    return Array.from({ length: count }, (_, number) => {
      const { fileId, path } = this.wish(size, holders, {
        fileId: fileIdNumber(number),
        path: `dir/${number}`,
      });
      return { fileId, size, path, holders: holders.map(({ holder }) => holder) };
    });
  }

  close(): Promise<void> {
    return this.clock.settle(this.downloads.close());
  }

  /** Advances time until the download is done, failed, paused or cancelled. */
  end(number = 1, limitMs = 600_000): Promise<DownloadStatus> {
    return this.clock.settle(this.downloads.finished(number, new AbortController().signal), limitMs);
  }
}

export function fileIdNumber(number: number): FileId {
  return (number + 0x1_000_000).toString(16).padStart(64, '0') as FileId;
}
