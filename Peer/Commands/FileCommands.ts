import { safeText } from '../../Shared/SafeText.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import type { CatalogEntry } from '../Model.ts';
import { type CommandCall, usageError } from './CommandCall.ts';
import type { CommandContext, CommandHandler, CommandResult } from './CommandResult.ts';
import {
  folderName,
  isHostAndPort,
  joinHostPort,
  looksLikeAddress,
  looksLikeFolder,
} from './PeerNotation.ts';
import { isActive } from './Views/DownloadTexts.ts';
import { localFilesText, remoteFilesText, searchText } from './Views/FileViews.ts';
import { downloadItem, fileItem, searchItem } from './Views/Items.ts';

/** `list`, `list <folder>`, `ls <peer> [folder]` */
export const list: CommandHandler = async (call, context) => {
  const [first, second, third] = call.args;
  if (first === undefined) return listLocal('', context);
  if (isHostAndPort(first, second)) return listPeer(joinHostPort(first, second), third ?? '', context);
  if (third !== undefined)
    throw usageError(call.spec, `"${safeText(first)} ${safeText(second ?? '')}" is not a host and a port`);
  if (second !== undefined || looksLikeAddress(first)) return listPeer(first, second ?? '', context);
  return listFolderOrPeer(first, context);
};

/** A folder of the share if there is one, else a peer. */
async function listFolderOrPeer(text: string, context: CommandContext): Promise<CommandResult> {
  await context.scanned();
  const folder = folderName(text);
  if (folder === '' || localEntries(folder, context).length > 0) return listLocal(folder, context);
  if (looksLikeFolder(text)) {
    throw new ShoalError('NOT_FOUND', `there is no folder "${safeText(folder)}" in the share`, {
      hint: 'See all files: list',
    });
  }
  try {
    return await listPeer(text, '', context);
  } catch (failure) {
    if (!(failure instanceof ShoalError) || failure.code !== 'NOT_FOUND') throw failure;
    throw new ShoalError('NOT_FOUND', `there is neither a folder nor a peer called "${safeText(text)}"`, {
      hint: 'See the files here: list. See the peers: peers',
      cause: failure,
    });
  }
}

async function listLocal(folder: string, context: CommandContext): Promise<CommandResult> {
  await context.scanned();
  const { controls } = context;
  const entries = localEntries(folder, context);
  const inside = (path: string) => folder === '' || path === folder || path.startsWith(`${folder}/`);
  const downloads = controls.downloads().filter((download) => inside(download.path));
  const share = controls.share();
  context.remember(entries.slice(0, 1_000).map((entry) => entry.path));
  const onTheirWay = downloads.filter((download) => isActive(download.state) || download.state === 'paused');
  return {
    items: [...entries.map(fileItem), ...onTheirWay.map(downloadItem)],
    text: (style) => localFilesText(folder, entries, downloads, share, style),
  };
}

/** What lies below a folder, or the file of that name. */
function localEntries(folder: string, context: CommandContext): readonly CatalogEntry[] {
  if (folder === '') return context.controls.localFiles();
  const below = context.controls.localFiles(folder);
  if (below.length > 0) return below;
  return context.controls.localFiles().filter((entry) => entry.path === folder);
}

async function listPeer(text: string, folder: string, context: CommandContext): Promise<CommandResult> {
  await context.networkReady();
  const { controls, signal } = context;
  const peer = await controls.findPeer(text, signal);
  const entries: CatalogEntry[] = [];
  for await (const page of controls.listPeer(peer, folderName(folder), signal)) entries.push(...page);
  context.remember(entries.slice(0, 1_000).map((entry) => entry.path));
  const name = peer.name === '' ? text : peer.name;
  return {
    items: entries.map(fileItem),
    text: (style) => remoteFilesText(name, folderName(folder), entries, style),
  };
}

/** `search <words>` */
export const search: CommandHandler = async (call: CommandCall, context) => {
  const words = call.args.join(' ');
  const result = await context.controls.search(words, context.signal);
  const { peers = 0 } = result;
  if (result.trackers === 0 && peers === 0) {
    throw new ShoalError('NO_TRACKER', 'no tracker answers, so nobody was asked', {
      hint: 'Start one: node Tracker.js. Or link to a peer by hand, and see what it shares: connect <host:port>, ls <peer>',
    });
  }
  context.remember(result.hits.map((hit) => hit.path));
  return {
    items: result.hits.map(searchItem),
    data: { truncated: result.truncated, trackers: result.trackers, peers },
    text: (style) => searchText(words, result, style),
  };
};
