import { readdirSync, readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';

/** Soft limit where the system reports none: the usual default of macOS, and below that of Windows and Linux. */
const DEFAULT_LIMIT = 256;
/** Limit in place of an infinite one. */
const UNLIMITED = 1_048_576;

/** Number of descriptors that this process may have open. */
export function descriptorLimit(): number {
  try {
    return parseDescriptorLimit(readFileSync('/proc/self/limits', 'latin1'));
  } catch {
    return process.platform === 'win32' ? 8_192 : DEFAULT_LIMIT;
  }
}

/** Number of descriptors that this process has open; undefined: the system does not report it. */
export function descriptorsUsed(): number | undefined {
  try {
    // One of them reads the folder.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return undefined;
  }
}

/** Reads the soft limit from the text of /proc/self/limits. */
export function parseDescriptorLimit(text: string): number {
  const soft = /^Max open files\s+(\S+)/m.exec(text)?.[1];
  const limit = Number(soft);
  if (soft === 'unlimited') return UNLIMITED;
  return Number.isSafeInteger(limit) && limit > 0 ? limit : DEFAULT_LIMIT;
}

/** Descriptors kept for files, outgoing connections and the program itself. */
const RESERVED = 48;
const CONNECTIONS_MAX = 512;
const CONNECTIONS_MIN = 8;

/** Upper bound on incoming connections under a descriptor limit: half of the unreserved descriptors, at most 512. */
export function connectionsUnder(limit: number): number {
  return Math.max(CONNECTIONS_MIN, Math.min(CONNECTIONS_MAX, Math.floor((limit - RESERVED) / 2)));
}

/** Descriptor of an open, plain TCP socket; undefined: closed, or of another kind. Node has no public way to it. */
export function descriptorOf(socket: Duplex): number | undefined {
  const { _handle: handle } = socket as { _handle?: { fd?: unknown; constructor: { name: string } } | null };
  const fd = handle?.fd;
  const isPlain = handle?.constructor.name === 'TCP' && !socket.destroyed;
  return isPlain && typeof fd === 'number' && fd >= 0 ? fd : undefined;
}
