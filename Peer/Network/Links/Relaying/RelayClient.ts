import type { PeerId } from '../../../../Protocol/Ids.ts';
import type { ByteStream, ReadTarget, StreamHandler } from '../../../../Shared/Network/Transport.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import type { Clock } from '../../../../Shared/Time/Clock.ts';
import type { KnownContact, PeerContact } from '../../../Model.ts';
import { FedStream } from '../../Lanes/Receiving/FedStream.ts';
import { FirstBytes } from '../Accepting/FirstBytes.ts';
import type { Opening } from '../Accepting/Opening.ts';
import type { OpenConnection, SecureTransport } from '../Accepting/Secure.ts';
import type { Dials } from '../Dialling/Dials.ts';
import type { RelayPeer, RelayVia } from './RelayTypes.ts';

/** Relays that are tried for one connection, one after the other. */
const RELAYS_TRIED_MAX = 4;
/** Relayed connections from others that are open at once before their first bytes are known. */
const ACCEPTED_MAX = 32;

export interface RelayClientOptions {
  readonly clock: Clock;
  readonly secure: SecureTransport;
  readonly dials: Pick<Dials, 'openRelayed'>;
  readonly linked: () => readonly RelayPeer[];
  /** Peers that relay, as trackers name them. */
  readonly named: () => Promise<readonly PeerContact[]>;
  /** Links to a peer without a relay. @throws ShoalError like LinkTable.connect */
  readonly link: (contact: PeerContact) => Promise<RelayPeer>;
  /** Whether an address that a linked peer names may be dialled. */
  readonly trusts: (namer: KnownContact, address: RelayVia['address']) => boolean;
  /** Protocols accepted on a relayed connection: encrypted links and lanes. */
  readonly openings: (via: RelayVia) => readonly Opening[];
}

/** Connections to and from peers that a third peer relays: the last resort, when neither can dial the other. */
export class RelayClient {
  readonly #options: RelayClientOptions;
  readonly #accepted = new Set<ByteStream>();
  /** Further ones that are being dialled. */
  #dialling = 0;
  readonly #stopping = new AbortController();

  constructor(options: RelayClientOptions) {
    this.#options = options;
  }

  /** Opens a connection to a peer through any relay. @throws ShoalError NOT_FOUND when none relays it */
  async connect(
    peerId: PeerId,
  ): Promise<{ readonly connection: OpenConnection; readonly relay: KnownContact }> {
    for await (const relay of this.#relays(peerId)) {
      try {
        return { connection: await this.#through(relay, peerId), relay: relay.contact };
      } catch {
        // The next one may be linked to that peer, or have room.
      }
    }
    throw new ShoalError('NOT_FOUND', 'no peer relays connections to that peer');
  }

  /**
   * Opens an encrypted lane to a peer through the relay of its link.
   * @throws ShoalError UNREACHABLE, REFUSED, NOT_FOUND, TIMEOUT, CANCELLED
   */
  async openLane(
    peerId: PeerId,
    relayId: PeerId,
    handler: StreamHandler,
    { into, signal }: { readonly into?: ReadTarget; readonly signal?: AbortSignal } = {},
  ): Promise<ByteStream> {
    const relay = this.#options.linked().find(({ contact }) => contact.peerId === relayId);
    if (relay === undefined) throw new ShoalError('UNREACHABLE', 'the relay of this link is gone');
    const connection = await this.#through(relay, peerId);
    if (into === undefined) return this.#options.secure.laneOver(peerId, connection, handler, signal);
    let fed: FedStream | undefined;
    const below: StreamHandler = {
      data: (bytes) => fed?.data(bytes),
      drained: () => handler.drained?.(),
      closed: (error) => handler.closed(error),
    };
    // The other side sends nothing before our token.
    fed = new FedStream(await this.#options.secure.laneOver(peerId, connection, below, signal), into);
    return fed;
  }

  /** Opens our half of a connection that a peer requests through a relay, and accepts what follows. Never rejects. */
  async accept(
    relay: RelayPeer,
    { token, peerId: _, address }: { token: string; peerId: PeerId; address: RelayVia['address'] },
  ) {
    if (relay.link.via !== undefined || this.#accepted.size + this.#dialling >= ACCEPTED_MAX) return;
    const { clock, dials, openings, trusts } = this.#options;
    // A false address is shown, and dialled after the end of the link at most.
    const known = trusts(relay.contact, address) ? address : relay.contact.address;
    this.#dialling++;
    try {
      const { stream, handOver } = await dials
        .openRelayed(relay.dials.endpoint, token, this.#stopping.signal)
        .finally(() => this.#dialling--);
      this.#accepted.add(stream);
      handOver(
        new FirstBytes(stream, {
          clock,
          openings: openings({ relay: relay.contact, address: known }),
          full: false,
          taken: () => {},
          settled: () => this.#accepted.delete(stream),
          closed: () => this.#accepted.delete(stream),
        }),
      );
    } catch {
      // The relay is gone, or closed the connection: the other side learns it from the relay.
    }
  }

  close(): void {
    this.#stopping.abort();
    for (const stream of this.#accepted) stream.destroy();
  }

  async #through(relay: RelayPeer, peerId: PeerId): Promise<OpenConnection> {
    const { signal } = this.#stopping;
    const token = await relay.dials.requestRelay(peerId, signal);
    return this.#options.dials.openRelayed(relay.dials.endpoint, token, signal);
  }

  /** Linked relays first, then those that trackers name. */
  async *#relays(peerId: PeerId): AsyncGenerator<RelayPeer> {
    const { linked, named, link } = this.#options;
    const tried = new Set<PeerId | undefined>([peerId]);
    const mayTry = ({ contact }: RelayPeer) => {
      if (tried.size > RELAYS_TRIED_MAX || tried.has(contact.peerId)) return false;
      tried.add(contact.peerId);
      return true;
    };
    for (const peer of linked()) if (peer.dials.relays && mayTry(peer)) yield peer;
    for (const contact of await named()) {
      if (tried.size > RELAYS_TRIED_MAX || tried.has(contact.peerId)) continue;
      const peer = await link(contact).catch(() => undefined);
      if (peer?.dials.relays === true && mayTry(peer)) yield peer;
      tried.add(contact.peerId);
    }
  }
}
