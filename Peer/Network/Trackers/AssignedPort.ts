import { isIP } from 'node:net';
import { decodeReply, encodeRequest, type RefusalReason } from '../../../Protocol/TrackerMessages.ts';
import { type Address, formatAddress } from '../../../Shared/Network/Address.ts';
import type { LookupName } from '../../../Shared/Network/NameLookup.ts';
import type { BindDatagram, DatagramSocket } from '../../../Shared/Network/Transport.ts';
import { asShoalError, ShoalError } from '../../../Shared/ShoalError.ts';
import { backoffMs } from '../../../Shared/Time/Backoff.ts';
import { type Clock, type Random, sleep } from '../../../Shared/Time/Clock.ts';

/** Total time for an answer: a tracker may still be starting. */
const ANSWER_TIMEOUT_MS = 10_000;
/** Retry delays. Shorter than for background requests, because program start blocks on the answer. */
const RETRY_MS = [250, 500, 1_000] as const;
/** Attempts before giving up when every assigned port is already in use on this host. */
const TRIES_MAX = 20;

export interface AssignedPortOptions {
  /** Numeric addresses or host names. The first answer wins. */
  readonly trackers: readonly Address[];
  readonly lookup: LookupName;
  readonly bind: BindDatagram;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Reserves a port assigned by a tracker (`--port assigned`); requests another one while it is in use on this host.
 * @param take - reserves one port. Rejects with PORT_IN_USE when it is taken
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
  const request = new PortRequest(socket, random);
  const stopping = new AbortController();
  let unresolved: ShoalError | undefined;
  try {
    const untilMs = clock.nowMs() + ANSWER_TIMEOUT_MS;
    for (let tries = 0; clock.nowMs() < untilMs; tries++) {
      const found = await numeric(options, stopping.signal);
      for (const tracker of found.addresses) request.ask(tracker);
      unresolved = found.failure;
      const waitMs = Math.min(backoffMs(RETRY_MS, tries, random()), untilMs - clock.nowMs());
      await sleep(clock, waitMs, request.answered);
      if (request.port !== undefined) return request.port;
      if (request.refusal !== undefined) throw refused(request.refusal);
    }
    if (unresolved !== undefined) throw unresolved;
    throw new ShoalError('NO_TRACKER', `no port was assigned: ${names(trackers)} does not answer`, {
      hint: 'Does the tracker run? A port can also be chosen here: --port 9001',
    });
  } finally {
    stopping.abort();
    await socket.close();
  }
}

/** A tracker that was asked, with the id of its requests: it may answer from another address of its host. */
interface AskedTracker {
  readonly address: Address;
  readonly transactionId: number;
  cookie: string | undefined;
}

/** One port request to several trackers: first a cookie, then the port. */
class PortRequest {
  port: number | undefined;
  refusal: RefusalReason | undefined;
  readonly #socket: DatagramSocket;
  readonly #random: Random;
  readonly #answered = new AbortController();
  readonly #asked = new Map<string, AskedTracker>();

  constructor(socket: DatagramSocket, random: Random) {
    this.#socket = socket;
    this.#random = random;
    socket.onMessage((bytes) => this.#receive(bytes));
  }

  /** Aborted once a port or a refusal has arrived. */
  get answered(): AbortSignal {
    return this.#answered.signal;
  }

  ask(address: Address): void {
    const key = formatAddress(address);
    const transactionId = 1 + Math.floor(this.#random() * (2 ** 32 - 2));
    const tracker = this.#asked.get(key) ?? { address, transactionId, cookie: undefined };
    this.#asked.set(key, tracker);
    this.#send(tracker);
  }

  #send({ address, transactionId, cookie }: AskedTracker): void {
    const type = cookie === undefined ? 'connect' : 'assignPort';
    this.#socket.send(encodeRequest(cookie ?? '', transactionId, { type }), address);
  }

  #receive(bytes: Uint8Array): void {
    const { transactionId, reply } = this.#read(bytes) ?? {};
    const tracker = [...this.#asked.values()].find((each) => each.transactionId === transactionId);
    if (tracker === undefined || this.answered.aborted) return;
    if (reply?.type === 'connected') {
      tracker.cookie = reply.connectionId;
      this.#send(tracker);
    }
    if (reply?.type === 'assigned' && reply.port > 0) this.port = reply.port;
    if (reply?.type === 'refused') this.refusal = reply.reason;
    if (this.port !== undefined || this.refusal !== undefined) this.#answered.abort();
  }

  #read(bytes: Uint8Array): ReturnType<typeof decodeReply> | undefined {
    try {
      return decodeReply(bytes);
    } catch (failure) {
      if (failure instanceof ShoalError) return undefined;
      throw failure;
    }
  }
}

/** Numeric addresses of the trackers. Names that do not resolve are retried with the next attempt. */
async function numeric({ trackers, lookup }: AssignedPortOptions, signal: AbortSignal) {
  const found = await Promise.allSettled(
    trackers.map(async ({ host, port }) => {
      const hosts = isIP(host) > 0 ? [host] : await lookup(host, signal);
      return hosts.map((each) => ({ host: each, port }));
    }),
  );
  const addresses = found.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
  const failed = addresses.length > 0 ? undefined : found.find((each) => each.status === 'rejected');
  return { addresses, failure: failed && asShoalError(failed.reason, 'NO_TRACKER') };
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
