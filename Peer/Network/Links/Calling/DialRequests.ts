import type { HelloExtensions } from '../../../../Protocol/Extensions.ts';
import type { PeerId } from '../../../../Protocol/Ids.ts';
import type { ControlOf, ExchangedPeer } from '../../../../Protocol/PeerMessages.ts';
import type { Address } from '../../../../Shared/Network/Address.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import type { KnownContact, PeerContact } from '../../../Model.ts';
import type { TransferLimits } from '../../Lanes/Limits/TransferLimits.ts';
import { ExpectedLanes } from '../../Lanes/Receiving/ExpectedLanes.ts';
import { Dials, type DialsOptions } from '../Dialling/Dials.ts';
import { mayDial } from '../Dialling/MayDial.ts';
import { RelayClient, type RelayClientOptions } from '../Relaying/RelayClient.ts';
import { RelayHost } from '../Relaying/RelayHost.ts';
import type { RelayPeer } from '../Relaying/RelayTypes.ts';
import { type CallHelper, Calls } from './Calls.ts';
import { Reachability } from './Reachability.ts';

/** The control links. */
interface Links {
  readonly peers: readonly (CallHelper & RelayPeer)[];
  get(peerId: PeerId): (CallHelper & { send(message: ControlOf<'called'>): void }) | undefined;
  answerCall(peerId: PeerId, address: Address): Promise<void>;
  summon(peerId: PeerId): Promise<RelayPeer>;
  connect(contact: PeerContact, signal: undefined, relay: 'direct'): Promise<RelayPeer>;
}

export interface DialRequestsOptions extends DialsOptions {
  readonly table: () => Links;
  readonly callByTracker?: ((peerId: PeerId) => Promise<void>) | undefined;
  readonly isBanned: (peerId: PeerId) => boolean;
  /** Whether an address that a linked peer names may be dialled. */
  readonly trusts: (namer: KnownContact, address: Address) => boolean;
  readonly randomBytes: (count: number) => Uint8Array;
  /** Limits of all transfers. */
  readonly limits: TransferLimits;
  /** Relays connections of others at this rate, in bytes per second. Undefined: relays none. */
  readonly relayLimit?: number | undefined;
  /** Peers that relay, as trackers name them. Omitted: none. */
  readonly namedRelays?: () => Promise<readonly PeerContact[]>;
  readonly relayedOpenings: RelayClientOptions['openings'];
  readonly misbehaved: (host: string, reason: unknown) => void;
}

/** Connections that one side cannot open and the other one opens at its request: lanes, links, and tests. */
export class DialRequests {
  /** Lanes that peers dial at our request. */
  readonly lanes: ExpectedLanes;
  /** Dials at the request of linked peers. */
  readonly dials: Dials;
  /** Whether others can connect to this peer. */
  readonly reachability: Reachability;
  /** Connections that a third peer relays for us. */
  readonly relays: RelayClient;
  /** Connections of others that we relay. Undefined: none. */
  readonly relayHost: RelayHost | undefined;
  readonly #options: DialRequestsOptions;
  readonly #calls: Calls;

  constructor(options: DialRequestsOptions) {
    const { clock, table, callByTracker, misbehaved } = options;
    this.#options = options;
    this.lanes = new ExpectedLanes(clock, misbehaved);
    this.dials = new Dials(options);
    this.reachability = new Reachability(clock);
    this.#calls = new Calls({ clock, linked: () => table().peers, byTracker: callByTracker });
    const { secure, limits, relayLimit, namedRelays, relayedOpenings, trusts } = options;
    this.relays = new RelayClient({
      clock,
      secure,
      dials: this.dials,
      linked: () => table().peers,
      named: async () => (await namedRelays?.()) ?? [],
      link: (contact) => table().connect(contact, undefined, 'direct'),
      trusts,
      openings: relayedOpenings,
    });
    if (relayLimit !== undefined)
      this.relayHost = new RelayHost({
        clock,
        bytesPerSecond: relayLimit,
        limits,
        newToken: () => this.newToken(),
        summon: (peerId) => table().summon(peerId),
        misbehaved,
      });
  }

  /** Extensions of our hello. */
  get extensions(): HelloExtensions {
    return {
      acceptsDialBack: true,
      ...(this.reachability.reachable === false && { undialable: true }),
      ...(this.offersRelay && { relays: true }),
    };
  }

  /** Whether this peer relays connections of others: it has to be reachable for that. */
  get offersRelay(): boolean {
    return this.relayHost !== undefined && this.reachability.reachable !== false;
  }

  /**
   * Relays a connection between two linked peers.
   * @returns the token for the requesting one.
   * @throws ShoalError REFUSED, NOT_FOUND
   */
  async relay(from: RelayPeer, to: PeerId): Promise<string> {
    if (this.relayHost === undefined) throw new ShoalError('REFUSED', 'this peer relays no connections');
    return this.relayHost.grant(from, to);
  }

  /** An unpredictable token for one lane. */
  newToken(): string {
    return Buffer.from(this.#options.randomBytes(16)).toString('hex');
  }

  /** See Calls.call. */
  call(peerId: PeerId): Promise<void> {
    return this.#calls.call(peerId);
  }

  /** Whether the peer was called since the last change of the network. */
  hasCalled(peerId: PeerId): boolean {
    return this.#calls.hasCalled(peerId);
  }

  /** Passes the call of a peer on to another one. False: there is no link to that one. */
  passCall(to: PeerId, caller: ExchangedPeer): boolean {
    const peer = this.#options.table().get(to);
    if (peer?.dials.acceptsDialBack !== true) return false;
    peer.send({ type: 'called', ...caller });
    return true;
  }

  /** Dials a peer that cannot dial us, as a linked peer claims. */
  calledBy(namer: KnownContact, caller: ExchangedPeer): void {
    if (this.#options.trusts(namer, caller.address)) this.called(caller);
  }

  /** Dials a peer that cannot dial us, within the rate limit, at an address that a tracker observed. */
  called({ peerId, address }: ExchangedPeer): void {
    const { isBanned, table } = this.#options;
    if (isBanned(peerId) || !mayDial(address) || !this.#calls.mayAnswer()) return;
    void table().answerCall(peerId, address);
  }

  /** Forgets failures and past calls after a change of the network. */
  reset(): void {
    this.dials.reset();
    this.#calls.reset();
  }

  close(): void {
    this.relays.close();
    this.relayHost?.close();
    this.dials.close();
    this.reachability.close();
  }
}
