import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { ConsoleCommand } from '../Command.ts';
import { DOWNLOAD_FORMS, downloadNames } from '../Line/Arguments.ts';
import { baseName } from '../Views/Items.ts';
import { changed, unchanged } from './Pause.ts';

export const cancel: ConsoleCommand = {
  group: 'Downloads',
  usage: ['<number|name>'],
  summary: 'end a download and remove its unfinished file',
  details: [DOWNLOAD_FORMS],
  examples: ['cancel 2'],
  completes: [downloadNames],
  oneShot: 'running peer',
  async run({ args: [which = ''] }, context) {
    const { number, path, state } = context.controls.downloads.find(which);
    if (state === 'done') return unchanged(number, path, state, 'nothing to cancel, the file stays', context);
    if (state === 'cancelled') return unchanged(number, path, state, 'nothing to cancel', context);
    context.unwatch(number);
    await context.controls.downloads.cancel(number);
    const name = safeText(baseName(path));
    return changed(number, `Cancelled ${name} and removed its unfinished file`, context);
  },
};
