import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const INSIDE = 'SHOAL_BENCH_NETWORK';
/** Some machines default to BBR, whose pacing limits loopback. Every new namespace begins with that default. */
export const USE_RENO = 'echo reno > /proc/sys/net/ipv4/tcp_congestion_control';
const SETUP = `ip link set lo up && ${USE_RENO}`;

/**
 * Runs this program again inside a network namespace whose only interface is loopback and whose TCP uses Reno. Child
 * processes inherit the namespace, which ends with the last process.
 * @returns the exit code; undefined in the inner program, and when the machine allows no namespace
 */
export function runInOwnNetwork(): number | undefined {
  if (process.platform !== 'linux' || process.env[INSIDE] !== undefined) return undefined;
  const unshare = process.getuid?.() === 0 ? ['--net'] : ['--net', '--map-root-user'];
  if (spawnSync('unshare', [...unshare, 'sh', '-c', SETUP]).status !== 0) return undefined;
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const { status } = spawnSync('unshare', [...unshare, 'sh', '-c', `${SETUP} && exec "$@"`, 'sh', ...again], {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: 'own' },
  });
  return status ?? 1;
}

/** Network of the measurement: "loopback of a network namespace, reno". */
export function networkText(): string {
  const where =
    process.env[INSIDE] === undefined ? "the machine's loopback" : 'loopback of a network namespace';
  try {
    return `${where}, ${readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim()}`;
  } catch {
    return where;
  }
}
