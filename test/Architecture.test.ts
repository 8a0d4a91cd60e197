import { existsSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { describe, expect, test } from 'vitest';
import { readSources, type Source } from './Support/sources.ts';

/**
 * Holds who may import whom (docs/contributing/architecture.md), and where the outside world is touched.
 * A test here that fails is a question about the design: move the code, or change the rule and say why.
 */

const sources = readSources('Shared', 'Protocol', 'Tracker', 'Peer', 'Cli', 'Demo');
const paths = new Set(sources.map((source) => source.path));

const DOORS: Readonly<Record<string, string>> = {
  'Peer/CommandInterface.ts': 'Peer/Commands',
  'Peer/DownloadManager.ts': 'Peer/Downloads',
  'Peer/FileManager.ts': 'Peer/Files',
  'Peer/NetworkManager.ts': 'Peer/Network',
  'Peer/PushManager.ts': 'Peer/Pushes',
  'Peer/WebManager.ts': 'Peer/Web',
};

/** `main.ts` and what it is split into: may import everything of the peer, and nobody imports it. */
const MAIN = [
  'Peer/main.ts',
  'Peer/Assembly.ts',
  'Peer/NetworkAccess.ts',
  'Peer/OpenWeb.ts',
  'Peer/Settings/CommandLine.ts',
  'Peer/Settings/ChangeNetwork.ts',
  'Peer/Settings/OptionValues.ts',
  'Peer/Settings/SettingLayers.ts',
  'Peer/Settings/SettingChanges.ts',
];

/** What `Peer.ts` is split into: stands on the same floor. */
const USE_CASES = 'Peer/UseCases';

/** Folders that only the files above come to: state on disk, the local socket. */
const APART = ['Peer/State', 'Peer/Local'];

/** The one way from the peer into the tracker, for the embedded one. */
const EMBEDDED_TRACKER = ['Peer/Assembly.ts', 'Tracker/Tracker.ts'];

/** The rim: the only files that touch sockets, disk, clocks, chance, the process. Everything else is handed these. */
const RIM = [
  'Cli/Commands/Doctor.ts',
  'Cli/Commands/Uninstall.ts',
  'Cli/Commands/GetInto.ts',
  'Cli/Commands/Network.ts',
  'Cli/Commands/Send.ts',
  'Cli/Commands/Share.ts',
  'Cli/Commands/Staging.ts',
  'Cli/Running/Browser.ts',
  'Cli/Running/Deadline.ts',
  'Cli/Running/GuestPeer.ts',
  'Cli/Running/MoveInto.ts',
  'Cli/Running/Password.ts',
  'Cli/Running/RunningPeers.ts',
  'Cli/Running/Screen.ts',
  'Cli/main.ts',
  'Demo/',
  'Peer/Assembly.ts',
  'Peer/NetworkAccess.ts',
  'Peer/OpenWeb.ts',
  'Peer/Settings/ChangeNetwork.ts',
  'Peer/main.ts',
  'Peer/State/ShareFolder.ts',
  'Peer/State/',
  'Peer/Local/LocalClient.ts',
  'Peer/Local/LocalServer.ts',
  'Peer/Local/RuntimeFolder.ts',
  'Shared/Time/Clock.ts',
  'Shared/Program/ConfigPath.ts',
  'Shared/Network/DatagramSockets.ts',
  'Shared/Program/Descriptors.ts',
  'Shared/Paths/HomePath.ts',
  'Shared/Paths/MakeFolder.ts',
  'Shared/Network/NameLookup.ts',
  'Shared/Network/NetworkInterfaces.ts',
  'Shared/Program/HeapGrowth.ts',
  'Shared/Program/NativeCalls.ts',
  'Shared/Program/Program.ts',
  'Tracker/Cluster/NatsBus.ts',
  'Shared/Program/StartedAs.ts',
  'Shared/Program/SystemProbes.ts',
  'Tracker/Metrics/MetricsServer.ts',
  'Tracker/Prompts.ts',
  'Tracker/main.ts',
  // Commands: the terminal.
  'Peer/Commands/Console/History.ts',
  'Peer/Commands/Console/TerminalConsole.ts',
  // Files: the disk, the watcher, the hash workers, the hash cache.
  'Peer/Files/FileComponents.ts',
  // Secret factors of its keys, which no result depends on.
  'Peer/Files/Catalog/InstalledFiles.ts',
  'Peer/Files/Catalog/PathHash.ts',
  'Peer/Files/Watching/FolderScan.ts',
  'Peer/Files/Watching/FolderWalk.ts',
  'Peer/Files/Watching/ThreadWalk.ts',
  'Peer/Files/Watching/WalkWorker.ts',
  'Peer/Files/Watching/FolderWatcher.ts',
  'Peer/Files/Watching/KernelFolders.ts',
  'Peer/Files/Hashing/HashFile.ts',
  'Peer/Files/Hashing/HashPool.ts',
  'Peer/Files/Hashing/HashWorker.ts',
  'Peer/Files/Hashing/Hasher.ts',
  'Peer/Files/Hashing/HashCacheFile.ts',
  'Peer/Files/Hashing/OpenHashCache.ts',
  'Peer/Files/Hashing/Niceness.ts',
  'Peer/Files/Hashing/RecordFile.ts',
  'Peer/Files/Hashing/OldHashCache.ts',
  'Peer/Files/Watching/ManifestFiles.ts',
  'Peer/Files/Disk/Attributes.ts',
  'Peer/Files/Disk/FileCalls.ts',
  'Peer/Files/Disk/LinuxFileCalls.ts',
  'Peer/Files/Disk/CloseQuietly.ts',
  'Peer/Files/Disk/NodeDisk.ts',
  'Peer/Files/Disk/WholeFile.ts',
  'Peer/Files/Disk/WriteQueue.ts',
  'Peer/Files/Disk/OpenShared.ts',
  'Peer/Files/Catalog/Share.ts',
  'Peer/Files/Serving/DeliveredFiles.ts',
  'Peer/Files/Serving/SharedFiles.ts',
  'Peer/Files/Disk/ShareFolders.ts',
  'Peer/Files/Batches/BatchInstallers.ts',
  'Peer/Files/Batches/SmallWorker.ts',
  'Peer/Files/Batches/SmallWriter.ts',
  'Peer/Files/Watching/PathWatches.ts',
  'Peer/Files/Watching/RootState.ts',
  // Network: interfaces and sockets.
  'Peer/Network/Discovery/DnsSd.ts',
  'Peer/Network/Links/Accepting/StreamSockets.ts',
  // The thread that sends files.
  'Peer/Network/Sendfile/Pump.ts',
  'Peer/Network/Sendfile/PumpWorker.ts',
  'Peer/Network/PortMapping/MapPort.ts',
  'Peer/Network/PortMapping/MapPortWorker.ts',
  'Peer/Network/PortMapping/Router.ts',
  'Peer/Network/Links/Accepting/TlsSockets.ts',
  // Web: the HTTP server with its sockets, and the files of the page.
  'Peer/Web/Files/ClientSocket.ts',
  'Peer/Web/Metalink/HttpGet.ts',
  'Peer/Web/Page.ts',
  'Peer/Web/SecureSockets.ts',
  'Peer/Web/WebServer.ts',
];

/** What a file imports from Shared/ when it acts in time: `Random` and the moment as a number are values. */
const ACTING = new Set(['Clock', 'systemClock', 'sleep', 'every', 'Closing']);

/** Decisions: values in, values out, to be tested with a table and no `await`. */
const DECISIONS = [
  'Cli/Commands/CompletionScript.ts',
  'Cli/Running/ExitCodes.ts',
  'Shared/Program/ConfigLines.ts',
  'Peer/Local/LocalMessages.ts',
  'Peer/Commands/Doctor/Diagnosis.ts',
  'Peer/Commands/Line/CommandParser.ts',
  'Peer/Commands/Line/EditDistance.ts',
  'Peer/Commands/Line/FindCommand.ts',
  'Peer/Commands/Line/RateText.ts',
  'Peer/Commands/Line/Usage.ts',
  'Peer/Commands/Running/ReadCall.ts',
  'Peer/Commands/Views/FileViews.ts',
  'Peer/Commands/Views/HumanUnits.ts',
  'Peer/Commands/Views/Items.ts',
  'Peer/Commands/Views/StatusViews.ts',
  'Peer/Commands/Views/TextFit.ts',
  'Peer/Commands/Views/TextTable.ts',
  'Peer/Commands/Views/DownloadViews.ts',
  'Peer/Downloads/Picking/UnitScheduler.ts',
  'Peer/Downloads/Picking/UnitSet.ts',
  'Peer/Downloads/Folder/FolderPlan.ts',
  'Peer/Downloads/Sources/LocateTimes.ts',
  'Peer/Downloads/NameMatch.ts',
  'Peer/Downloads/Picking/RarityOrder.ts',
  'Peer/Downloads/Picking/Runs.ts',
  'Peer/Downloads/Sources/SourceScore.ts',
  'Peer/Downloads/Picking/Takeover.ts',
  'Peer/Files/Catalog/Catalog.ts',
  'Peer/Files/Catalog/CatalogMatch.ts',
  'Peer/Files/Watching/IgnoreRules.ts',
  'Peer/Files/Parts/JournalRecords.ts',
  'Peer/Files/Watching/Manifest.ts',
  'Peer/Files/Parts/ResumeJournal.ts',
  'Peer/Files/Disk/SafePath.ts',
  'Peer/Web/Access/Guard.ts',
  'Peer/Web/Api/Envelope.ts',
  'Peer/Web/Api/OpenApi.ts',
  'Peer/Web/Api/Routes.ts',
  'Peer/Web/Files/FileAnswer.ts',
  'Peer/Web/Files/Listing.ts',
  'Peer/Web/Metalink/Metalink.ts',
  'Peer/Network/Links/Accepting/Bans.ts',
  'Peer/Network/Lanes/Sending/LaneTokens.ts',
  'Peer/Network/Trackers/MergeAnswers.ts',
  'Peer/Network/Links/Link/PeerSession.ts',
  'Peer/Network/Trackers/Session/PublishPlan.ts',
  'Peer/Network/Trackers/Session/QueryAnswers.ts',
  'Peer/Network/Trackers/Session/Refusals.ts',
  'Peer/Network/Trackers/Session/RelayedPages.ts',
  'Peer/Network/Lanes/Limits/ByteBudget.ts',
  'Peer/Network/Trackers/Session/TrackerSession.ts',
  'Peer/Network/Trackers/Session/Transactions.ts',
  'Peer/Network/Lanes/Desk/UploadSlots.ts',
  'Peer/Network/Sendfile/PumpLoop.ts',
  'Peer/Network/Lanes/Sending/SuperSeeding.ts',
  'Peer/Pushes/AcceptedPushes.ts',
  'Peer/Pushes/Consent.ts',
  'Peer/Pushes/PendingOffers.ts',
  'Tracker/Catalog/CatalogAssembly.ts',
  'Tracker/Catalog/CatalogIndex.ts',
  'Tracker/Catalog/CatalogSearch.ts',
  'Tracker/Peers/ConnectionCookie.ts',
  'Tracker/Lookups.ts',
  'Tracker/Peers/PeerRegistry.ts',
  'Tracker/Peers/PortAssignment.ts',
  'Tracker/Peers/RateLimits.ts',
  'Tracker/Questions/Relay.ts',
  'Tracker/TrackerLogic.ts',
];

function isRim(path: string): boolean {
  return RIM.some((entry) => path === entry || (entry.endsWith('/') && path.startsWith(entry)));
}

/** The folder whose rooms a file is one of: `Tracker`, `Peer/Network` …; folders below it only sort the rooms. */
function folderOf(path: string): string {
  const folders = path.split('/').slice(0, -1);
  const folder = folders.slice(0, folders[0] === 'Peer' ? 2 : 1).join('/');
  return folder === USE_CASES ? 'Peer' : folder;
}

/** Every import of our own files, as `from -> to`, that the rule forbids. */
function forbidden(rule: (from: string, to: string) => boolean): string[] {
  return sources.flatMap(({ path, imports }) =>
    imports.filter(({ isOurs, to }) => isOurs && !rule(path, to)).map(({ to }) => `${path} -> ${to}`),
  );
}

/** Every circle in a graph of imports, as `a -> b -> a`. */
function circles(graph: readonly (readonly [from: string, to: readonly string[]])[]): string[] {
  const targets = new Map(graph);
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (node: string, trail: readonly string[]) => {
    if (trail.includes(node)) found.push([...trail.slice(trail.indexOf(node)), node].join(' -> '));
    if (done.has(node) || trail.includes(node)) return;
    for (const next of targets.get(node) ?? []) walk(next, [...trail, node]);
    done.add(node);
  };
  for (const [node] of graph) walk(node, []);
  return found;
}

/** The types that all doors speak. */
function isNoun(path: string): boolean {
  return [
    'Peer/ContentModel.ts',
    'Peer/DownloadModel.ts',
    'Peer/PushModel.ts',
    'Peer/Model.ts',
    'Peer/LinkModel.ts',
    'Peer/NetworkModel.ts',
    'Peer/ShareModel.ts',
    'Peer/Transfer.ts',
    'Peer/Storage.ts',
  ].includes(path);
}

/** Whether a file of the peer may import another one, by the floors of the house. */
function mayImportInPeer(from: string, to: string): boolean {
  if (isNoun(to) || APART.includes(folderOf(from))) return folderOf(to) === folderOf(from) || isNoun(to);
  if (MAIN.includes(from)) return true;
  if (isNoun(from) || MAIN.includes(to) || APART.includes(folderOf(to))) return false;
  const rooms = DOORS[from];
  if (rooms !== undefined) return folderOf(to) === rooms;
  if (folderOf(from) === 'Peer') return folderOf(to) === 'Peer'; // Peer.ts and what it is split into: the doors.
  return folderOf(to) === folderOf(from);
}

test('the sources are read', () => {
  expect(paths).toContain('Protocol/Codec.ts');
  const codec = sources.find(({ path }) => path === 'Protocol/FileId.ts');
  expect(codec?.imports.map(({ to }) => to)).toEqual([
    'Protocol/Blake3.ts',
    'Protocol/ChunkLayout.ts',
    'Protocol/Codec.ts',
    'Protocol/Ids.ts',
    'Protocol/Limits.ts',
  ]);
  expect(forbidden((_, to) => paths.has(to))).toEqual([]); // Every import leads to a file of these folders.
});

describe('import rules', () => {
  test('Shared knows nothing of ours', () => {
    expect(forbidden((from, to) => folderOf(from) !== 'Shared' || folderOf(to) === 'Shared')).toEqual([]);
  });

  test('Protocol knows Shared', () => {
    const allowed = ['Protocol', 'Shared'];
    expect(forbidden((from, to) => folderOf(from) !== 'Protocol' || allowed.includes(folderOf(to)))).toEqual(
      [],
    );
  });

  test('the tracker knows the ground and itself', () => {
    const allowed = ['Tracker', 'Protocol', 'Shared'];
    expect(forbidden((from, to) => folderOf(from) !== 'Tracker' || allowed.includes(folderOf(to)))).toEqual(
      [],
    );
  });

  test('the peer reaches the tracker in one line of Assembly.ts, and rooms are only seen by their door', () => {
    const rule = (from: string, to: string) => {
      if (!from.startsWith('Peer/') || to.startsWith('Protocol/') || to.startsWith('Shared/')) return true;
      if (to.startsWith('Peer/')) return mayImportInPeer(from, to);
      return from === EMBEDDED_TRACKER[0] && to === EMBEDDED_TRACKER[1];
    };
    expect(forbidden(rule)).toEqual([]);
  });

  test('shoal knows what stands at the top of the peer, its door to commands, its state and local socket', () => {
    const rule = (from: string, to: string) =>
      !from.startsWith('Cli/') ||
      /^(Cli|Shared|Protocol)\//.test(to) ||
      MAIN.includes(to) ||
      APART.includes(folderOf(to)) ||
      ['Peer/CommandInterface.ts', 'Peer/Peer.ts'].includes(to);
    expect(forbidden(rule)).toEqual([]);
    expect(forbidden((from, to) => !to.startsWith('Cli/') || from.startsWith('Cli/'))).toEqual([]);
  });

  test('nobody imports a program', () => {
    expect(forbidden((_, to) => !/(^Demo\/|\/main\.ts$)/.test(to) || to.startsWith('Demo/'))).toEqual([]);
    expect(forbidden((from, to) => !to.startsWith('Demo/') || from.startsWith('Demo/'))).toEqual([]);
  });

  test('the simulator stands on the doors it simulates, and nobody on it', () => {
    const allowed =
      /^(Simulator|Shared|Protocol)\/|^Tracker\/(TrackerLogic|Cluster\/(Bus|Members|MemoryBus))\.ts$|^Peer\/(DownloadManager|DownloadModel|Model|Transfer|Storage|Network\/Links\/PeerLinks|(Downloads|Network)\/Ports)\.ts$/;
    const strange = readSources('Simulator').flatMap(({ path, imports }) =>
      imports.filter(({ isOurs, to }) => isOurs && !allowed.test(to)).map(({ to }) => `${path} -> ${to}`),
    );
    expect(strange).toEqual([]);
    expect(forbidden((_, to) => !to.startsWith('Simulator/'))).toEqual([]);
  });

  test('Model.ts and Ports.ts hold types only', () => {
    const words = sources.filter(({ path }) => isNoun(path) || path.endsWith('/Ports.ts'));
    const withValues = words.filter(
      ({ code, imports }) =>
        /^(export )?(const|let|function|async function|class|abstract class)\b/m.test(code) ||
        imports.some(({ typeOnly }) => !typeOnly),
    );
    expect(withValues.map(({ path }) => path)).toEqual([]);
  });

  test('no file imports itself in a circle, nor does one of the simulator, benches, trials, packages or test support', () => {
    const all = [...sources, ...readSources('Simulator', 'bench', 'harden', 'packaging', 'test')];
    expect(circles(all.map(({ path, imports }) => [path, imports.map(({ to }) => to)]))).toEqual([]);
  });

  test.each(['Peer/Files', 'Peer/Downloads', 'Peer/Network/Links', 'Peer/Network/Lanes', 'Tracker'])(
    '%s: no circle between its folders',
    (room) => {
      const inside = sources.filter(({ path }) => path.startsWith(`${room}/`));
      const arrows = new Map<string, Set<string>>();
      for (const { path, imports } of inside) {
        const to = imports.filter((each) => each.to.startsWith(`${room}/`)).map((each) => dirname(each.to));
        const from = dirname(path);
        arrows.set(from, new Set([...(arrows.get(from) ?? []), ...to.filter((folder) => folder !== from)]));
      }
      expect(arrows.size).toBeGreaterThan(2);
      expect(circles([...arrows].map(([from, to]) => [from, [...to]]))).toEqual([]);
    },
  );

  test('the page shares only the types of the items of the API with the programs, which import nothing of it', () => {
    const page = readSources('Web');
    expect(page.length).toBeGreaterThan(40);
    const strange = [
      ...page,
      ...sources,
      ...readSources('Simulator', 'bench', 'harden', 'packaging'),
    ].flatMap(({ path, imports }) =>
      imports
        .filter(({ isOurs, to }) => isOurs && to.startsWith('Web/') !== path.startsWith('Web/'))
        .filter(({ typeOnly }) => !(typeOnly && path === 'Web/Api/Items.ts'))
        .map(({ to }) => `${path} -> ${to}`),
    );
    expect(strange).toEqual([]);
    expect(circles(page.map(({ path, imports }) => [path, imports.map(({ to }) => to)]))).toEqual([]);
  });

  test('nothing but tests imports from test/', () => {
    const product = [...sources, ...readSources('Simulator', 'bench', 'harden', 'packaging', 'Web')];
    const strange = product.flatMap(({ path, imports }) =>
      imports.filter(({ to }) => to.startsWith('test/')).map(({ to }) => `${path} -> ${to}`),
    );
    expect(strange).toEqual([]);
  });
});

describe('one idea: decisions are functions of values', () => {
  /** Modules without input and output. */
  const HARMLESS = new Set([
    'node:buffer',
    'node:events',
    'node:path',
    'node:stream',
    'node:util',
    '@hono/node-server/utils/response',
    '@napi-rs/blake-hash',
    '@valibot/to-json-schema',
    'cli-table3',
    'commander',
    'content-disposition',
    'fast-string-width',
    'hash-wasm',
    'hono',
    'hono/html',
    'mime',
    'picocolors',
    'prom-client',
    'range-parser',
    'tar-stream',
    'uqr',
    'valibot',
    'yazl',
  ]);
  /** Of these, only what computes. */
  const HARMLESS_NAMES: Readonly<Record<string, RegExp>> = {
    'node:crypto':
      /^(createHash|createHmac|timingSafeEqual|hash|sign|verify|createPublicKey|createPrivateKey|hkdfSync|createCipheriv|createDecipheriv|type |KeyObject)/,
    'node:module': /^createRequire$/,
    'node:net': /^(isIP|BlockList$)/,
    'node:zlib': /^crc32$/,
  };
  const OUTSIDE =
    /\bDate\.now\b|\bnew Date\(\)|\bperformance\s*\.|\bMath\.random\b|\bset(Timeout|Interval|Immediate)\b|\bAbortSignal\.timeout\b|\bprocess\s*[.[]|\bconsole\.|\bawait fetch\(/;

  function touches({ code, imports }: Source): string[] {
    const modules = imports
      .filter(({ isOurs, typeOnly, to, names }) => {
        const pure = HARMLESS_NAMES[to];
        if (isOurs || typeOnly || HARMLESS.has(to)) return false;
        return pure === undefined || names.length === 0 || !names.every((name) => pure.test(name));
      })
      .map(({ to }) => to);
    return [...modules, ...(OUTSIDE.exec(code) ?? []).slice(0, 1)];
  }

  test('only the rim touches sockets, disk, clocks, chance and the process', () => {
    const inside = sources.filter(({ path }) => !isRim(path));
    const touching = inside.flatMap((source) => touches(source).map((what) => `${source.path}: ${what}`));
    expect(touching).toEqual([]);
  });

  test('every file on the list of the rim exists and touches something', () => {
    const files = sources.filter(({ path }) => RIM.includes(path));
    expect(files.filter((source) => touches(source).length === 0).map(({ path }) => path)).toEqual([]);
    expect(RIM.filter((entry) => entry.endsWith('.ts') && !paths.has(entry))).toEqual([]);
  });

  test('a decision waits for nothing and holds no socket or clock, nor does anything it is made of', () => {
    expect(DECISIONS.filter((path) => !paths.has(path))).toEqual([]);
    const partsOf = (path: string, seen: Set<Source>): Set<Source> => {
      const source = sources.find((other) => other.path === path);
      if (source === undefined || seen.has(source) || /^(Protocol|Shared)\//.test(path)) return seen;
      seen.add(source);
      for (const { isOurs, typeOnly, to } of source.imports) if (isOurs && !typeOnly) partsOf(to, seen);
      return seen;
    };
    const acts = ({ code, imports }: Source) =>
      /\b(await|async|Promise)\b/.test(code) ||
      imports.some(
        ({ to, names }) => to === 'Shared/Network/Transport.ts' || names.some((name) => ACTING.has(name)),
      );
    const stained = DECISIONS.flatMap((path) =>
      [...partsOf(path, new Set())].filter(acts).map((part) => `${path} is made of ${part.path}, which acts`),
    );
    expect(stained).toEqual([]);
  });
});

describe('the house is kept tidy', () => {
  test('files at fixed places exist', () => {
    const fixed = [
      'package.json',
      'Peer.js',
      'Tracker.js',
      'Tracker/main.ts',
      'Peer/main.ts',
      'Peer/CommandInterface.ts',
      'Peer/DownloadManager.ts',
      'Peer/FileManager.ts',
      'Peer/NetworkManager.ts',
      'test',
    ];
    expect(fixed.filter((path) => !existsSync(new URL(`../${path}`, import.meta.url)))).toEqual([]);
  });

  test('a thread has a file …Worker.ts of the peer beside the one that starts it: the build makes a program of each', () => {
    const started = sources.flatMap(({ path, text }) =>
      [...text.matchAll(/new URL\('(\.[^']*)\.js', import\.meta\.url\)/g)].map(([, name]) => ({
        path,
        name,
      })),
    );
    expect(started.length).toBeGreaterThan(0);
    for (const { path, name } of started) {
      expect(name, path).toMatch(/^\.\/\w+Worker$/);
      expect(paths.has(`${dirname(path)}/${name?.slice(2)}.ts`), path).toBe(true);
    }
    // All are in one folder after the build.
    expect(new Set(started.map(({ name }) => name)).size).toBe(started.length);
  });

  test('no file is longer than 350 lines, and the median is short', () => {
    const lengths = sources.map(({ lineCount }) => lineCount).sort((a, b) => a - b);
    expect(sources.filter(({ lineCount }) => lineCount > 350).map(({ path }) => path)).toEqual([]);
    expect(lengths[lengths.length >> 1]).toBeLessThanOrEqual(120);
  });

  test('no folder is made with `recursive`, which never returns where the system forbids new folders', () => {
    const spinning = sources.filter(({ code }) => /\bmkdir(Sync)?\([^;]*recursive/.test(code));
    expect(spinning.map(({ path }) => path)).toEqual([]);
  });

  test('tests wait with the limit of vitest.config.ts, not with the second that vi.waitFor has by default', () => {
    const hurried = readSources('test').filter(({ code }) =>
      /\bvi\.wait(For|Until)\((?![^;]*timeout)/.test(code),
    );
    expect(hurried.map(({ path }) => path)).toEqual([]);
  });

  test('nothing is silenced or left for later', () => {
    const silenced = /@ts-(ignore|expect-error|nocheck)|biome-ignore|\bTODO\b|\bFIXME\b/;
    const all = [...sources, ...readSources('test', 'bench')].filter(
      ({ path }) => path !== 'test/Architecture.test.ts',
    );
    expect(all.filter(({ text }) => silenced.test(text)).map(({ path }) => path)).toEqual([]);
  });
});
