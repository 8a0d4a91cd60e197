import type { PeerId } from '../../../Protocol/Ids.ts';
import { type Address, formatAddress } from '../../../Shared/Network/Address.ts';
import { asShoalError, ShoalError } from '../../../Shared/ShoalError.ts';
import type { Clock } from '../../../Shared/Time/Clock.ts';
import type { KnownContact } from '../../Model.ts';
import type { OpenConnection, ProvenStream, SecureTransport } from './Accepting/Secure.ts';
import { DialBackoff } from './Dialling/DialBackoff.ts';
import { reach } from './Dialling/Reach.ts';
import type { LinkedPeer } from './Link/LinkedPeer.ts';
import type { PeerLink } from './Link/PeerLink.ts';
import type { RelayVia } from './Relaying/RelayTypes.ts';

/** Time for a peer to connect at our call. */
const SUMMON_MS = 3_000;

export interface LinkDialsOptions {
  readonly secure: SecureTransport;
  readonly clock: Clock;
  /** Makes a link that we dial. */
  readonly newLink: (via: RelayVia | undefined) => PeerLink;
  /** Asks a peer to dial us. @throws ShoalError when nobody passes that on */
  readonly call: (peerId: PeerId) => Promise<void>;
  /** Opens a connection to a peer through a relay. @throws ShoalError when no peer relays it */
  readonly relayed: (
    peerId: PeerId,
  ) => Promise<{ readonly connection: OpenConnection; readonly relay: KnownContact }>;
}

interface Dial {
  /** Peers that are wanted at the address; undefined: any. */
  readonly expected: Set<PeerId | undefined>;
  readonly dialled: Promise<LinkedPeer>;
  /** Another peer answered. */
  isOther: boolean;
}

/** A link before its handshake. */
interface Pending {
  readonly address: Address;
  readonly resolve: (peer: LinkedPeer) => void;
  readonly reject: (reason: ShoalError) => void;
}

/** Opens control links: by a dial, by a call after which the peer dials us, or through a relay. */
export class LinkDials {
  readonly #options: LinkDialsOptions;
  readonly #backoff = new DialBackoff();
  /** Running dials by address; of a relayed one, by peer. */
  readonly #dials = new Map<string, Dial>();
  readonly #pending = new Map<PeerLink, Pending>();
  /** Waiters for a link with a peer, by whomever dialled. */
  readonly #awaited = new Map<PeerId, Set<(peer: LinkedPeer) => void>>();
  readonly #stopping = new AbortController();

  constructor(options: LinkDialsOptions) {
    this.#options = options;
  }

  /**
   * Links to a peer in either direction; through a relay when both sides are closed. An address at which it answered
   * before is only dialled.
   * @throws ShoalError UNREACHABLE, TIMEOUT, BLOCKED
   */
  async reach(contact: KnownContact, relay: 'relayed, if need be' | 'direct'): Promise<LinkedPeer> {
    const { address, peerId } = contact;
    try {
      return await this.#reach(contact);
    } catch (failure) {
      if (relay === 'direct' || asShoalError(failure, 'UNREACHABLE').code !== 'BLOCKED') throw failure;
      return await this.#dialRelayed(address, peerId).catch(() => {
        throw failure;
      });
    }
  }

  /**
   * Dials an address.
   * @param expects - the peer that is wanted there; undefined: any. A link to another one is not made
   * @param connected - called when this call has made the connection, before its handshake
   * @throws ShoalError UNREACHABLE, TIMEOUT
   */
  async dial(address: Address, expects: PeerId | undefined, connected?: () => void): Promise<LinkedPeer> {
    const peer = await this.#dial(address, expects, connected);
    this.#backoff.answered(address, true, this.#options.clock.nowMs());
    if (expects === undefined || peer.contact.peerId === expects) return peer;
    throw anotherPeer(address);
  }

  /** Dials a peer that asks for it, once, unless its address rests. */
  async answerCall(peerId: PeerId, address: Address): Promise<void> {
    if (this.#waitMs(address) === 0) await this.dial(address, peerId).catch(() => {});
  }

  /** Whether the last dial to the address failed, and none is under way. */
  hasFailed(address: Address): boolean {
    return !this.#dials.has(formatAddress(address)) && this.#backoff.hasFailed(address);
  }

  /** Calls a peer and waits for its link. @throws ShoalError NOT_FOUND */
  summon(peerId: PeerId): Promise<LinkedPeer> {
    const { clock, call } = this.#options;
    return new Promise((resolve, reject) => {
      const fail = () => {
        done();
        reject(new ShoalError('NOT_FOUND', 'that peer did not connect'));
      };
      const cancel = clock.after(SUMMON_MS, fail);
      const stopListening = this.#onLinked(peerId, (peer) => {
        done();
        resolve(peer);
      });
      const done = () => {
        cancel();
        stopListening();
      };
      call(peerId).catch(fail);
    });
  }

  /** Forgets failures after a change of the network. */
  reset(): void {
    this.#backoff.reset();
  }

  close(): void {
    this.#stopping.abort();
  }

  // ---- called by the link table

  /** The address that was dialled for a link. */
  addressOf(link: PeerLink): Address | undefined {
    return this.#pending.get(link)?.address;
  }

  /** The handshake of a link with this peer is complete. */
  opened(link: PeerLink, peer: LinkedPeer): void {
    this.#pending.get(link)?.resolve(peer);
    this.#pending.delete(link);
  }

  /** A peer is linked, by whomever. */
  linked(peer: LinkedPeer): void {
    for (const tell of this.#awaited.get(peer.contact.peerId) ?? []) tell(peer);
  }

  failed(link: PeerLink, reason: ShoalError): void {
    const pending = this.#pending.get(link);
    this.#pending.delete(link);
    pending?.reject(reason);
  }

  #reach({ address, peerId, undialable }: KnownContact): Promise<LinkedPeer> {
    const waitMs = this.#waitMs(address);
    const notYet = () => notDialledYet(address, waitMs, this.#backoff.isSilent(address));
    if (this.#backoff.isProven(address))
      return waitMs > 0 ? Promise.reject(notYet()) : this.dial(address, peerId);
    const { call, clock } = this.#options;
    return reach({
      address,
      dial: waitMs > 0 ? undefined : (connected) => this.dial(address, peerId, connected),
      call: () => call(peerId),
      callFirst: undialable === true,
      onLinked: (listener) => this.#onLinked(peerId, listener),
      notYet,
      clock,
    });
  }

  #onLinked(peerId: PeerId, listener: (peer: LinkedPeer) => void): () => void {
    const listeners = this.#awaited.get(peerId) ?? new Set();
    this.#awaited.set(peerId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#awaited.delete(peerId);
    };
  }

  #waitMs(address: Address): number {
    return this.#backoff.waitMs(address, this.#options.clock.nowMs());
  }

  #dial(
    address: Address,
    expects: PeerId | undefined,
    connected: (() => void) | undefined,
  ): Promise<LinkedPeer> {
    const key = formatAddress(address);
    const { secure, clock } = this.#options;
    const { signal } = this.#stopping;
    const isNew = !this.#dials.has(key);
    const dial = this.#begin(key, { address, expects }, (link) =>
      secure.dial(address, link, { signal, connected }),
    );
    if (isNew)
      dial.dialled.catch((failure: unknown) => {
        const isSilent = asShoalError(failure, 'UNREACHABLE').code === 'TIMEOUT';
        if (dial.isOther) this.#backoff.answered(address, false, clock.nowMs());
        else this.#backoff.failed(address, clock.nowMs(), isSilent);
      });
    return dial.dialled;
  }

  async #dialRelayed(address: Address, peerId: PeerId): Promise<LinkedPeer> {
    const { secure, relayed } = this.#options;
    const { signal } = this.#stopping;
    const key = `relayed ${peerId}`;
    const { connection: over, relay } = await relayed(peerId);
    if (this.#dials.has(key)) over.stream.destroy();
    const wanted = { address, expects: peerId, via: { relay, address } };
    return this.#begin(key, wanted, (link) => secure.dial(address, link, { signal, over })).dialled;
  }

  /** Opens a link over a connection that `connect` makes, unless that is under way. */
  #begin(
    key: string,
    { address, expects, via }: { address: Address; expects: PeerId | undefined; via?: RelayVia },
    connect: (link: PeerLink) => Promise<ProvenStream>,
  ): Dial {
    const running = this.#dials.get(key);
    if (running !== undefined) {
      running.expected.add(expects);
      return running;
    }
    const link = this.#options.newLink(via);
    const expected = new Set([expects]);
    const start = (stream: ProvenStream) => {
      dial.isOther = !expected.has(undefined) && !expected.has(stream.provenId);
      if (!dial.isOther) return link.start(stream);
      stream.destroy();
      link.failed(anotherPeer(address));
    };
    const dialled = new Promise<LinkedPeer>((resolve, reject) => {
      this.#pending.set(link, { resolve, reject, address });
      connect(link).then(start, (failure: unknown) => link.failed(asShoalError(failure, 'UNREACHABLE')));
    });
    const dial: Dial = { expected, dialled, isOther: false };
    this.#dials.set(key, dial);
    const forget = () => this.#dials.delete(key);
    dialled.then(forget, forget);
    return dial;
  }
}

function anotherPeer(address: Address): ShoalError {
  return new ShoalError('UNREACHABLE', `another peer answers at ${formatAddress(address)}`, {
    hint: 'The peer may have another address now: search again.',
  });
}

/** @param isSilent - the last dial was accepted and not answered */
function notDialledYet(address: Address, waitMs: number, isSilent: boolean): ShoalError {
  const seconds = Math.ceil(waitMs / 1_000);
  const code = isSilent ? 'TIMEOUT' : 'UNREACHABLE';
  return new ShoalError(code, `${formatAddress(address)} did not answer: dialled again in ${seconds} s`);
}
