import {
  decodeReply,
  encodeRequest,
  type RefusalReason,
  type TrackerReply,
} from '../../../Protocol/TrackerMessages.ts';
import { type Address, formatAddress } from '../../../Shared/Address.ts';
import { backoffMs } from '../../../Shared/Backoff.ts';
import { type Clock, type Random, sleep } from '../../../Shared/Clock.ts';
import { asShoalError, ShoalError } from '../../../Shared/ShoalError.ts';
import type { BindDatagram, DatagramSocket } from '../../../Shared/Transport.ts';

/** Total time for an answer: a tracker may still be starting. */
const ANSWER_TIMEOUT_MS = 10_000;
/** Retry delays. Shorter than for background requests, because program start blocks on the answer. */
const RETRY_MS = [250, 500, 1_000] as const;
/** Attempts before giving up when every assigned port is already in use on this host. */
const TRIES_MAX = 20;

export interface AssignedPortOptions {
  /** Numeric addresses or host names. The first answer wins. */
  readonly trackers: readonly Address[];
  /** Resolves a host name to a numeric address. */
  readonly lookup: (host: string) => Promise<string>;
  readonly bind: BindDatagram;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Reserves a port assigned by a tracker (`--port assigned`); requests another one while it is in use on this host.
 * @param take - reserves one port.
 * @throws ShoalError PORT_IN_USE
 * @throws ShoalError USAGE (no tracker configured), NO_TRACKER, REFUSED, PORT_IN_USE
 */
export async function takeAssignedPort<T>(
  options: AssignedPortOptions,
  take: (port: number) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const port = await askForPort(options);
    try {
      return await take(port);
    } catch (failure) {
      if (asShoalError(failure, 'UNREACHABLE').code !== 'PORT_IN_USE' || tries === TRIES_MAX) throw failure;
    }
  }
}

async function askForPort(options: AssignedPortOptions): Promise<number> {
  const { trackers, bind, clock, random } = options;
  if (trackers.length === 0) {
    throw new ShoalError('USAGE', '--port assigned needs a tracker that names the port', {
      hint: 'Name one: --tracker 192.168.1.20',
    });
  }
  const socket = await bind({ port: 0 });
  const request = new PortRequest(socket, 1 + Math.floor(random() * (2 ** 32 - 2)));
  try {
    const untilMs = clock.nowMs() + ANSWER_TIMEOUT_MS;
    for (let tries = 0; clock.nowMs() < untilMs; tries++) {
      for (const tracker of await numeric(options)) request.ask(tracker);
      const waitMs = Math.min(backoffMs(RETRY_MS, tries, random()), untilMs - clock.nowMs());
      await sleep(clock, waitMs, request.answered);
      if (request.port !== undefined) return request.port;
      if (request.refusal !== undefined) throw refused(request.refusal);
    }
    throw new ShoalError('NO_TRACKER', `no port was assigned: ${names(trackers)} does not answer`, {
      hint: 'Does the tracker run? A port can also be chosen here: --port 9001',
    });
  } finally {
    await socket.close();
  }
}

/** One port request to several trackers: first a cookie, then the port. */
class PortRequest {
  port: number | undefined;
  refusal: RefusalReason | undefined;
  readonly #socket: DatagramSocket;
  readonly #transactionId: number;
  readonly #answered = new AbortController();
  readonly #asked = new Map<string, string | undefined>();

  constructor(socket: DatagramSocket, transactionId: number) {
    this.#socket = socket;
    this.#transactionId = transactionId;
    socket.onMessage((bytes, from) => this.#receive(bytes, from));
  }

  /** Aborted once a port or a refusal has arrived. */
  get answered(): AbortSignal {
    return this.#answered.signal;
  }

  ask(tracker: Address): void {
    const key = formatAddress(tracker);
    const cookie = this.#asked.get(key);
    this.#asked.set(key, cookie);
    const request = cookie === undefined ? ({ type: 'connect' } as const) : ({ type: 'assignPort' } as const);
    this.#socket.send(encodeRequest(cookie ?? '', this.#transactionId, request), tracker);
  }

  #receive(bytes: Uint8Array, from: Address): void {
    if (!this.#asked.has(formatAddress(from)) || this.answered.aborted) return;
    const reply = this.#read(bytes);
    if (reply?.type === 'connected') {
      this.#asked.set(formatAddress(from), reply.connectionId);
      this.ask(from);
    }
    if (reply?.type === 'assigned' && reply.port > 0) this.port = reply.port;
    if (reply?.type === 'refused') this.refusal = reply.reason;
    if (this.port !== undefined || this.refusal !== undefined) this.#answered.abort();
  }

  #read(bytes: Uint8Array): TrackerReply | undefined {
    try {
      const { transactionId, reply } = decodeReply(bytes);
      return transactionId === this.#transactionId ? reply : undefined;
    } catch (failure) {
      if (failure instanceof ShoalError) return undefined;
      throw failure;
    }
  }
}

/** Skips host names that do not resolve; they are retried with the next attempt. */
async function numeric({ trackers, lookup }: AssignedPortOptions): Promise<Address[]> {
  const found = await Promise.allSettled(
    trackers.map(async ({ host, port }) => ({ host: isNumeric(host) ? host : await lookup(host), port })),
  );
  return found.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}

function isNumeric(host: string): boolean {
  return /^[\d.]+$|:/.test(host);
}

function names(trackers: readonly Address[]): string {
  return trackers.map(formatAddress).join(', ');
}

function refused(reason: RefusalReason): ShoalError {
  const message =
    reason === 'full'
      ? 'the tracker has no port left for this computer'
      : `the tracker assigned no port (${reason})`;
  return new ShoalError('REFUSED', message, {
    hint: 'Choose a port here: --port 9001, or --port-range 60000-61000',
  });
}
