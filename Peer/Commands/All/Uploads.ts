import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { ConsoleCommand } from '../Command.ts';
import { takenItem, uploadItem } from '../Views/Items.ts';
import { takenText, uploadsText } from '../Views/UploadViews.ts';

export const uploads: ConsoleCommand = {
  group: 'Network',
  usage: ['[--history]'],
  summary: 'running uploads; with --history: finished ones too, with peer, file, time and size',
  details: [
    'The history counts what this peer has sent, over all runs: the last 10,000 files and peers. It lies in the state ' +
      'folder of the peer, and --no-history (or history = off) keeps none.',
    'A file is complete when the peer reports that it has all of it, or was sent all of it.',
  ],
  examples: ['uploads', 'uploads --history'],
  flags: [{ name: '--history', summary: 'finished uploads of all runs, the latest first' }],
  oneShot: 'running peer',
  async run({ flags }, { controls }) {
    if (!flags.has('--history')) {
      const now = controls.uploads();
      return { items: now.map(uploadItem), text: (style) => uploadsText(now, style) };
    }
    const taken = controls.uploadHistory();
    if (taken === undefined)
      throw new ShoalError('NOT_FOUND', 'this peer keeps no history of uploads', {
        hint: 'Start it without --no-history (or history = off).',
      });
    return { items: taken.map(takenItem), text: (style) => takenText(taken, style) };
  },
};
