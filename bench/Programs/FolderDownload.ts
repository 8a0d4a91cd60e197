import { DownloadManager, ListedFiles, planFolder } from '../../Peer/DownloadManager.ts';
import type { SourceNetwork } from '../../Peer/Downloads/Ports.ts';
import type { FileHolder } from '../../Peer/Model.ts';
import type { DownloadStorage, SmallFileInstaller } from '../../Peer/Storage.ts';
import type { Source } from '../../Peer/Transfer.ts';
import type { FileId, PeerId } from '../../Protocol/Ids.ts';
import { silentLog } from '../../Shared/Log.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { systemClock } from '../../Shared/Time/Clock.ts';

/**
 * Downloads one folder of small files with neither network nor disk behind it: what the lists, plans and states of a
 * download cost. Argument: number of files. Prints its figures as JSON.
 */
const count = Number(process.argv[2]);
const SIZE = 1_024;
const PAGE = 500;

const holder: FileHolder = {
  peerId: 'a'.repeat(64) as PeerId,
  name: 'seeder',
  address: { host: '127.0.0.1', port: 9_000 },
  complete: true,
};
const answer = new Uint8Array(new SharedArrayBuffer(1_048_576 + 256));

/** Answers every bundle at once. */
function seeder(): Source {
  return {
    peer: holder,
    have: undefined,
    setChunkCount: () => {},
    describe: async () => {
      throw new ShoalError('NOT_FOUND', 'only bundles');
    },
    request: async (_unit, bytes, writer, bundle = []) => {
      let at = 0;
      for (const { size } of bundle) {
        answer[at] = 1;
        at += 1 + size;
      }
      // Not awaited: the bytes are free again when `finish` has settled.
      void writer.write(answer.subarray(0, bytes));
      return { kind: (await writer.finish()) ? 'verified' : 'corrupt' };
    },
    cancel: () => {},
    close: () => {},
  };
}

const network: SourceNetwork = {
  queries: { locate: async () => [] },
  openSource: async () => seeder(),
  openBundles: async () => seeder(),
};

const nothing = async () => {};
const parts: DownloadStorage = {
  open: async () => {
    throw new ShoalError('DISK_FAILED', 'only small files');
  },
  openInstaller: (_wanted, events): SmallFileInstaller => ({
    install: async (bytes, files) => {
      await new Promise((resolve) => setImmediate(resolve));
      for (const file of files) events.installed(file, `/share/${file.path}`);
      return { verdicts: files.map(() => 'right' as const), bytes };
    },
    close: nothing,
  }),
  describeUnfinished: async () => undefined,
  unfinished: async () => [],
  setPaused: nothing,
  discardUnfinished: nothing,
  keepFolder: nothing,
  keptFolders: async () => [],
  forgetFolder: nothing,
  scanned: nothing,
  findComplete: () => undefined,
  copyComplete: async (_fileId, path) => path,
  requireFreeSpace: nothing,
};

/** The files as pages of a list give them: objects that are not kept. */
function list(): ListedFiles {
  const files = new ListedFiles();
  for (let index = 0; index < count; index++) {
    const folder = String(Math.floor(index / PAGE)).padStart(6, '0');
    const name = String(index % PAGE).padStart(4, '0');
    const fileId = `${(index * 2_654_435_761) % 2 ** 32}`.padStart(64, '0') as FileId;
    files.add({
      path: `photos/album ${folder}/picture ${name}.jpg`,
      size: SIZE,
      modifiedMs: 1_700_000_000_000,
      fileId,
    });
  }
  return files;
}

const started = performance.now();
const { files } = planFolder('photos', [{ holder, files: list() }]);
const plannedMs = performance.now() - started;
const downloads = new DownloadManager({
  network,
  parts,
  clock: systemClock,
  wallMs: Date.now,
  random: Math.random,
  log: silentLog,
});
const { number } = downloads.addFolder({ path: 'photos', files });
const { state, filesDone } = await downloads.finished(number, new AbortController().signal);
const { user, system } = process.cpuUsage();
await downloads.close();
console.log(
  JSON.stringify({
    state,
    files: filesDone,
    plannedMs: Math.round(plannedMs),
    seconds: (performance.now() - started) / 1_000,
    cpuSeconds: (user + system) / 1e6,
    peakMiB: process.resourceUsage().maxRSS / 1_024,
  }),
);
