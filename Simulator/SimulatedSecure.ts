import type { Incoming, ProvenStream, SecureTransport } from '../Peer/Network/Ports.ts';
import type { PeerId } from '../Protocol/Ids.ts';
import { DIAL_TIMEOUT_MS } from '../Protocol/Limits.ts';
import { formatAddress } from '../Shared/Address.ts';
import type { Clock } from '../Shared/Clock.ts';
import { ShoalError } from '../Shared/ShoalError.ts';
import type { ByteStream, Dial, StreamHandler } from '../Shared/Transport.ts';

/** Both sides begin with the first byte of TLS and their id. Nothing is encrypted or proven: the ids are believed. */
const MARK = 0x16;
const SIMULATED_HANDSHAKE_BYTES = 33;

/** The beginning of a simulated secure connection of a peer. */
export function simulatedHandshake(peerId: PeerId): Buffer {
  return Buffer.concat([Buffer.from([MARK]), Buffer.from(peerId, 'hex')]);
}

/** Secure connections for simulated networks: one round trip, as TLS 1.3 takes, and proven ids, without cryptography. */
export function simulatedSecure(peerId: PeerId, dial: Dial, clock: Clock): SecureTransport {
  return {
    claims: (first) => (first[0] === MARK ? 'mine' : 'not mine'),
    accept: (incoming: Incoming, opened) => {
      incoming.stream((stream) => {
        const entrance = new Entrance((provenId) => {
          stream.write(simulatedHandshake(peerId));
          return opened(proven(stream, provenId));
        });
        return entrance;
      });
    },
    dial: (address, handler, { signal } = {}) =>
      new Promise((resolve, reject) => {
        let stream: ByteStream | undefined;
        const fail = (error: ShoalError) => {
          cancel();
          stream?.destroy();
          reject(error);
        };
        const cancel = clock.after(DIAL_TIMEOUT_MS, () =>
          fail(new ShoalError('TIMEOUT', `${formatAddress(address)} does not answer`)),
        );
        const entrance = new Entrance(
          (provenId) => {
            cancel();
            // The stream is set: bytes arrive after the dial only.
            resolve(proven(stream as ByteStream, provenId));
            return handler;
          },
          () => fail(new ShoalError('UNREACHABLE', `${formatAddress(address)} ended the handshake`)),
        );
        dial(address, entrance, signal === undefined ? {} : { signal }).then(
          (opened) => {
            stream = opened;
            opened.write(simulatedHandshake(peerId));
          },
          (error: unknown) => {
            cancel();
            reject(error);
          },
        );
      }),
  };
}

/** Reads the remote id, then passes everything on. */
class Entrance implements StreamHandler {
  readonly #entered: (provenId: PeerId) => StreamHandler;
  readonly #ended: () => void;
  #first: Buffer = Buffer.alloc(0);
  #next: StreamHandler | undefined;

  constructor(entered: (provenId: PeerId) => StreamHandler, ended: () => void = () => {}) {
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
    this.#next = this.#entered(this.#first.toString('hex', 1, SIMULATED_HANDSHAKE_BYTES) as PeerId);
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

function proven(stream: ByteStream, provenId: PeerId): ProvenStream {
  return {
    provenId,
    channel: 'control',
    binding: () => new Uint8Array(32),
    remote: stream.remote,
    write: (bytes, done) => stream.write(bytes, done),
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    end: () => stream.end(),
    destroy: () => stream.destroy(),
  };
}
