import type { WebAccess } from '../CommandInterface.ts';
import type { DownloadManagerOptions } from '../DownloadManager.ts';
import type { FileManagerOptions } from '../FileManager.ts';
import type { NetworkManagerOptions } from '../NetworkManager.ts';
import type { PrivateNetwork } from '../NetworkModel.ts';
import type { SystemProbes } from './Examination.ts';
import type { PushingOptions } from './Pushing.ts';
import type { HistoryStore } from './UploadHistory.ts';

/** Settings and resources of one peer. */
export interface PeerOptions {
  readonly files: FileManagerOptions;
  /** Dependencies between the managers are added here. */
  readonly network: Omit<NetworkManagerOptions, 'provider' | 'feed'>;
  readonly downloads: Pick<DownloadManagerOptions, 'maxDownloads' | 'random' | 'delivered' | 'uncatalogued'>;
  readonly pushes: Pick<PushingOptions, 'policy' | 'trusted'>;
  /** Undefined: no history of uploads is kept. */
  readonly history?: HistoryStore | undefined;
  readonly system: SystemProbes;
  /** The private network of this peer; undefined: the open one. */
  readonly privateNetwork?: PrivateNetwork | undefined;
  /** Keep in the share what HTTP clients read of other peers. */
  readonly keepsRead?: boolean;
  /** Timeout of a download without any source; undefined: none. Scripts need one. */
  readonly giveUpMs: number | undefined;
  /** Undefined: HTTP is off. */
  readonly web?: WebAccess | undefined;
}
