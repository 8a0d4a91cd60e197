import type { ConsoleCommand } from '../Command.ts';
import { DOWNLOAD_FORMS, downloadNames, WAIT_FLAGS } from '../Line/Arguments.ts';
import { waitOrWatch } from '../Running/FetchFiles.ts';
import { unchanged } from './Pause.ts';

export const resume: ConsoleCommand = {
  group: 'Downloads',
  usage: ['<number|name> [--wait]'],
  summary: 'continue a paused or failed download',
  details: [DOWNLOAD_FORMS],
  examples: ['resume 2', 'resume film.mkv --wait'],
  flags: WAIT_FLAGS,
  completes: [downloadNames],
  needsNetwork: true,
  oneShot: 'running peer',
  async run(call, context) {
    const { controls } = context;
    const { number, path, state } = controls.downloads.find(call.args[0] ?? '');
    if (state === 'done') return unchanged(number, path, state, 'nothing to resume', context);
    await controls.downloads.resume(number);
    return waitOrWatch(controls.downloads.find(String(number)), call, context);
  },
};
