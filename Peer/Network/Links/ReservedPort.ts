import { PEER_PORT_FIRST, PEER_PORT_LAST } from '../../../Protocol/Limits.ts';
import type { Random } from '../../../Shared/Clock.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { ByteStream, Listen, Listener, StreamHandler } from '../../../Shared/Transport.ts';

/** A TCP port that is ours already, before anybody is there to answer. */
export interface ReservedPort {
  readonly port: number;
  /** Hands the port over: whatever port is asked for, this one is given. */
  readonly listen: Listen;
  /** Gives the port back, unless it was handed over. */
  release(): Promise<void>;
}

/**
 * Takes a port early, because share folder and identity are named after it. Who connects before it is handed over is turned away.
 * @param wanted - undefined: a random free one of 9000-9999
 * @throws ShoalError PORT_IN_USE
 */
export async function reservePort(
  listen: Listen,
  wanted: number | undefined,
  random: Random,
): Promise<ReservedPort> {
  let accept: ((stream: ByteStream) => StreamHandler) | undefined;
  const listener = await listenOnOneOf(
    wanted === undefined ? shuffledPorts(random) : [wanted],
    listen,
    (stream) => {
      if (accept !== undefined) return accept(stream);
      stream.destroy();
      return { closed: () => {} };
    },
  );
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

async function listenOnOneOf(
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
  throw new ShoalError('PORT_IN_USE', `all ports from ${PEER_PORT_FIRST} to ${PEER_PORT_LAST} are in use`, {
    hint: 'Name a free one: node Peer.js 12000',
  });
}

/** All ports of the range, in random order: two peers started at once hardly ever want the same. */
function shuffledPorts(random: Random): number[] {
  const ports = Array.from({ length: PEER_PORT_LAST - PEER_PORT_FIRST + 1 }, (_, at) => PEER_PORT_FIRST + at);
  const start = Math.floor(random() * ports.length);
  const stride = 7; // shares no factor with 1,000: all ports come, each once
  return ports.map((_, at) => ports[(start + at * stride) % ports.length] ?? PEER_PORT_FIRST);
}
