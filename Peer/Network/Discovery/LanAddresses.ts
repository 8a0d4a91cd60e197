import { isIPv4 } from 'node:net';
import type { NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { isLoopback } from '../../../Shared/Address.ts';

type Interfaces = ReturnType<typeof networkInterfaces>;

/** More than a computer has; bounds what one broadcast sends. */
const INTERFACES_MAX = 32;

/** The broadcast address of every IPv4 network this computer is in, each once; none of loopback and point-to-point. */
export function broadcastHosts(interfaces: Interfaces): string[] {
  const hosts = lanInterfaces(interfaces)
    .filter(({ netmask }) => toNumber(netmask) < 0xfffffffe)
    .map(({ address, netmask }) => toText((toNumber(address) | ~toNumber(netmask)) >>> 0));
  return [...new Set(hosts)].slice(0, INTERFACES_MAX);
}

/** Whether an IP is one of this computer's own. */
export function isOwnHost(interfaces: Interfaces, host: string): boolean {
  return isLoopback(host) || every(interfaces).some(({ address }) => address === host);
}

/** Whether an IP is this computer's, or in one of its IPv4 networks: who else could have heard our broadcast? */
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
