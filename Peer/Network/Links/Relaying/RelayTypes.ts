import type { PeerId } from '../../../../Protocol/Ids.ts';
import type { ControlOf } from '../../../../Protocol/PeerMessages.ts';
import type { Address } from '../../../../Shared/Network/Address.ts';
import type { KnownContact } from '../../../Model.ts';
import type { Requester } from '../Dialling/Dials.ts';

/** The way of a relayed link to its peer. */
export interface RelayVia {
  readonly relay: KnownContact;
  /** Address of the peer: the one that we failed to dial, or as the relay sees it. */
  readonly address: Address;
}

/** A linked peer, as relaying uses it. */
export interface RelayPeer {
  readonly contact: KnownContact;
  readonly link: {
    /** Undefined: the link is direct. */
    readonly via: RelayVia | undefined;
    readonly remote: { readonly host: string };
  };
  readonly dials: {
    /** Whether it relays connections of others. */
    readonly relays: boolean;
    /** Address of its port. */
    readonly endpoint: Requester;
    /**
     * Requests a connection to a peer.
     * @returns the token of our half.
     * @throws ShoalError REFUSED, NOT_FOUND, TIMEOUT
     */
    requestRelay(peerId: PeerId, signal: AbortSignal): Promise<string>;
  };
  send(message: ControlOf<'relayedBy'>): void;
}
