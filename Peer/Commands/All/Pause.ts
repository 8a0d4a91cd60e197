import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { DownloadState } from '../../DownloadModel.ts';
import type { CommandContext, ConsoleCommand } from '../Command.ts';
import type { CommandResult } from '../CommandResult.ts';
import { DOWNLOAD_FORMS, downloadNames } from '../Line/Arguments.ts';
import { isActive } from '../Views/DownloadTexts.ts';
import { baseName, downloadItem } from '../Views/Items.ts';
import { nextCommand } from '../Views/ViewStyle.ts';

export const pause: ConsoleCommand = {
  group: 'Downloads',
  usage: ['<number|name>'],
  summary: 'pause a download; verified chunks are kept',
  details: [DOWNLOAD_FORMS],
  examples: ['pause 2', 'pause film.mkv'],
  completes: [downloadNames],
  oneShot: 'running peer',
  async run({ args: [which = ''] }, context) {
    const { number, path, state } = context.controls.downloads.find(which);
    if (!isActive(state)) return unchanged(number, path, state, 'nothing to pause', context);
    context.unwatch(number);
    await context.controls.downloads.pause(number);
    const paused = `Paused ${safeText(baseName(path))}`;
    return {
      ...changed(number, paused, context),
      text: (style) => `${paused}. Continue: ${nextCommand(style, `resume ${number}`)}`,
    };
  },
};

/** Result of a command that does not apply to the state of a download. */
export function unchanged(
  number: number,
  path: string,
  state: DownloadState,
  consequence: string,
  context: CommandContext,
): CommandResult {
  const word = state === 'done' ? 'complete' : state;
  return changed(number, `${safeText(baseName(path))} is ${word} already: ${consequence}`, context);
}

/** Result of a command that changed the state of a download. */
export function changed(number: number, text: string, { controls }: CommandContext): CommandResult {
  const now = controls.downloads.list().filter((each) => each.number === number);
  return { items: now.map(downloadItem), text: () => text };
}
