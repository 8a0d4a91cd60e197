import { isIP } from 'node:net';
import { sep } from 'node:path';

/** Forms in which a user can type a peer or a folder. */

/** Whether a text can only be an address: `ip:port`, `[v6]:port`, a bare IP, or `host:port`. */
export function looksLikeAddress(text: string): boolean {
  return isIP(text) !== 0 || /^(\[[0-9a-f:.]+\]|[^:/\\[\]\s]+):\d{1,5}$/i.test(text);
}

/** Whether two words are a host and a port. */
export function isHostAndPort(host: string, port: string | undefined): port is string {
  return (
    port !== undefined &&
    /^\d{1,5}$/.test(port) &&
    (isIP(host) !== 0 || /^(localhost|[a-z0-9-]+(\.[a-z0-9-]+)+)$/i.test(host))
  );
}

/** `host:port`; an IPv6 host goes in brackets. */
export function joinHostPort(host: string, port: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Converts a typed folder to catalog form: `/` between folders, none at the ends. '' is the share itself.
 * @param separator - what separates names on this system: elsewhere than on Windows a backslash may be part of one
 */
export function folderName(text: string, separator: string = sep): string {
  return text
    .replaceAll(separator, '/')
    .replace(/^(\.?\/)+/, '')
    .replace(/^\.$/, '')
    .replace(/\/+$/, '');
}

/** Whether the form of a text marks it as a folder: `./x`, `x/`, `.`. */
export function looksLikeFolder(text: string): boolean {
  return /^\.?[\\/]|[\\/]$|^\.$/.test(text);
}
