import type { ConsoleCommand } from '../Command.ts';
import { localContents } from '../Line/Arguments.ts';
import { partItem } from '../Views/Items.ts';
import { partsText } from '../Views/PushTexts.ts';

export const parts: ConsoleCommand = {
  group: 'Files',
  usage: ['[file]'],
  summary: 'the chunks of each file that are here',
  details: ['Chunks count from 0: 0-11,14 are the first twelve and one more.'],
  examples: ['parts', 'parts film.mkv'],
  completes: [localContents],
  oneShot: 'running peer',
  async run({ args: [file] }, { controls, scanned }) {
    await scanned();
    const found = controls.pushing.parts(file);
    return { items: found.map(partItem), text: (style) => partsText(found, style) };
  },
};
