import { formatAddress } from '../../../Shared/Network/Address.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { ConsoleCommand } from '../Command.ts';
import { localFilesText } from '../Views/FileViews.ts';
import { plural } from '../Views/HumanUnits.ts';
import { fileItem, trackerItem } from '../Views/Items.ts';

export const join: ConsoleCommand = {
  group: 'Network',
  usage: [''],
  summary: 'register at the tracker with the files of the share',
  details: ['A peer registers by itself when it starts; join repeats it and shows the answer.'],
  examples: ['join'],
  needsNetwork: true,
  oneShot: 'running peer',
  async run(_call, { controls, signal, scanned }) {
    await scanned();
    const joined = await controls.join(signal);
    const share = controls.share();
    const files = controls.localFiles();
    const trackers = joined.map((each) => formatAddress(each.address)).join(', ');
    const head = `JOIN_OK from ${trackers}: ${plural(share.files, 'file')} of ${safeText(controls.self.name)}`;
    return {
      items: files.map(fileItem),
      data: { reply: 'JOIN_OK', trackers: joined.map(trackerItem) },
      text: (style) =>
        files.length === 0 ? head : `${head}\n\n${localFilesText('', files, [], share, style)}`,
    };
  },
};
