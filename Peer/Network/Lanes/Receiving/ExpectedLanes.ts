import { badFrame } from '../../../../Protocol/Codec.ts';
import { FrameDecoder } from '../../../../Protocol/FrameDecoder.ts';
import { GREETING_FRAME_BYTES_MAX, LANE_TOKEN_MS } from '../../../../Protocol/Limits.ts';
import { decodeLane } from '../../../../Protocol/PeerMessages.ts';
import { onAbort } from '../../../../Shared/Async/OnAbort.ts';
import type { ByteStream, ReadTarget, StreamHandler } from '../../../../Shared/Network/Transport.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import { FedStream } from './FedStream.ts';

interface Expected {
  readonly host: string;
  readonly handler: StreamHandler;
  readonly into: ReadTarget;
  readonly arrived: (stream: ByteStream) => void;
}

/** Our requests for lanes that the other side dials: each token admits one, from the host of that peer's link. */
export class ExpectedLanes {
  readonly #clock: Clock;
  readonly #misbehaved: (host: string, reason: unknown) => void;
  readonly #expected = new Map<string, Expected>();

  constructor(clock: Clock, misbehaved: (host: string, reason: unknown) => void) {
    this.#clock = clock;
    this.#misbehaved = misbehaved;
  }

  /**
   * Resolves when a lane with the token arrives from the host; its bytes go to `into`.
   * @throws ShoalError TIMEOUT after LANE_TOKEN_MS, CANCELLED
   */
  expect(
    token: string,
    { host, handler, into }: Omit<Expected, 'arrived'>,
    signal: AbortSignal,
  ): Promise<ByteStream> {
    return new Promise((resolve, reject) => {
      const end = () => {
        cancel();
        stopListening();
        this.#expected.delete(token);
      };
      const fail = (error: ShoalError) => {
        end();
        reject(error);
      };
      const cancel = this.#clock.after(LANE_TOKEN_MS, () =>
        fail(new ShoalError('TIMEOUT', 'the peer did not connect in time')),
      );
      const stopListening = onAbort(signal, () => fail(new ShoalError('CANCELLED', 'cancelled')));
      const arrived = (stream: ByteStream) => {
        end();
        resolve(stream);
      };
      this.#expected.set(token, { host, handler, into, arrived });
      if (signal.aborted) fail(new ShoalError('CANCELLED', 'cancelled'));
    });
  }

  /** Accepts a connection that should begin with an expected token. @param full, settle - as in Uploads.accept */
  accept(stream: ByteStream, full: boolean, settle: () => void) {
    const decoder = new FrameDecoder(GREETING_FRAME_BYTES_MAX);
    let owner: { readonly handler: StreamHandler; readonly fed: FedStream | undefined } | undefined;
    const enter = (bytes: Uint8Array) => {
      for (const { type, body } of decoder.push(bytes)) {
        const message = owner === undefined ? decodeLane(type, body) : undefined;
        const expected = message?.type === 'token' ? this.#expected.get(message.token) : undefined;
        if (expected?.host !== stream.remote.host) throw badFrame('a lane that was not requested');
        const fed = stream.readInto?.(expected.into) ? undefined : new FedStream(stream, expected.into);
        owner = { handler: expected.handler, fed };
        settle();
        expected.arrived(fed ?? stream);
      }
    };
    const handler: StreamHandler = {
      data: (bytes) => {
        if (owner !== undefined) return owner.fed?.data(bytes);
        try {
          enter(bytes);
        } catch (reason) {
          this.#misbehaved(stream.remote.host, reason);
          stream.destroy();
        }
      },
      drained: () => owner?.handler.drained?.(),
      closed: (error) => owner?.handler.closed(error),
    };
    if (full) stream.destroy();
    return { handler, idleMs: () => undefined, evict: () => stream.destroy() };
  }
}
