import { safeText } from '../../Shared/SafeText.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import type { DownloadStatus } from '../Model.ts';
import { type CommandCall, usageError } from './CommandCall.ts';
import type { CommandContext, CommandHandler, CommandResult } from './CommandResult.ts';
import { isHostAndPort, joinHostPort } from './PeerNotation.ts';
import type { DownloadAnswer } from './Ports.ts';
import { doneText, isActive, notDoneText, startedText } from './Views/DownloadTexts.ts';
import { downloadsText, downloadText } from './Views/DownloadViews.ts';
import { choiceText } from './Views/FileViews.ts';
import { baseName, downloadItem, searchItem } from './Views/Items.ts';

/** `download <file|id|folder/>` */
export const download: CommandHandler = async (call, context) => {
  const [what = ''] = call.args;
  return follow(what, await context.controls.download(what, context.signal), call, context);
};

/** `get <peer> <file>`, `get <ip> <port> <file>` */
export const get: CommandHandler = async (call, context) => {
  const [first = '', second = '', third] = call.args;
  if (third !== undefined && !isHostAndPort(first, second)) {
    throw usageError(call.spec, `"${safeText(first)} ${safeText(second)}" is not a host and a port`);
  }
  const peerText = third === undefined ? first : joinHostPort(first, second);
  const what = third ?? second;
  return follow(what, await context.controls.downloadAt(peerText, what, context.signal), call, context);
};

async function follow(
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

/** Waits for the end where that is wanted, else lets the console tell it when it comes. */
async function waitOrWatch(
  started: DownloadStatus,
  call: CommandCall,
  context: CommandContext,
): Promise<CommandResult> {
  const wait = call.flags.has('--wait') || !(context.interactive || call.flags.has('--no-wait'));
  if (!wait || !isActive(started.state)) {
    if (isActive(started.state)) context.watch(started.number);
    else context.unwatch(started.number);
    return endResult(started, isActive(started.state) ? startedText(started) : undefined);
  }
  const { controls, signal } = context;
  context.unwatch(started.number);
  try {
    return endResult(await controls.finished(started.number, signal));
  } catch (failure) {
    if (!signal.aborted) throw failure;
    // Ctrl-C ends the waiting, not the download.
    context.watch(started.number);
    throw new ShoalError('CANCELLED', `stopped waiting for ${safeText(baseName(started.path))}`, {
      hint: `It goes on in the background; end it: cancel ${started.number}`,
      cause: failure,
    });
  }
}

/** @throws ShoalError why it did not succeed */
function endResult(end: DownloadStatus, text = doneText(end)): CommandResult {
  const { state, error } = end;
  if (state === 'failed' || state === 'paused' || state === 'cancelled') {
    throw new ShoalError(error?.code ?? 'CANCELLED', notDoneText(end), {
      hint:
        error?.hint ?? (state === 'cancelled' ? 'Start it again: download' : `Go on: resume ${end.number}`),
      cause: error,
    });
  }
  return { items: [downloadItem(end)], text: () => text };
}

/** `downloads`, `downloads <number|name>` */
export const downloads: CommandHandler = async (call, context) => {
  const [which] = call.args;
  if (which === undefined) {
    const all = context.controls.downloads();
    return { items: all.map(downloadItem), text: (style) => downloadsText(all, style) };
  }
  const one = context.controls.findDownload(which);
  return { items: [downloadItem(one)], text: (style) => downloadText(one, style) };
};

export const pause: CommandHandler = async (call, context) => {
  const { controls } = context;
  const { number, path } = controls.findDownload(call.args[0] ?? '');
  context.unwatch(number);
  await controls.pause(number);
  return changed(number, `${safeText(baseName(path))} is paused. Go on: resume ${number}`, context);
};

export const resume: CommandHandler = async (call, context) => {
  const { controls } = context;
  const { number } = controls.findDownload(call.args[0] ?? '');
  await controls.resume(number);
  return waitOrWatch(controls.findDownload(String(number)), call, context);
};

export const cancel: CommandHandler = async (call, context) => {
  const { controls } = context;
  const { number, path } = controls.findDownload(call.args[0] ?? '');
  context.unwatch(number);
  await controls.cancel(number);
  return changed(
    number,
    `${safeText(baseName(path))} was cancelled; its unfinished file is removed`,
    context,
  );
};

function changed(number: number, text: string, context: CommandContext): CommandResult {
  const now = context.controls.downloads().filter((each) => each.number === number);
  return { items: now.map(downloadItem), text: () => text };
}
