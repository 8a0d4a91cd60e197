import type { ConsoleCommand } from '../Command.ts';
import { DOWNLOAD_FORMS, downloadNames } from '../Line/Arguments.ts';
import { downloadsText, downloadText } from '../Views/DownloadViews.ts';
import { downloadItem } from '../Views/Items.ts';

export const downloads: ConsoleCommand = {
  aliases: ['dls'],
  group: 'Downloads',
  usage: ['[number|name]'],
  summary: 'downloads since the start; with one of them: its sources',
  details: [DOWNLOAD_FORMS],
  examples: ['downloads', 'dls 2'],
  completes: [downloadNames],
  oneShot: 'running peer',
  async run({ args: [which] }, { controls }) {
    if (which === undefined) {
      const all = controls.downloads.list();
      return { items: all.map(downloadItem), text: (style) => downloadsText(all, style) };
    }
    const one = controls.downloads.find(which);
    return { items: [downloadItem(one)], text: (style) => downloadText(one, style) };
  },
};
