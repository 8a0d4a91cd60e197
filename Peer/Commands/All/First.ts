import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { ConsoleCommand } from '../Command.ts';
import { DOWNLOAD_FORMS, downloadNames } from '../Line/Arguments.ts';
import { baseName } from '../Views/Items.ts';
import { changed, unchanged } from './Pause.ts';

export const first: ConsoleCommand = {
  group: 'Downloads',
  usage: ['<number|name>'],
  summary: 'put a download before all others',
  details: [
    DOWNLOAD_FORMS,
    'Its chunks are requested before those of others from the same peers. Without a free place, the last one waits.',
  ],
  examples: ['first 2', 'first film.mkv'],
  completes: [downloadNames],
  oneShot: 'running peer',
  async run({ args: [which = ''] }, context) {
    const { number, path, state } = context.controls.downloads.find(which);
    if (state === 'done' || state === 'cancelled')
      return unchanged(number, path, state, 'nothing to do', context);
    await context.controls.downloads.first(number);
    return changed(number, `${safeText(baseName(path))} goes before all others`, context);
  },
};
