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
    const host = ownHost(controls);
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
 * Host of this peer as a tracker on another computer observes it, else as any tracker does; else the loopback
 * address.
 */
export function ownHost(controls: PeerControls): string {
  return observedHost(controls) ?? observedHosts(controls)[0] ?? '127.0.0.1';
}

/** Host of this peer in an address for others: as another computer observes it, else that of a network card. */
export function hostForOthers(controls: PeerControls): string {
  // A zone (`fe80::1%eth0`) means another card at another computer.
  const card = controls.networkHealth().addresses.find((host) => !host.includes('%'));
  return observedHost(controls) ?? card ?? ownHost(controls);
}

function observedHost(controls: PeerControls): string | undefined {
  return observedHosts(controls).find((host) => !isLoopback(host));
}

function observedHosts(controls: PeerControls): readonly string[] {
  return controls.trackers().flatMap(({ observed }) => observed?.host ?? []);
}
