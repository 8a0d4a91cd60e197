import { isIPv4 } from 'node:net';
import type { NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { isLoopback } from '../../../Shared/Address.ts';

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

/** Whether an IP belongs to this host. */
export function isOwnHost(interfaces: Interfaces, host: string): boolean {
  return isLoopback(host) || every(interfaces).some(({ address }) => address === host);
}

/**
 * Whether an IP belongs to this host or one of its IPv4 networks. Only such hosts can have received a broadcast.
 */
export function isOnLan(interfaces: Interfaces, host: string): boolean {
  if (isOwnHost(interfaces, host)) return true;
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

function every(interfaces: Interfaces): NetworkInterfaceInfo[] {
  return Object.values(interfaces).flatMap((addresses) => addresses ?? []);
}

function toNumber(ipv4: string): number {
  return ipv4.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toText(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.');
}
