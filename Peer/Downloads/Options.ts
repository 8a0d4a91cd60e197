import type { Log } from '../../Shared/Log.ts';
import type { Clock, Random, WallClock } from '../../Shared/Time/Clock.ts';
import type { DownloadStorage } from '../Storage.ts';
import type { Delivered, LocalChunks, SourceNetwork } from './Ports.ts';

export interface DownloadManagerOptions {
  readonly network: SourceNetwork;
  readonly parts: DownloadStorage;
  /** Chunks of this peer that streams read instead of fetching them; undefined: none. */
  readonly local?: LocalChunks | undefined;
  readonly clock: Clock;
  readonly wallMs: WallClock;
  readonly random: Random;
  readonly log: Log;
  /** Files outside the share that are complete already; undefined: none. */
  readonly delivered?: Delivered | undefined;
  /** Files of the share, also those that the first scan has not reached yet; undefined: only the catalog is asked. */
  readonly uncatalogued?: Delivered | undefined;
  /** Maximum of concurrent downloads; the others are queued. Default: MAX_DOWNLOADS. */
  readonly maxDownloads?: number;
}
