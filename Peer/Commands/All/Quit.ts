import type { ConsoleCommand } from '../Command.ts';
import { isActive } from '../Views/DownloadTexts.ts';
import { plural } from '../Views/HumanUnits.ts';

export const quit: ConsoleCommand = {
  aliases: ['exit', 'q', 'bye'],
  group: 'Console',
  usage: [''],
  summary: 'end this peer; unfinished downloads continue at the next start',
  details: ['Ctrl-D, or Ctrl-C on an empty line, does the same.'],
  examples: ['quit'],
  oneShot: 'console only',
  async run(_call, { controls }) {
    const unfinished = controls.downloads.list().filter((download) => isActive(download.state)).length;
    const text = unfinished === 0 ? '' : `At the next start: ${plural(unfinished, 'download')} to continue`;
    return { text: () => text, quits: true };
  },
};
