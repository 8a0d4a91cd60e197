import { PEER_PORT_FIRST, PEER_PORT_LAST } from '../../../../Protocol/Limits.ts';
import type { ByteStream, Listen, Listener, StreamHandler } from '../../../../Shared/Network/Transport.ts';
import { PEER_COMMAND } from '../../../../Shared/Program/StartedAs.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import type { Random } from '../../../../Shared/Time/Clock.ts';

/** A TCP port that is bound before its listener exists. */
export interface ReservedPort {
  readonly port: number;
  /** Hands the port over, whatever port is requested. */
  readonly listen: Listen;
  /** Frees the port, unless it was handed over. */
  release(): Promise<void>;
}

/** Ports from `first` to `last`, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

const DEFAULT_RANGE: PortRange = { first: PEER_PORT_FIRST, last: PEER_PORT_LAST };

/**
 * Binds a port early, because share folder and identity are named after it. Connections are closed until it is handed
 * over.
 * @param wanted - a range: a random free port of it; undefined: of 9000-9999
 * @param first - tried before random ones, when no port is wanted
 * @throws ShoalError PORT_IN_USE
 */
export async function reservePort(
  listen: Listen,
  wanted: number | PortRange | undefined,
  random: Random,
  first: readonly number[] = [],
): Promise<ReservedPort> {
  let accept: ((stream: ByteStream) => StreamHandler) | undefined;
  const ports =
    wanted === undefined ? new Set([...first, ...portsOf(wanted, random)]) : portsOf(wanted, random);
  const listener = await listenOnOneOf([...ports], listen, (stream) => {
    if (accept !== undefined) return accept(stream);
    stream.destroy();
    return { closed: () => {} };
  });
  return {
    port: listener.local.port,
    listen: async (_port, taker) => {
      accept = taker;
      return listener;
    },
    release: async () => {
      if (accept === undefined) await listener.close();
    },
  };
}

/** Listens on the first free port. @throws ShoalError PORT_IN_USE */
export async function listenOnOneOf(
  ports: readonly number[],
  listen: Listen,
  accept: (stream: ByteStream) => StreamHandler,
): Promise<Listener> {
  for (const port of ports) {
    try {
      return await listen(port, accept);
    } catch (failure) {
      if (ports.length === 1 || !(failure instanceof ShoalError) || failure.code !== 'PORT_IN_USE')
        throw failure;
    }
  }
  const last = ports.reduce((high, port) => Math.max(high, port), 0);
  const first = ports.reduce((low, port) => Math.min(low, port), last);
  throw new ShoalError('PORT_IN_USE', `all ports from ${first} to ${last} are in use`, {
    hint: `Name a free one: ${PEER_COMMAND} 12000`,
  });
}

/** The ports to try, in order. @param wanted - as in reservePort */
export function portsOf(wanted: number | PortRange | undefined, random: Random): readonly number[] {
  return typeof wanted === 'number' ? [wanted] : shuffledPorts(wanted ?? DEFAULT_RANGE, random);
}

/** All ports of the range in random order, so that peers started at once rarely collide. */
function shuffledPorts({ first, last }: PortRange, random: Random): number[] {
  const ports = Array.from({ length: last - first + 1 }, (_, at) => first + at);
  for (let at = ports.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    const port = ports[at] ?? first;
    ports[at] = ports[other] ?? first;
    ports[other] = port;
  }
  return ports;
}
