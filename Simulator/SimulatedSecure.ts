import type { Incoming, OpenConnection, ProvenStream, SecureTransport } from '../Peer/Network/Ports.ts';
import type { PeerId } from '../Protocol/Ids.ts';
import { DIAL_TIMEOUT_MS } from '../Protocol/Limits.ts';
import { type Address, formatAddress } from '../Shared/Network/Address.ts';
import type { ByteStream, Dial, StreamHandler } from '../Shared/Network/Transport.ts';
import { ShoalError } from '../Shared/ShoalError.ts';
import type { Clock } from '../Shared/Time/Clock.ts';

/**
 * Both sides begin with the first byte of TLS, the channel and their id. Nothing is encrypted or proven: ids are
 * accepted as claimed.
 */
const MARK = 0x16;
const CHANNELS = ['control', 'lane'] as const;
type Channel = (typeof CHANNELS)[number];
const SIMULATED_HANDSHAKE_BYTES = 34;

/** The beginning of a simulated secure connection of a peer. */
export function simulatedHandshake(peerId: PeerId, channel: Channel = 'control'): Buffer {
  return Buffer.concat([Buffer.from([MARK, CHANNELS.indexOf(channel)]), Buffer.from(peerId, 'hex')]);
}

/**
 * Secure connections for simulated networks: one round trip, as TLS 1.3 takes, and proven ids, without cryptography.
 */
export function simulatedSecure(peerId: PeerId, dial: Dial, clock: Clock): SecureTransport {
  const begin = (
    address: Address,
    handler: StreamHandler,
    { channel, expects, signal, over, connected }: Begin,
  ): Promise<ProvenStream> =>
    new Promise((resolve, reject) => {
      let stream: ByteStream | undefined;
      const fail = (error: ShoalError): undefined => {
        cancel();
        stream?.destroy();
        reject(error);
      };
      const cancel = clock.after(DIAL_TIMEOUT_MS, () =>
        fail(
          new ShoalError(
            stream === undefined ? 'UNREACHABLE' : 'TIMEOUT',
            `${formatAddress(address)} does not answer`,
          ),
        ),
      );
      const entrance = new Entrance(
        (provenId) => {
          if (expects !== undefined && provenId !== expects)
            return fail(new ShoalError('UNREACHABLE', 'another peer answers'));
          cancel();
          // The stream is set: bytes arrive after the dial only.
          resolve(proven(stream as ByteStream, provenId, channel));
          return handler;
        },
        () => fail(new ShoalError('UNREACHABLE', `${formatAddress(address)} ended the handshake`)),
      );
      const opened = (opening: ByteStream) => {
        stream = opening;
        opening.write(simulatedHandshake(peerId, channel));
      };
      if (over !== undefined) {
        opened(over.stream);
        over.handOver(entrance);
        return;
      }
      const dialled = (opening: ByteStream) => {
        connected?.();
        opened(opening);
      };
      dial(address, entrance, signal === undefined ? {} : { signal }).then(dialled, (error: unknown) => {
        cancel();
        reject(error);
      });
    });

  return {
    claims: (first) => (first[0] === MARK ? 'mine' : 'not mine'),
    accept: (incoming: Incoming, opened) => {
      incoming.stream((stream) => {
        const entrance = new Entrance((provenId, channel) => {
          stream.write(simulatedHandshake(peerId));
          return opened(proven(stream, provenId, channel));
        });
        return entrance;
      });
    },
    dial: (address, handler, options = {}) => begin(address, handler, { ...options, channel: 'control' }),
    laneOver: (expects, over, handler, signal) =>
      begin(over.stream.remote, handler, { channel: 'lane', expects, over, signal }),
  };
}

interface Begin {
  readonly channel: Channel;
  readonly expects?: PeerId;
  readonly signal?: AbortSignal | undefined;
  readonly over?: OpenConnection;
  readonly connected?: (() => void) | undefined;
}

type Entered = (provenId: PeerId, channel: Channel) => StreamHandler | undefined;

/** Reads the remote id, then passes everything on. */
class Entrance implements StreamHandler {
  readonly #entered: Entered;
  readonly #ended: () => void;
  #first: Buffer = Buffer.alloc(0);
  #next: StreamHandler | undefined;

  constructor(entered: Entered, ended: () => void = () => {}) {
    this.#entered = entered;
    this.#ended = ended;
  }

  data(bytes: Uint8Array): void {
    if (this.#next !== undefined) {
      this.#next.data?.(bytes);
      return;
    }
    this.#first = Buffer.concat([this.#first, bytes]);
    if (this.#first.length < SIMULATED_HANDSHAKE_BYTES) return;
    const channel = CHANNELS[this.#first[1] ?? 0] ?? 'control';
    this.#next = this.#entered(this.#first.toString('hex', 2, SIMULATED_HANDSHAKE_BYTES) as PeerId, channel);
    if (this.#next === undefined) return;
    const rest = this.#first.subarray(SIMULATED_HANDSHAKE_BYTES);
    if (rest.length > 0) this.#next.data?.(rest);
  }

  drained(): void {
    this.#next?.drained?.();
  }

  closed(error: Error | undefined): void {
    if (this.#next === undefined) this.#ended();
    this.#next?.closed(error);
  }
}

function proven(stream: ByteStream, provenId: PeerId, channel: Channel): ProvenStream {
  return {
    provenId,
    channel,
    binding: () => new Uint8Array(32),
    remote: stream.remote,
    write: (bytes, done) => stream.write(bytes, done),
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    end: () => stream.end(),
    destroy: () => stream.destroy(),
  };
}
