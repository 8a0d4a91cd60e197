import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { PeerList } from '../../NetworkModel.ts';
import type { ConsoleCommand } from '../Command.ts';
import { coverageItem } from '../Views/ClusterViews.ts';
import { peerItem } from '../Views/Items.ts';
import { networkText } from '../Views/NetworkViews.ts';

export const network: ConsoleCommand = {
  aliases: [],
  group: 'Network',
  usage: [''],
  summary: 'the network of this peer, and its members',
  examples: ['network'],
  needsNetwork: true,
  oneShot: 'own form',
  async run(_call, { controls, signal }) {
    const { privateNetwork } = controls;
    // Without a tracker this peer still knows its network.
    const list: PeerList = await controls.peers(signal).catch((failure: unknown) => {
      if (failure instanceof ShoalError && failure.code !== 'CANCELLED')
        return { peers: controls.knownPeers(), trackers: 0 };
      throw failure;
    });
    return {
      data: { privateNetwork: privateNetwork ?? null, ...coverageItem(list) },
      items: list.peers.map(peerItem),
      text: (style) => networkText(privateNetwork, list, style),
    };
  },
};
