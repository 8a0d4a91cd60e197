import { isIPv4 } from 'node:net';
import type { NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { isLinkLocal, isLoopback, withoutZone } from '../../../Shared/Network/Address.ts';

type Interfaces = ReturnType<typeof networkInterfaces>;

/** Upper bound on the datagrams per broadcast; above the number of interfaces of real hosts. */
const INTERFACES_MAX = 32;

/** Distinct broadcast addresses of all attached IPv4 networks, without loopback and point-to-point links. */
export function broadcastHosts(interfaces: Interfaces): string[] {
  const hosts = lanInterfaces(interfaces)
    .filter(({ netmask }) => toNumber(netmask) < 0xfffffffe)
    .map(({ address, netmask }) => toText((toNumber(address) | ~toNumber(netmask)) >>> 0));
  return [...new Set(hosts)].slice(0, INTERFACES_MAX);
}

/**
 * All hosts of the networks without IPv4: the IPv6 multicast address of all nodes (RFC 4291, 2.7.1), which needs no
 * membership, at every such interface.
 */
export function multicastHosts(interfaces: Interfaces): string[] {
  return Object.entries(interfaces)
    .filter(
      ([, addresses = []]) =>
        addresses.some(isOutsideLinkLocal) && !addresses.some(({ family }) => family === 'IPv4'),
    )
    .map(([name]) => `ff02::1%${name}`)
    .slice(0, INTERFACES_MAX);
}

/** Whether an IP belongs to this host. */
export function isOwnHost(interfaces: Interfaces, host: string): boolean {
  return isLoopback(host) || every(interfaces).some(({ address }) => address === withoutZone(host));
}

/**
 * Whether an IP belongs to this host, to one of its IPv4 networks, or is link-local. Only such hosts can have
 * received a broadcast or multicast.
 */
export function isOnLan(interfaces: Interfaces, host: string): boolean {
  if (isOwnHost(interfaces, host)) return true;
  if (isLinkLocal(host)) return every(interfaces).some(isOutsideLinkLocal);
  return (
    isIPv4(host) &&
    lanInterfaces(interfaces).some(({ address, netmask }) => {
      const mask = toNumber(netmask);
      return (toNumber(address) & mask) === (toNumber(host) & mask);
    })
  );
}

function lanInterfaces(interfaces: Interfaces): NetworkInterfaceInfo[] {
  return every(interfaces).filter(({ internal, family }) => !internal && family === 'IPv4');
}

function isOutsideLinkLocal({ internal, address }: NetworkInterfaceInfo): boolean {
  return !internal && isLinkLocal(address);
}

function every(interfaces: Interfaces): NetworkInterfaceInfo[] {
  return Object.values(interfaces).flatMap((addresses) => addresses ?? []);
}

function toNumber(ipv4: string): number {
  return ipv4.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toText(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.');
}
