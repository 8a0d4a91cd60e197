import { safeText } from '../../../Shared/SafeText.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { DownloadStatus } from '../../Model.ts';
import type { CommandCall, CommandContext, ConsoleCommand } from '../Command.ts';
import type { CommandResult } from '../CommandResult.ts';
import { foundFiles, WAIT_FLAGS } from '../Line/Arguments.ts';
import type { DownloadAnswer } from '../Ports.ts';
import { doneText, isActive, notDoneText, startedText } from '../Views/DownloadTexts.ts';
import { choiceText } from '../Views/FileViews.ts';
import { baseName, downloadItem, searchItem } from '../Views/Items.ts';

export const download: ConsoleCommand = {
  aliases: ['dl'],
  group: 'Downloads',
  usage: ['<file|id|folder/> [--wait]'],
  summary: 'download a file from all peers that share it',
  details: [
    'A file is its name, its path, or the first 8 or more digits of its id (see: search).',
    'A name that ends with / downloads the whole folder.',
    'The download runs in the background; with --wait, and in a pipe, the command ends when the download ends.',
  ],
  examples: ['download film.mkv', 'dl "my film.mkv" --wait', 'download 7c2f90ab', 'download photos/'],
  flags: WAIT_FLAGS,
  completes: [foundFiles],
  needsNetwork: true,
  oneShot: 'own form',
  async run(call, context) {
    const [what = ''] = call.args;
    return started(what, await context.controls.download(what, context.signal), call, context);
  },
};

/** Result of a request to download: the download, or a choice between different files of that name. */
export async function started(
  what: string,
  answer: DownloadAnswer,
  call: CommandCall,
  context: CommandContext,
): Promise<CommandResult> {
  if (answer.kind === 'started') return waitOrWatch(answer.download, call, context);
  const { hits } = answer;
  context.remember(hits.map((hit) => hit.fileId));
  return {
    items: hits.map(searchItem),
    text: (style) => choiceText(what, hits, style),
    failure: new ShoalError('AMBIGUOUS', `several different files are named "${safeText(what)}"`, {
      hint: 'Choose one by its id: download <id>',
    }),
  };
}

/** Whether a command ends only when its transfer ends: by flag, else in a pipe only. */
export function waitsForEnd({ flags }: CommandCall, { interactive }: CommandContext): boolean {
  return flags.has('--wait') || !(interactive || flags.has('--no-wait'));
}

/** Waits for the end of a download, or makes the console print a line when it ends. */
export async function waitOrWatch(
  download: DownloadStatus,
  call: CommandCall,
  context: CommandContext,
): Promise<CommandResult> {
  const { number, path, state } = download;
  const { controls, signal } = context;
  if (!isActive(state) || waitsForEnd(call, context)) context.unwatch(number);
  if (!isActive(state)) return endResult(download);
  if (!waitsForEnd(call, context)) {
    context.watch(number);
    return endResult(download, startedText(download));
  }
  try {
    return endResult(await controls.finished(number, signal));
  } catch (failure) {
    if (!signal.aborted) throw failure;
    context.watch(number); // Ctrl-C ends the wait, not the download.
    throw new ShoalError('CANCELLED', `stopped waiting for ${safeText(baseName(path))}`, {
      hint: `The download continues in the background. To end it: cancel ${number}`,
      cause: failure,
    });
  }
}

/** @throws ShoalError the reason why the download did not complete */
function endResult(end: DownloadStatus, text = doneText(end)): CommandResult {
  const { state, error, number } = end;
  if (state === 'failed' || state === 'paused' || state === 'cancelled') {
    const next = state === 'cancelled' ? 'Start it again: download <file>' : `Continue: resume ${number}`;
    throw new ShoalError(error?.code ?? 'CANCELLED', notDoneText(end), {
      hint: error?.hint ?? next,
      cause: error,
    });
  }
  return { items: [downloadItem(end)], text: () => text };
}
