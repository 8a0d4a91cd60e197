import { isWithin } from '../../../Shared/Paths/PathWithin.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { CatalogEntry } from '../../Model.ts';
import type { CommandContext, ConsoleCommand } from '../Command.ts';
import type { CommandResult } from '../CommandResult.ts';
import { nothing, PEER_FORMS, places } from '../Line/Arguments.ts';
import {
  folderName,
  isHostAndPort,
  joinHostPort,
  looksLikeAddress,
  looksLikeFolder,
} from '../Line/PeerNotation.ts';
import { notHostAndPort } from '../Line/Usage.ts';
import { isUnfinished } from '../Views/DownloadTexts.ts';
import { localFilesText, remoteFilesText } from '../Views/FileViews.ts';
import { downloadItem, fileItem } from '../Views/Items.ts';

/** Names of one listing that Tab completion keeps. */
const REMEMBERED_MAX = 1_000;

export const list: ConsoleCommand = {
  aliases: ['ls', 'files'],
  group: 'Files',
  usage: ['[folder]', '<peer> [folder]', '<ip> <port> [folder]'],
  summary: 'files shared here and unfinished downloads; with a peer: the files it shares',
  details: [
    'A single argument is a folder of the share if there is one of that name, else a peer.',
    './name and name/ are always a folder; ip:port and "ip port" are always a peer.',
    PEER_FORMS,
  ],
  examples: ['list', 'ls photos/', 'ls studio', 'ls 192.168.1.20 9001 photos'],
  completes: [places, nothing],
  oneShot: 'own form',
  async run(call, context) {
    const [first, second, third] = call.args;
    if (first === undefined) return listLocal('', context);
    if (isHostAndPort(first, second)) return listPeer(joinHostPort(first, second), third ?? '', context);
    if (third !== undefined) throw notHostAndPort(call, first, second ?? '');
    if (second !== undefined || looksLikeAddress(first)) return listPeer(first, second ?? '', context);
    return listFolderOrPeer(first, context);
  },
};

async function listFolderOrPeer(text: string, context: CommandContext): Promise<CommandResult> {
  await context.scanned();
  const folder = folderName(text);
  if (folder === '' || localEntries(folder, context).length > 0) return listLocal(folder, context);
  if (looksLikeFolder(text)) {
    throw new ShoalError('NOT_FOUND', `the share has no folder "${safeText(folder)}"`, {
      hint: (command) => `List all files: ${command('list')}`,
    });
  }
  try {
    return await listPeer(text, '', context);
  } catch (failure) {
    if (!(failure instanceof ShoalError) || failure.code !== 'NOT_FOUND') throw failure;
    throw new ShoalError('NOT_FOUND', `no folder or peer is named "${safeText(text)}"`, {
      hint: (command) =>
        `List the files of this peer: ${command('list')}. List the peers: ${command('peers')}`,
      cause: failure,
    });
  }
}

async function listLocal(folder: string, context: CommandContext): Promise<CommandResult> {
  await context.scanned();
  const { controls, itemsMax = Number.POSITIVE_INFINITY } = context;
  const entries = localEntries(folder, context);
  const unfinished = controls.downloads
    .list()
    .filter(({ path, state }) => isWithin(path, folder) && isUnfinished(state));
  const share = controls.share();
  rememberPaths(entries, context);
  return {
    data: entries.length > itemsMax ? { total: entries.length + unfinished.length } : {},
    // Of a million files a page shows a few, and a text needs none.
    get items() {
      return [...entries.slice(0, itemsMax).map(fileItem), ...unfinished.map(downloadItem)];
    },
    text: (style) => localFilesText(folder, entries, unfinished, share, style),
  };
}

/** The files below a folder, or the one file of that path. */
function localEntries(folder: string, { controls }: CommandContext): readonly CatalogEntry[] {
  if (folder === '') return controls.localFiles();
  const below = controls.localFiles(folder);
  return below.length > 0 ? below : controls.localFiles().filter((entry) => entry.path === folder);
}

async function listPeer(text: string, typedFolder: string, context: CommandContext): Promise<CommandResult> {
  await context.networkReady();
  const { controls, signal, itemsMax = Number.POSITIVE_INFINITY } = context;
  const folder = folderName(typedFolder);
  const peer = await controls.findPeer(text, signal).catch((failure: unknown) => {
    if (failure instanceof ShoalError && failure.code === 'LOCAL_CONFLICT') return undefined;
    throw failure;
  });
  if (peer === undefined) return listLocal(folder, context); // This peer itself.
  const entries: CatalogEntry[] = [];
  for await (const page of controls.listPeer(peer, folder, signal)) {
    entries.push(...page);
    // One more than are shown: there is a rest.
    if (entries.length > itemsMax) break;
  }
  const truncated = entries.length > itemsMax;
  const name = peer.name === '' ? text : peer.name;
  if (folder !== '' && entries.length === 0) {
    throw new ShoalError('NOT_FOUND', `${safeText(name)} shares no folder "${safeText(folder)}"`, {
      hint: (command) => `List all its files: ${command(`ls ${safeText(name)}`)}`,
    });
  }
  rememberPaths(entries, context);
  return {
    data: truncated ? { truncated } : {},
    get items() {
      return entries.map(fileItem);
    },
    text: (style) => remoteFilesText(name, folder, entries, style),
  };
}

function rememberPaths(entries: readonly CatalogEntry[], context: CommandContext): void {
  context.remember(entries.slice(0, REMEMBERED_MAX).map((entry) => entry.path));
}
