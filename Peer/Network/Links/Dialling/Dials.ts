import type { PeerId } from '../../../../Protocol/Ids.ts';
import { encodeLane, encodePreamble } from '../../../../Protocol/PeerMessages.ts';
import { type Address, formatAddress } from '../../../../Shared/Network/Address.ts';
import type { Dial, StreamHandler } from '../../../../Shared/Network/Transport.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import type { LaneServer } from '../../Lanes/Sending/LaneServer.ts';
import type { Uploads } from '../../Lanes/Sending/Uploads.ts';
import { LateHandler } from '../Accepting/LateHandler.ts';
import type { OpenConnection, SecureTransport } from '../Accepting/Secure.ts';
import { DialBackoff } from './DialBackoff.ts';
import { mayDial } from './MayDial.ts';

/** Longest backoff of an address. Its host is that of an open link; only the port is a claim. */
const BACKOFF_MAX_MS = 30_000;

export interface DialsOptions {
  /** Dials plain lanes. */
  readonly dial: Dial;
  readonly secure: SecureTransport;
  readonly clock: Clock;
  readonly uploads: Pick<Uploads, 'serve'>;
}

/** A linked peer at whose request we dial: the host of its link, and the port that it listens on. */
export interface Requester {
  readonly peerId: PeerId;
  readonly address: Address;
  /** Own address of the link, to dial from. */
  readonly from: string | undefined;
}

/** Dials at the request of linked peers, which others may not be able to dial. Only the host of the link is dialled. */
export class Dials {
  readonly #options: DialsOptions;
  readonly #backoff = new DialBackoff(BACKOFF_MAX_MS);
  readonly #stopping = new AbortController();

  constructor(options: DialsOptions) {
    this.#options = options;
  }

  /** Opens a lane to the peer and serves it. @throws ShoalError UNREACHABLE, TIMEOUT, REFUSED, CANCELLED */
  async serveLane({ peerId, address, from }: Requester, token: string): Promise<void> {
    const { secure, uploads } = this.#options;
    const dial = secure.lanes?.(peerId) ?? this.#options.dial;
    let lane: LaneServer | undefined;
    const handler: StreamHandler = {
      data: (bytes) => lane?.data(bytes),
      closed: () => lane?.closed(),
    };
    const stream = await this.#within(address, (signal) => dial(address, handler, { signal, from }));
    try {
      lane = uploads.serve(stream, peerId);
    } catch (failure) {
      stream.destroy();
      throw failure;
    }
    stream.write(Buffer.concat([encodePreamble('backLane'), encodeLane({ type: 'token', token })]));
  }

  /**
   * Opens our half of a connection that the peer relays.
   * @throws ShoalError like serveLane
   */
  async openRelayed(
    { peerId, address, from }: Requester,
    token: string,
    signal: AbortSignal,
  ): Promise<OpenConnection> {
    const dial = this.#options.secure.lanes?.(peerId) ?? this.#options.dial;
    const handler = new LateHandler();
    const stream = await this.#within(address, () => dial(address, handler, { signal, from }));
    stream.write(Buffer.concat([encodePreamble('relayed'), encodeLane({ type: 'token', token })]));
    return { stream, handOver: (owner) => handler.handOver(owner) };
  }

  /** Tests whether the peer can be dialled, and proves its id there. @throws ShoalError like serveLane */
  async test({ peerId, address }: Requester): Promise<void> {
    const { secure } = this.#options;
    const stream = await this.#within(address, (signal) =>
      secure.dial(address, { closed: () => {} }, { signal }),
    );
    stream.destroy();
    if (stream.provenId !== peerId)
      throw new ShoalError('UNREACHABLE', `another peer answers at ${formatAddress(address)}`);
  }

  /** Forgets failures after a change of the network. */
  reset(): void {
    this.#backoff.reset();
  }

  close(): void {
    this.#stopping.abort();
  }

  async #within<T>(address: Address, dial: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock } = this.#options;
    if (!mayDial(address) || this.#backoff.waitMs(address, clock.nowMs()) > 0)
      throw new ShoalError('REFUSED', `${formatAddress(address)} is not dialled now`);
    try {
      const opened = await dial(this.#stopping.signal);
      this.#backoff.answered(address, true, clock.nowMs());
      return opened;
    } catch (failure) {
      this.#backoff.failed(address, clock.nowMs());
      throw failure;
    }
  }
}
