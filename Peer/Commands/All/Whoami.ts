import { shortPeerId } from '../../../Protocol/Ids.ts';
import { isLoopback } from '../../../Shared/Network/Address.ts';
import type { ConsoleCommand } from '../Command.ts';
import type { PeerControls } from '../Ports.ts';
import { reachabilityItem } from '../Views/ReachabilityViews.ts';
import { whoamiText } from '../Views/StatusViews.ts';

export const whoami: ConsoleCommand = {
  aliases: ['me'],
  group: 'Network',
  usage: [''],
  summary: 'name, id and address of this peer, and whether others can connect to it',
  examples: ['whoami'],
  oneShot: 'any peer',
  async run(_call, { controls }) {
    const { self } = controls;
    const host = hostForOthers(controls);
    const health = controls.networkHealth();
    const privateNetwork = controls.privateNetwork;
    return {
      data: {
        id: self.peerId,
        shortId: shortPeerId(self.peerId),
        name: self.name,
        host,
        port: self.port,
        privateNetwork: privateNetwork ?? null,
        ...reachabilityItem(health, self.port),
      },
      text: (style) => whoamiText({ self, host, health, privateNetwork }, style),
    };
  },
};

/**
 * Host of this peer in an address for others: as a tracker on another computer observes it, else that of a network
 * card. The loopback address: this computer has no other.
 */
export function hostForOthers(controls: PeerControls): string {
  const observed = controls.trackers().flatMap(({ observed }) => observed?.host ?? []);
  // A zone (`fe80::1%eth0`) means another card at another computer.
  const card = controls.networkHealth().addresses.find((host) => !host.includes('%'));
  return observed.find((host) => !isLoopback(host)) ?? card ?? observed[0] ?? '127.0.0.1';
}
