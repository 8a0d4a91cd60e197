import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { MappedPort } from './PortMapper.ts';

/** Lease of a mapping: NAT-PMP's library takes seconds, UPnP's milliseconds. */
const LEASE_SECONDS = 3_600;
/** NAT-PMP (RFC 6886): port of the router, and the request for a TCP port. */
const PMP_PORT = 5_351;
const MAP_TCP = 2;
const COMMON = { protocol: 'tcp', description: 'Shoal', autoRefresh: false } as const;

const NO_ROUTER = new Error('no router answers');

/** A router, as the library has it. */
interface Gateway {
  readonly host: string;
  readonly port: number;
  map(
    port: number,
    host: string,
    options: { ttl: number; signal: AbortSignal } & typeof COMMON,
  ): Promise<{ readonly externalHost: string; readonly externalPort: number }>;
}

/** Maps a port by UPnP at the first router that does. @throws Error when none does before the signal */
export async function mapByUpnp(
  port: number,
  gateways: AsyncIterable<Gateway>,
  signal: AbortSignal,
): Promise<MappedPort> {
  let failure: unknown = NO_ROUTER;
  for await (const gateway of gateways) {
    try {
      return { ...(await mapAt(gateway, port, LEASE_SECONDS * 1_000, signal)), by: 'UPnP' };
    } catch (reason) {
      failure = reason;
    }
  }
  throw failure;
}

/** Why no router mapped a port, and the next step. @param failures - of each way that was tried */
export function failureText(failures: readonly unknown[], port: number): string {
  const answers = failures.filter((failure) => !isSilence(failure));
  const byHand = `forward TCP port ${port} to this computer there by hand`;
  if (answers.length === 0) return `no router answers. Switch UPnP or NAT-PMP on in the router, or ${byHand}`;
  const texts = answers.map((failure) => (failure instanceof Error ? failure.message : String(failure)));
  return `the router answers "${texts.join('; ').slice(0, 80)}". Instead, ${byHand}`;
}

function isSilence(failure: unknown): boolean {
  return failure === NO_ROUTER || (failure instanceof Error && /^(Timeout|Abort)Error$/.test(failure.name));
}

/** Maps a port by NAT-PMP. @throws Error when the router does not */
export async function mapByPmp(port: number, gateway: Gateway, signal: AbortSignal): Promise<MappedPort> {
  return { ...(await mapAt(gateway, port, LEASE_SECONDS, signal)), by: 'NAT-PMP' };
}

/**
 * Ends the mapping of a TCP port by NAT-PMP (RFC 6886, 3.4): a lease of 0 seconds, in one datagram without an answer.
 * Never rejects.
 */
export async function releaseByPmp(port: number, gateway: string): Promise<void> {
  const request = Buffer.alloc(12);
  request.writeUInt8(MAP_TCP, 1);
  request.writeUInt16BE(port, 4);
  const socket = createSocket('udp4').on('error', () => {});
  await new Promise<void>((resolve) => socket.send(request, PMP_PORT, gateway, () => resolve()));
  socket.close();
}

/** Address of the router; undefined: there is none, or this is not Linux. */
export function gatewayOfThisComputer(): string | undefined {
  try {
    return gatewayIn(readFileSync('/proc/net/route', 'latin1'));
  } catch {
    return undefined;
  }
}

/** Reads the default gateway from the text of /proc/net/route. Undefined: there is none. */
export function gatewayIn(routes: string): string | undefined {
  for (const line of routes.split('\n').slice(1)) {
    const [, destination, gateway = '', flags = '0'] = line.split('\t');
    const usesGateway = (Number.parseInt(flags, 16) & 2) !== 0;
    if (destination !== '00000000' || !usesGateway || !/^[0-9A-F]{8}$/.test(gateway)) continue;
    return [...Buffer.from(gateway, 'hex').reverse()].join('.');
  }
  return undefined;
}

async function mapAt(gateway: Gateway, port: number, ttl: number, signal: AbortSignal) {
  const own = await ownAddressTowards(gateway);
  const { externalHost, externalPort } = await gateway.map(port, own, { ...COMMON, ttl, signal });
  if (typeof externalHost !== 'string' || !Number.isInteger(externalPort))
    throw new Error('the router gave a wrong answer');
  return { host: externalHost, port: externalPort };
}

/** Own address from which datagrams to the router leave. Nothing is sent. */
async function ownAddressTowards({ host, port }: Gateway): Promise<string> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  try {
    socket.connect(port || 1, host);
    await once(socket, 'connect');
    return socket.address().address;
  } finally {
    socket.close();
  }
}
