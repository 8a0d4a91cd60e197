import type { Interfaces } from './NetworkInterfaces.ts';

/** Interfaces that other computers of the network seldom reach: containers, virtual machines, tunnels. */
const VIRTUAL =
  /^(docker|br-|veth|virbr|vmnet|vboxnet|vEthernet|podman|cni|flannel|lxc|lxd|tun|tap|utun|wg|zt|tailscale)/i;

/** Whether a network card is that of a container, a virtual machine or a tunnel, by its name. */
export function isVirtual(card: string): boolean {
  return VIRTUAL.test(card);
}

/**
 * Addresses of this computer that others may use, the likeliest first: IPv4 of real cards, IPv6 of real cards, then virtual ones.
 * Link-local ones only when there is nothing else; they hold for one link, an IPv6 one with its zone.
 */
export function usableAddresses(interfaces: Interfaces): string[] {
  const candidates = Object.entries(interfaces).flatMap(([name, addresses]) =>
    (addresses ?? [])
      .filter(({ internal }) => !internal)
      .map(({ address, family }) => ({
        host: address.startsWith('fe80') ? `${address}%${name}` : address,
        isLinkLocal: /^(169\.254\.|fe80)/i.test(address),
        rank: (isVirtual(name) ? 2 : 0) + (family === 'IPv6' ? 1 : 0),
      })),
  );
  const routed = candidates.filter(({ isLinkLocal }) => !isLinkLocal);
  const chosen = routed.length > 0 ? routed : candidates;
  return chosen.toSorted((one, other) => one.rank - other.rank).map(({ host }) => host);
}
