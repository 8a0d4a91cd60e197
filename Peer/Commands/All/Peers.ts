import type { ConsoleCommand } from '../Command.ts';
import { coverageItem } from '../Views/ClusterViews.ts';
import { peerItem } from '../Views/Items.ts';
import { peersText } from '../Views/StatusViews.ts';

export const peers: ConsoleCommand = {
  aliases: ['p'],
  group: 'Network',
  usage: [''],
  summary: 'the other peers',
  examples: ['peers'],
  needsNetwork: true,
  oneShot: 'any peer',
  async run(_call, { controls, signal }) {
    const found = await controls.peers(signal);
    return {
      items: found.peers.map(peerItem),
      data: coverageItem(found),
      text: (style) => peersText(found, style),
    };
  },
};
