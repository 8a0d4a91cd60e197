import { isIPv4, isIPv6 } from 'node:net';
import { ShoalError } from '../ShoalError.ts';

/** An endpoint. `host` is a numeric IP (IPv4-mapped IPv6 folded to IPv4). */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Distance of an address: selects rate limits and trust. */
export type NetworkClass = 'loopback' | 'lan' | 'elsewhere';

export const NETWORK_CLASSES: readonly NetworkClass[] = ['loopback', 'lan', 'elsewhere'];

/** `192.0.2.7:9001` or `[2001:db8::7]:9001`. Also usable as a map key. */
export function formatAddress(address: Address): string {
  return isIPv6Text(address.host) ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** An address with the host name given for it: `nas (192.0.2.7:6881)`; without a name the address alone. */
export function formatNamed({ name, ...address }: Address & { readonly name?: string | undefined }): string {
  return name === undefined ? formatAddress(address) : `${name} (${formatAddress(address)})`;
}

/**
 * Folds `::ffff:192.0.2.7` to `192.0.2.7`. A zone id stays with a link-local address, which leads nowhere without it.
 */
export function normalHost(host: string): string {
  if (!isIPv6Text(host)) return host;
  // The form of every IPv4 sender at a socket of both families: no regular expression per datagram.
  if (host.startsWith('::ffff:') && host.includes('.')) return host.slice(7);
  if (/^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(host)) return host.slice(7);
  return isLinkLocal(host) ? host : withoutZone(host);
}

/** `fe80::1%eth0` → `fe80::1` */
export function withoutZone(host: string): string {
  const end = host.indexOf('%');
  return end < 0 ? host : host.slice(0, end);
}

/** Whether an address is an IPv6 link-local one (RFC 4291): valid on one network interface only. */
export function isLinkLocal(host: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(host);
}

/** Names the interface of a link-local address as the zone of `near`, the address that led there. */
export function withZoneOf(host: string, near: string): string {
  const zone = near.indexOf('%');
  return zone >= 0 && isLinkLocal(host) && !host.includes('%') ? host + near.slice(zone) : host;
}

/**
 * Reads `host`, `host:port`, `[v6]` or `[v6]:port`. The host may be a name; it is not resolved here.
 * @throws ShoalError USAGE
 */
export function parseHostPort(text: string, defaultPort: number): Address {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text.trim());
  const host = match?.[1] ?? match?.[2] ?? text.trim();
  if (match?.[2] === undefined ? !isIPv6(host) : !isHostName(host)) {
    throw new ShoalError('USAGE', `"${text}" is not an address`, {
      hint: 'Use host or host:port, like 192.168.1.20:9001',
    });
  }
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (port < 1 || port > 65_535) {
    throw new ShoalError('USAGE', `port ${port} is outside 1-65535`, {
      hint: 'Choose a port between 1 and 65535.',
    });
  }
  return { host: normalHost(host), port };
}

/** Whether a text can be an IPv4 address or a name. A number with dots is no name. */
function isHostName(text: string): boolean {
  return /^[\p{L}\p{M}\p{N}._-]{1,253}$/u.test(text) && (isIPv4(text) || !/^[\d.]+$/.test(text));
}

/** Reads a port of the user, 1 to 65535. @throws ShoalError USAGE */
export function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new ShoalError('USAGE', `"${text}" is not a port`, {
    hint: 'A port is a number from 1 to 65535, like 9001.',
  });
}

export function isLoopback(host: string): boolean {
  return host === '::1' || (host.startsWith('127.') && isIPv4(host));
}

/** For numeric addresses. Called per datagram, where a regular expression would dominate the cost. */
function isIPv6Text(host: string): boolean {
  return host.includes(':');
}

/** Loopback, a private or link-local range (RFC 1918, 3927, 4193, 4291), or elsewhere. */
export function networkClass(host: string): NetworkClass {
  if (isLoopback(host)) return 'loopback';
  const lan = isIPv4(host)
    ? /^(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.)/.test(host)
    : /^f[cd]|^fe[89ab]/i.test(host);
  return lan ? 'lan' : 'elsewhere';
}

/** Whether an address can be that of a peer: not multicast, broadcast or unspecified. */
export function isDialable(address: Address): boolean {
  const { host, port } = address;
  if (port < 1 || port > 65_535) return false;
  if (isIPv4(host)) {
    const first = Number(host.split('.')[0]);
    return first > 0 && first < 224;
  }
  return isIPv6(host) && host !== '::' && !/^ff/i.test(host);
}
