import { isIP } from 'node:net';

/** The ways to type a peer. */

/** Whether a text can only be an address: `ip:port`, `[v6]:port`, a bare IP, or `host:port`. */
export function looksLikeAddress(text: string): boolean {
  return isIP(text) !== 0 || /^(\[[0-9a-f:.]+\]|[^:/\\[\]\s]+):\d{1,5}$/i.test(text);
}

/** Whether two words are an address together: a host and a port. */
export function isHostAndPort(host: string, port: string | undefined): port is string {
  return (
    port !== undefined &&
    /^\d{1,5}$/.test(port) &&
    (isIP(host) !== 0 || /^(localhost|[a-z0-9-]+(\.[a-z0-9-]+)+)$/i.test(host))
  );
}

/** `ip port` as one text. */
export function joinHostPort(host: string, port: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A folder as typed, as the catalog names it: `/` between folders, none at the ends. '' is the share itself. */
export function folderName(text: string): string {
  return text
    .replaceAll('\\', '/')
    .replace(/^(\.?\/)+/, '')
    .replace(/^\.$/, '')
    .replace(/\/+$/, '');
}

/** Whether a text says by its form that it is a folder: `./x`, `x/`, `.`. */
export function looksLikeFolder(text: string): boolean {
  return /^\.?[\\/]|[\\/]$|^\.$/.test(text);
}
