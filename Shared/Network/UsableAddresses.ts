import { isIPv4 } from 'node:net';
import type { Interfaces } from './NetworkInterfaces.ts';

/** Interfaces that other computers of the network seldom reach: containers, virtual machines, tunnels. */
const VIRTUAL =
  /^(docker|br-|veth|virbr|vmnet|vboxnet|vEthernet|podman|cni|flannel|lxc|lxd|tun|tap|utun|wg|zt|tailscale)/i;

/** Whether a network card is that of a container, a virtual machine or a tunnel, by its name. */
export function isVirtual(card: string): boolean {
  return VIRTUAL.test(card);
}

/** Whether an address holds on one link of the network only. */
export function isLinkLocal(host: string): boolean {
  return /^(169\.254\.|fe80)/i.test(host);
}

/** The loopback address of this computer: 127.0.0.1, or ::1 where IPv4 is switched off. */
export function loopbackOf(interfaces: Interfaces): string {
  const own = Object.values(interfaces).flatMap((each) => each ?? []);
  const hosts = own.flatMap(({ internal, address }) => (internal ? [address] : []));
  return hosts.includes('::1') && !hosts.some(isIPv4) ? '::1' : '127.0.0.1';
}

/**
 * Addresses of this computer that others may use, the likeliest first: IPv4 of real cards, IPv6 of real cards, then
 * virtual ones. Link-local ones only when there is nothing else; they hold for one link, an IPv6 one with its zone.
 */
export function usableAddresses(interfaces: Interfaces): string[] {
  const candidates = Object.entries(interfaces).flatMap(([name, addresses]) =>
    (addresses ?? [])
      .filter(({ internal }) => !internal)
      .map(({ address, family }) => ({
        host: address.startsWith('fe80') ? `${address}%${name}` : address,
        isLocal: isLinkLocal(address),
        rank: (isVirtual(name) ? 2 : 0) + (family === 'IPv6' ? 1 : 0),
      })),
  );
  const routed = candidates.filter(({ isLocal }) => !isLocal);
  const chosen = routed.length > 0 ? routed : candidates;
  return chosen.toSorted((one, other) => one.rank - other.rank).map(({ host }) => host);
}
