import { ShoalError } from '../../../Shared/ShoalError.ts';
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
    // Without a tracker this peer still knows its network.
    const peers = await controls.peers(signal).catch((failure: unknown) => {
      if (failure instanceof ShoalError && failure.code !== 'CANCELLED') return controls.knownPeers();
      throw failure;
    });
    return {
      data: { privateNetwork: privateNetwork ?? null },
      items: peers.map(peerItem),
      text: (style) => networkText(privateNetwork, peers, style),
    };
  },
};
