/** A host as a map key: IPv4 as a number, which needs no memory of its own and hashes faster; others as text. */
export type HostKey = number | string;

const DOT = 46;
const ZERO = 48;

/** Equal for equal hosts only. A dotted IPv4 address in its usual form becomes a 32-bit number. */
export function hostKey(host: string): HostKey {
  let key = 0;
  let part = -1; // no digit yet
  let dots = 0;
  for (let at = 0; at < host.length; at++) {
    const code = host.charCodeAt(at);
    if (code === DOT) {
      if (part < 0 || ++dots > 3) return host;
      key = (key << 8) | part;
      part = -1;
      continue;
    }
    const digit = code - ZERO;
    // A leading zero is another spelling, or octal: kept as text.
    if (digit < 0 || digit > 9 || part === 0) return host;
    part = part < 0 ? digit : part * 10 + digit;
    if (part > 255) return host;
  }
  return dots === 3 && part >= 0 ? (key << 8) | part : host;
}

export function hostOf(key: HostKey): string {
  if (typeof key === 'string') return key;
  return `${key >>> 24}.${(key >>> 16) & 255}.${(key >>> 8) & 255}.${key & 255}`;
}
