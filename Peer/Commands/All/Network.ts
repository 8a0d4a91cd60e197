import type { ConsoleCommand } from '../Command.ts';
import { peerItem } from '../Views/Items.ts';
import { networkText } from '../Views/NetworkViews.ts';

export const network: ConsoleCommand = {
  aliases: [],
  group: 'Network',
  usage: [''],
  summary: 'which network this peer is in, and who else is',
  examples: ['network'],
  needsNetwork: true,
  oneShot: 'own form',
  async run(_call, { controls, signal }) {
    const { privateNetwork } = controls;
    const peers = await controls.peers(signal);
    return {
      data: { privateNetwork: privateNetwork ?? null },
      items: peers.map(peerItem),
      text: (style) => networkText(privateNetwork, peers, style),
    };
  },
};
