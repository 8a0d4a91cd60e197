import type { EventEmitter } from 'node:events';
import { availableParallelism } from 'node:os';
import type { Closing } from '../../Shared/Async/Closing.ts';
import type { Log } from '../../Shared/Log.ts';
import type { Clock, WallClock } from '../../Shared/Time/Clock.ts';
import type { FileEvents } from '../ShareModel.ts';
import { BatchInstallers } from './Batches/BatchInstallers.ts';
import { inlineSmallWriter, threadSmallWriter } from './Batches/SmallWriter.ts';
import type { Catalog } from './Catalog/Catalog.ts';
import { installEvents } from './Catalog/InstallEvents.ts';
import { Share } from './Catalog/Share.ts';
import type { Disk } from './Disk/Disk.ts';
import { DiskNames } from './Disk/DiskNames.ts';
import { nodeDisk } from './Disk/NodeDisk.ts';
import { makeShareFolders } from './Disk/ShareFolders.ts';
import type { HashCache } from './Hashing/HashCache.ts';
import { type Hasher, inlineHasher, threadHasher } from './Hashing/Hasher.ts';
import { openHashCache } from './Hashing/OpenHashCache.ts';
import { FolderStore } from './Parts/FolderStore.ts';
import { DROP_KEPT_MS, IncomingFiles } from './Parts/IncomingFiles.ts';
import { PartStore } from './Parts/PartStore.ts';
import { IncompleteFolders } from './Serving/IncompleteFolders.ts';
import { SharedFiles } from './Serving/SharedFiles.ts';
import { ShareReader } from './Serving/ShareReader.ts';
import { type WatchFolder, watchFolder } from './Watching/FolderWatcher.ts';
import { openManifest } from './Watching/ManifestFiles.ts';
import { DEFAULT_SCAN_SETTINGS, type ScanSettings } from './Watching/ScanSettings.ts';
import { threadWalk } from './Watching/ThreadWalk.ts';

export interface FileManagerOptions {
  /** Share folder; created when missing. Unfinished files are in its `Temp/`. */
  readonly shareDir: string;
  /** Absolute path of the manifest: only the files named in it are shared (one `name path` per line). */
  readonly manifest?: string | undefined;
  /** Folder of this user's hash cache. Undefined: hashes are kept in memory for this run only. */
  readonly cacheDir: string | undefined;
  readonly clock: Clock;
  readonly wallMs: WallClock;
  readonly log: Log;
  /** Hashing threads; default: one per core, 2 to 4. 0 hashes in the main thread, as tests without a build must. */
  readonly hashWorkers?: number;
  readonly scan?: Partial<ScanSettings>;
  /** Substitutes for tests. */
  readonly seams?: {
    readonly disk?: Disk;
    readonly watch?: WatchFolder;
    readonly cache?: HashCache;
    readonly makeHasher?: () => Hasher;
    readonly limitHeap?: (files: number) => void;
  };
}

/** The components of a FileManager that exist once it has started. */
export interface FileComponents {
  readonly storage: {
    readonly disk: Disk;
    readonly root: string;
    /** Folder of unfinished files. */
    readonly temp: string;
    readonly names: DiskNames;
  };
  readonly share: Share;
  readonly files: SharedFiles;
  readonly parts: PartStore;
  readonly incoming: IncomingFiles;
  readonly batches: BatchInstallers;
  readonly folders: FolderStore;
  readonly incomplete: IncompleteFolders;
}

export interface FileComponentsOptions extends FileManagerOptions {
  readonly catalog: Catalog;
  /** Closes the components again. */
  readonly closing: Closing;
  /** The catalog changed. */
  readonly changed: () => void;
  readonly emit: EventEmitter<FileEvents>['emit'];
}

/**
 * Opens share folder and hash cache, and builds the components on them. Nothing is scanned yet.
 * @throws ShoalError NOT_FOUND (the manifest), DISK_FAILED, DISK_FULL
 */
export async function openComponents(options: FileComponentsOptions): Promise<FileComponents> {
  const { root, temp } = makeShareFolders(options.shareDir);
  const { clock, log, wallMs, scan, cacheDir, seams = {}, catalog, closing, changed, emit } = options;
  const { disk = nodeDisk } = seams;
  const manifest = openManifest(options.manifest, temp, clock);
  const cache = seams.cache ?? (await openHashCache(cacheDir, manifest?.path ?? root, log));
  closing.add(() => cache.close());
  const inThread = options.hashWorkers !== 0 && seams.disk === undefined;
  const share = new Share({
    root,
    clock,
    wallMs,
    log,
    settings: { ...DEFAULT_SCAN_SETTINGS, ...scan },
    manifest,
    catalog,
    cache,
    watch: seams.watch ?? watchFolder,
    walk: inThread ? threadWalk : undefined,
    ...hashersOf(options),
    events: {
      changed,
      tell: (kind, text) => emit(kind, text),
    },
  });
  const reader = new ShareReader({
    open: (path) => share.open(path),
    absolute: (path) => share.absolute(path),
    clock,
    index: share.index,
  });
  const names = new DiskNames(disk, temp);
  const files = new SharedFiles({ root, temp, disk, names, catalog, cache, share, reader });
  const events = installEvents({
    share,
    catalog,
    log,
    changed,
    chunkVerified: (fileId, chunk) => emit('chunkVerified', fileId, chunk),
    partClosed: (fileId) => emit('partClosed', fileId),
  });
  const problem = (text: string) => emit('problem', text);
  const storage = { disk, clock, root, temp, names, events, problem };
  const folders = new FolderStore(storage);
  const parts = new PartStore({ ...storage, keptFolders: () => folders.all() });
  const incoming = new IncomingFiles({
    ...storage,
    wallMs,
    requireFreeSpace: (bytes) => parts.requireFreeSpace(bytes),
    placeOf: (path, fileId) => files.placeOf(path, fileId),
  });
  const batches = new BatchInstallers({
    ...storage,
    makeWriter: () => (inThread ? threadSmallWriter() : inlineSmallWriter(disk)),
    isHere: (path, fileId) => files.unchangedAt(path, fileId),
  });
  for (const component of [parts, batches, incoming]) component.cleanUp();
  const cancelCleanUp = clock.after(DROP_KEPT_MS, () => incoming.cleanUp());
  closing.add(async () => cancelCleanUp());
  const hasManifest = manifest !== undefined;
  const incomplete = new IncompleteFolders({ ...storage, catalog, share, hasManifest });
  for (const component of [share, reader, batches, incoming, parts]) closing.add(() => component.close());
  return { storage, share, files, parts, incoming, batches, folders, incomplete };
}

function hashersOf({
  hashWorkers = Math.min(4, Math.max(2, availableParallelism())),
  seams,
}: FileManagerOptions): {
  readonly makeHasher: () => Hasher;
  readonly hashers: number;
} {
  const makeHasher = seams?.makeHasher ?? (hashWorkers === 0 ? inlineHasher : threadHasher);
  return { makeHasher, hashers: Math.max(1, hashWorkers) };
}
