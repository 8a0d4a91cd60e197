import { safeText } from '../../../Shared/SafeText.ts';
import type { CommandContext, ConsoleCommand } from '../Command.ts';
import type { CommandResult } from '../CommandResult.ts';
import { DOWNLOAD_FORMS, downloadNames } from '../Line/Arguments.ts';
import { baseName, downloadItem } from '../Views/Items.ts';

export const pause: ConsoleCommand = {
  group: 'Downloads',
  usage: ['<number|name>'],
  summary: 'pause a download; verified chunks are kept',
  details: [DOWNLOAD_FORMS],
  examples: ['pause 2', 'pause film.mkv'],
  completes: [downloadNames],
  oneShot: 'running peer',
  async run({ args: [which = ''] }, context) {
    const { number, path } = context.controls.findDownload(which);
    context.unwatch(number);
    await context.controls.pause(number);
    return changed(number, `Paused ${safeText(baseName(path))}. Continue: resume ${number}`, context);
  },
};

/** Result of a command that changed the state of a download. */
export function changed(number: number, text: string, { controls }: CommandContext): CommandResult {
  const now = controls.downloads().filter((each) => each.number === number);
  return { items: now.map(downloadItem), text: () => text };
}
