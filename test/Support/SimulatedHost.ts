import { onAbort } from '../../Shared/Async/OnAbort.ts';
import { type Address, isLoopback } from '../../Shared/Network/Address.ts';
import type {
  BindDatagram,
  ByteStream,
  DatagramSocket,
  Dial,
  Listen,
  StreamHandler,
} from '../../Shared/Network/Transport.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import type { SimulatedLinks } from './SimulatedLinks.ts';
import { connectStreams, type SimulatedStream } from './SimulatedStream.ts';

/** Timeout of a dial to a host that does not answer. */
const DIAL_TIMEOUT_MS = 5_000;
const EPHEMERAL_PORT_FIRST = 49_152;
/** Maximum payload of a UDP datagram over IPv4. */
const UDP_BYTES_MAX = 65_507;

type Datagrams = (bytes: Uint8Array, from: Address) => void;

interface BoundSocket {
  readonly host: string | undefined;
  handler: Datagrams | undefined;
}

/** Access of a host to the other hosts. */
export interface Routes {
  /** The host at an address, as seen from another host; undefined: none. */
  route(from: SimulatedHost, to: string): SimulatedHost | undefined;
  /** Transports one datagram. The network owns the bytes. */
  carry(
    bytes: Uint8Array,
    from: SimulatedHost,
    source: Address,
    target: Address,
    canBroadcast: boolean,
  ): void;
  /** Frees the address of a host that was killed. */
  forget(host: SimulatedHost): void;
}

/** One computer on a simulated network. Its methods are bound, so that they can be passed as values. */
export class SimulatedHost {
  readonly ip: string;
  /** Open ends of streams on this host. */
  readonly streams = new Set<SimulatedStream>();
  readonly #network: SimulatedLinks & Routes;
  readonly #sockets = new Map<number, BoundSocket>();
  readonly #listeners = new Map<number, (stream: ByteStream) => StreamHandler>();
  /** A firewall drops connections from other hosts: their dials time out. */
  firewalled = false;
  #dead = false;
  #nextPort = EPHEMERAL_PORT_FIRST;

  constructor(network: SimulatedLinks & Routes, ip: string) {
    this.#network = network;
    this.ip = ip;
  }

  readonly bindDatagram: BindDatagram = async (options) => this.#unlessDead(() => this.bindNow(options));

  /** Like `bindDatagram`, at once. @throws ShoalError PORT_IN_USE */
  bindNow(options: { port: number; host?: string; broadcast?: boolean }): DatagramSocket {
    const port = this.#takePort(options.port, this.#sockets);
    const bound: BoundSocket = { host: options.host, handler: undefined };
    this.#sockets.set(port, bound);
    const isOpen = () => !this.#dead && this.#sockets.get(port) === bound;
    return {
      local: { host: options.host ?? '0.0.0.0', port },
      send: (bytes, to) => {
        if (bytes.length > UDP_BYTES_MAX)
          throw new RangeError(`EMSGSIZE: a datagram of ${bytes.length} bytes`);
        if (!isOpen()) return;
        const source = { host: isLoopback(to.host) ? '127.0.0.1' : this.ip, port };
        this.#network.carry(Buffer.from(bytes), this, source, to, options.broadcast ?? false);
      },
      onMessage: (handler) => {
        bound.handler = handler;
      },
      close: async () => {
        if (isOpen()) this.#sockets.delete(port);
      },
    };
  }

  readonly listen: Listen = async (port, accept) =>
    this.#unlessDead(() => {
      const taken = this.#takePort(port, this.#listeners);
      this.#listeners.set(taken, accept);
      return {
        local: { host: '0.0.0.0', port: taken },
        close: async () => {
          if (this.#listeners.get(taken) === accept) this.#listeners.delete(taken);
        },
      };
    });

  readonly dial: Dial = (address, handler, options = {}) => {
    const { signal, into } = options;
    const network = this.#network;
    const { promise, resolve, reject } = deferred<ByteStream>();
    let cancelStep = network.clock.after(DIAL_TIMEOUT_MS, () =>
      fail(new ShoalError('UNREACHABLE', `${address.host} does not answer`)),
    );
    const aborted = () => fail(new ShoalError('CANCELLED', 'the dial was given up'));
    let stopListening = () => {};
    function fail(error: ShoalError) {
      cancelStep();
      stopListening();
      reject(error);
    }
    const next = (delayMs: number, step: () => void) => {
      cancelStep();
      cancelStep = network.clock.after(delayMs, step);
    };
    if (signal?.aborted) {
      aborted();
      return promise;
    }
    stopListening = signal === undefined ? stopListening : onAbort(signal, aborted);

    if (this.#dead) {
      cancelStep();
      return promise;
    }
    const target = network.route(this, address.host);
    if (target === undefined || network.isCut(this.ip, target.ip)) return promise;
    if (target.firewalled && target !== this) return promise;
    const there = network.latency(network.link(this.ip, target.ip));
    const back = network.latency(network.link(target.ip, this.ip));
    next(there + back, () => {
      const accept = target.#listeners.get(address.port);
      if (accept === undefined) {
        fail(new ShoalError('UNREACHABLE', `nobody listens on ${address.host}:${address.port}`));
        return;
      }
      stopListening();
      const loopback = isLoopback(address.host);
      const dialled = connectStreams(network, {
        dialling: {
          host: this,
          address: { host: loopback ? '127.0.0.1' : this.ip, port: this.#ephemeral() },
        },
        accepting: { host: target, address },
        handler,
        into,
        accept,
      });
      resolve(dialled);
    });
    return promise;
  };

  /**
   * Kills the programs of this host, as kill -9 does: no handler here is called, the other ends of its
   * streams see ECONNRESET, ports are free again. Later calls of the dead program through this object have
   * no effect; `network.host(ip)` is then a new host, for the next program.
   */
  kill(): void {
    this.#dead = true;
    this.#network.forget(this);
    this.#sockets.clear();
    this.#listeners.clear();
    for (const stream of [...this.streams]) stream.killLocal();
  }

  /** @internal Delivers a datagram to its socket; false: there is none. */
  receive(bytes: Buffer, source: Address, target: Address): boolean {
    const bound = this.#sockets.get(target.port);
    if (bound?.handler === undefined) return false;
    const loopbackOnly = bound.host !== undefined && isLoopback(bound.host);
    if (loopbackOnly && !isLoopback(target.host)) return false;
    bound.handler(bytes, source);
    bytes.fill(0xdd); // The contract: a handler copies what it keeps.
    return true;
  }

  /** A promise that never settles, for calls of a dead program. */
  #unlessDead<T>(act: () => T): T | Promise<T> {
    return this.#dead ? new Promise<T>(() => {}) : act();
  }

  #takePort(wanted: number, taken: ReadonlyMap<number, unknown>): number {
    if (wanted === 0) {
      let port = this.#ephemeral();
      while (taken.has(port)) port = this.#ephemeral();
      return port;
    }
    if (taken.has(wanted)) {
      throw new ShoalError('PORT_IN_USE', `port ${wanted} is already in use`, {
        hint: 'Choose another port.',
      });
    }
    return wanted;
  }

  #ephemeral(): number {
    const port = this.#nextPort;
    this.#nextPort = port === 65_535 ? EPHEMERAL_PORT_FIRST : port + 1;
    return port;
  }
}

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
