import { readFile } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import type { ConnectionOptions, credsAuthenticator, NatsConnection, Status } from '@nats-io/transport-node';
import type { InstanceId } from '../../Protocol/Ids.ts';
import { ShoalError, systemCode } from '../../Shared/ShoalError.ts';
import type { Bus, BusConnection, BusHandler } from './Bus.ts';
import { BUS_VERSION } from './BusRecords.ts';
import { type NatsOptions, readServer } from './NatsServer.ts';

/** Time for the first connection, of each server. */
const CONNECT_MS = 4_000;
/** Interval of attempts to connect again, and of pings by which a dead connection is noticed. */
const RECONNECT_MS = 500;
const PING_MS = 2_000;
const PINGS_MISSED = 2;
/** Sent to try a permission; dropped by its receivers. */
const NOTHING = new Uint8Array();
/** Upper bound on sending what is left at the end. */
const CLOSE_MS = 500;

/** The bus over a NATS server. The library is loaded by the first `open`. */
export class NatsBus implements Bus {
  readonly #options: NatsOptions;

  constructor(options: NatsOptions) {
    this.#options = options;
  }

  async open(self: InstanceId, handler: BusHandler): Promise<BusConnection> {
    const nats = await import('@nats-io/transport-node');
    const options = await this.#connectionOptions(self, nats.credsAuthenticator);
    let connection: NatsConnection;
    try {
      connection = await nats.connect(options);
    } catch (failure) {
      throw this.#unavailable(failure);
    }
    const subject = `shoal.${BUS_VERSION}.${this.#options.name}`;
    const state: ConnectionState = { isLost: false, isClosed: false, denied: undefined };
    const receive = (failure: Error | null, message: { readonly data: Uint8Array }) => {
      if (failure === null && !state.isClosed && message.data.length > 0) handler.message(message.data);
    };
    connection.subscribe(`${subject}.all`, { callback: receive });
    connection.subscribe(`${subject}.to.${self}`, { callback: receive });
    void watch(connection.status(), handler, state);
    void connection.closed().then((failure) => {
      if (!state.isClosed)
        handler.lost(failure instanceof Error ? failure.message : 'the connection is closed');
    });
    for (const to of ['all', `to.${self}`]) connection.publish(`${subject}.${to}`, NOTHING);
    // The server refuses subjects before it answers the ping of `flush`.
    await connection.flush();
    await turn();
    if (state.denied !== undefined) {
      state.isClosed = true;
      await connection.close();
      throw this.#denied(state.denied);
    }
    return {
      publish: (to, bytes) => {
        if (state.isLost || state.isClosed || connection.isClosed()) return;
        // More than this server accepts: dropped like all that a lost connection cannot carry.
        if (bytes.length > (connection.info?.max_payload ?? Number.POSITIVE_INFINITY)) return;
        connection.publish(to === 'all' ? `${subject}.all` : `${subject}.to.${to}`, bytes);
      },
      close: async () => {
        if (state.isClosed) return;
        state.isClosed = true;
        // A server that is gone, noticed or not, cannot take what is left.
        const drained = state.isLost ? undefined : connection.drain();
        await within(CLOSE_MS, drained);
        await within(CLOSE_MS, connection.close());
      },
    };
  }

  async #connectionOptions(
    self: InstanceId,
    authenticatorOf: typeof credsAuthenticator,
  ): Promise<ConnectionOptions> {
    const { servers, credentials, ca, certificate, key } = this.#options;
    const read = servers.map(readServer);
    const [first] = read;
    const usesTls =
      read.some(({ isTls }) => isTls) || [ca, certificate, key].some((file) => file !== undefined);
    return {
      servers: read.map(({ place }) => place),
      name: `shoal tracker ${self}`,
      timeout: CONNECT_MS,
      noEcho: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_MS,
      pingInterval: PING_MS,
      maxPingOut: PINGS_MISSED,
      // A server that is being set up refuses for some time: retry.
      ignoreAuthErrorAbort: true,
      ...(first?.user !== undefined && { user: first.user, pass: first.password ?? '' }),
      ...(first?.token !== undefined && { token: first.token }),
      ...(credentials !== undefined && {
        authenticator: authenticatorOf(await contentOf(credentials, '--cluster-creds')),
      }),
      ...(usesTls && {
        tls: {
          ...(ca !== undefined && { ca: await textOf(ca, '--cluster-ca') }),
          ...(certificate !== undefined && { cert: await textOf(certificate, '--cluster-cert') }),
          ...(key !== undefined && { key: await textOf(key, '--cluster-key') }),
        },
      }),
    };
  }

  get #places(): string {
    return this.#options.servers.map((server) => readServer(server).place).join(', ');
  }

  #denied(failure: Error): ShoalError {
    return new ShoalError('REFUSED', `the NATS server ${this.#places} refuses subjects: ${failure.message}`, {
      hint: 'Permit its user to publish and to subscribe to shoal.>, or name another user in --cluster.',
      cause: failure,
    });
  }

  #unavailable(failure: unknown): ShoalError {
    const places = this.#places;
    const { name = '', message = '' } = failure instanceof Error ? failure : {};
    if (/authorization|authentication|credential/i.test(`${name} ${message}`)) {
      return new ShoalError('REFUSED', `the NATS server ${places} refused the login`, {
        hint: 'Check user and password or token in --cluster, or the file of --cluster-creds.',
        cause: failure,
      });
    }
    if (/tls|certificate|self.signed|ssl/i.test(`${name} ${message} ${systemCode(failure) ?? ''}`)) {
      return new ShoalError('REFUSED', `TLS with the NATS server ${places} failed: ${message}`, {
        hint: 'Use tls://host, and --cluster-ca FILE for the authority of its certificate.',
        cause: failure,
      });
    }
    // A server that wants a certificate of the client, and gets none, closes the connection without a word.
    const mayWantOne = this.#options.certificate === undefined && this.#options.servers.some(usesTls);
    return new ShoalError('UNREACHABLE', `the NATS server ${places} does not answer`, {
      hint: mayWantOne
        ? 'Does it run, and does it ask for a certificate of the tracker (--cluster-cert FILE --cluster-key FILE)?'
        : 'Start one (Debian: apt install nats-server), or leave out --cluster: then this tracker is on its own.',
      cause: failure,
    });
  }
}

function usesTls(server: string): boolean {
  return readServer(server).isTls;
}

/** Resolves with the promise, failed or not, at the latest after `ms`. */
async function within(ms: number, promise: Promise<unknown> | undefined): Promise<void> {
  const late = new Promise((resolve) => setTimeout(resolve, ms).unref());
  await Promise.race([promise?.catch(() => {}), late]);
}

interface ConnectionState {
  isLost: boolean;
  isClosed: boolean;
  /** A subject that the user of this tracker may not use. */
  denied: Error | undefined;
}

/** Reports losses and returns of the connection, and keeps the first refused subject. */
async function watch(
  statuses: AsyncIterable<Status>,
  handler: BusHandler,
  state: ConnectionState,
): Promise<void> {
  for await (const status of statuses) {
    if (state.isClosed) return;
    if (status.type === 'error' && status.error.name === 'PermissionViolationError')
      state.denied ??= status.error;
    if (status.type === 'disconnect' && !state.isLost) {
      state.isLost = true;
      handler.lost('the connection to the NATS server is lost');
    }
    if (status.type === 'reconnect' && state.isLost) {
      state.isLost = false;
      handler.connected();
    }
  }
}

async function contentOf(path: string, option: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (failure) {
    throw new ShoalError('USAGE', `the file of ${option} cannot be read: ${path}`, {
      hint: 'Check its name and its rights.',
      cause: failure,
    });
  }
}

async function textOf(path: string, option: string): Promise<string> {
  return Buffer.from(await contentOf(path, option)).toString('utf8');
}
