import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Requirements of a test that a machine may lack. Each is undefined when it is met, else the reason, for
 * `test.skipIf(LINUX)(title('…', LINUX), …)`: a skipped test names its reason in the report.
 */
type Missing = string | undefined;

export const LINUX: Missing =
  process.platform === 'linux' ? undefined : `needs Linux, this is ${process.platform}`;

const ROOT: Missing = LINUX ?? (process.getuid?.() === 0 ? undefined : 'needs root');

export function title(text: string, missing: Missing): string {
  return missing === undefined ? text : `${text} (skipped: ${missing})`;
}

/** Network namespaces with `ip` (Debian: iproute2); containers may forbid them to root too. */
export function networkNamespaces(): Missing {
  return probeNamespace(() => undefined);
}

function probeNamespace(probe: (name: string) => Missing): Missing {
  const name = `shoal-probe-${process.pid}`;
  const missing = ROOT ?? failureOf('ip', 'netns', 'add', name);
  if (missing !== undefined) return missing;
  try {
    return probe(name);
  } finally {
    spawnSync('ip', ['netns', 'delete', name]);
  }
}

/** A router that translates addresses, in a namespace with a TAP device (Debian: slirp4netns). */
export function addressTranslation(): Missing {
  const inNamespace = (name: string) =>
    failureOf('ip', '-n', name, 'tuntap', 'add', 'dev', 'tap0', 'mode', 'tap');
  return probeNamespace(inNamespace) ?? failureOf('slirp4netns', '--version');
}

/** A file system of limited size; containers may forbid mounts to root too. */
export function tmpfs(): Missing {
  if (ROOT !== undefined) return ROOT;
  const folder = mkdtempSync(join(tmpdir(), 'shoal-probe-'));
  const missing = failureOf('mount', '-t', 'tmpfs', '-o', 'size=1m', 'shoal-test', folder);
  if (missing === undefined) spawnSync('umount', [folder]);
  rmdirSync(folder);
  return missing;
}

/** Debian's NATS server, or that of NATS_SERVER_PATH. */
export const NATS_SERVER = process.env.NATS_SERVER_PATH ?? '/usr/sbin/nats-server';

/** Debian's Chromium, or the browser of CHROMIUM_PATH. */
export const CHROMIUM_PATH = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

export function chromium(): Missing {
  return failureOf(CHROMIUM_PATH, '--version');
}

/** Programs that fetch over HTTP (Debian: curl, aria2). */
export function curlAndAria2(): Missing {
  return failureOf('curl', '--version') ?? failureOf('aria2c', '--version');
}

/** Makes certificates (Debian: openssl). */
export function openssl(): Missing {
  return failureOf('openssl', 'version');
}

/** A NATS server (Debian: nats-server). */
export function natsServer(): Missing {
  return failureOf(NATS_SERVER, '--version');
}

/** Files that cannot be read: for root that takes `setpriv` (Debian: util-linux). */
export function unreadableFiles(): Missing {
  if (process.platform === 'win32') return 'needs POSIX file modes';
  return process.getuid?.() === 0 ? failureOf('setpriv', '--version') : undefined;
}

function failureOf(command: string, ...args: readonly string[]): Missing {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return undefined;
  return `${command} ${args[0]}: ${(error?.message ?? stderr).trim().split('\n')[0]}`;
}
