import type { PeerId } from '../../../Protocol/Ids.ts';
import type { ByeReason, Hello } from '../../../Protocol/PeerMessages.ts';
import { unlessAborted } from '../../../Shared/Async/OnAbort.ts';
import type { Address } from '../../../Shared/Network/Address.ts';
import { ShoalError } from '../../../Shared/ShoalError.ts';
import type { KnownContact, PeerContact } from '../../Model.ts';
import type { Bans } from './Accepting/Bans.ts';
import type { PlainConnection } from './Accepting/PlainOpening.ts';
import type { ProvenStream } from './Accepting/Secure.ts';
import { LinkedPeer, type PeerContext } from './Link/LinkedPeer.ts';
import { type LinkEvents, PeerLink } from './Link/PeerLink.ts';
import { newLinkStays } from './Link/PeerSession.ts';
import { LinkDials, type LinkDialsOptions } from './LinkDials.ts';
import type { RelayVia } from './Relaying/RelayTypes.ts';

export interface LinkTableOptions extends Pick<LinkDialsOptions, 'call' | 'relayed'> {
  /** Our hello message. */
  readonly hello: () => Hello;
  readonly context: PeerContext;
  readonly bans: Bans;
  /** Whether a peer sends or receives chunks, or waits for them: its link is not evicted. */
  readonly busy: (peer: LinkedPeer) => boolean;
  readonly joined: (peer: LinkedPeer) => void;
  /** Reason undefined: an orderly goodbye. */
  readonly left: (peer: LinkedPeer, reason: ShoalError | undefined) => void;
  /** Called when a link ended with a protocol violation by the remote side. */
  readonly misbehaved: (host: string, reason: ShoalError) => void;
}

/** Peers that are redialled after our address changed. */
const DIALLED_AGAIN_MAX = 32;
/** Time for the hello of the other of two duplicate links. */
const DUPLICATE_GRACE_MS = 2_000;

/** All control links, at most one per peer: dials, accepts, and decides which of two duplicates stays. */
export class LinkTable implements LinkEvents {
  readonly #options: LinkTableOptions;
  readonly #peers = new Map<PeerId, LinkedPeer>();
  /** All links, before and after the handshake. */
  readonly #links = new Set<PeerLink>();
  /** Accepted links before the handshake: ends the deadline of their connection. */
  readonly #settles = new Map<PeerLink, () => void>();
  readonly #stopping = new AbortController();

  readonly #dials: LinkDials;

  constructor(options: LinkTableOptions) {
    this.#options = options;
    this.#dials = new LinkDials({
      ...options,
      secure: options.context.secure,
      clock: options.context.clock,
      newLink: (via) => this.#newLink(true, via),
    });
  }

  get peers(): readonly LinkedPeer[] {
    return [...this.#peers.values()];
  }

  /** Number of peers with an open lane for chunks to us. */
  get openLanes(): number {
    return this.peers.filter(({ lane }) => lane.isOpen).length;
  }

  get(peerId: PeerId): LinkedPeer | undefined {
    return this.#peers.get(peerId);
  }

  /** Returns the existing link or a new one. @throws ShoalError UNREACHABLE, TIMEOUT, BLOCKED, REFUSED, CANCELLED */
  async connect(
    contact: PeerContact,
    signal: AbortSignal = this.#stopping.signal,
    relay: 'relayed, if need be' | 'direct' = 'relayed, if need be',
  ): Promise<LinkedPeer> {
    const { peerId, address } = contact;
    const linked = this.#linked(contact);
    if (linked !== undefined) return linked;
    if (signal.aborted || this.#stopping.signal.aborted) throw new ShoalError('CANCELLED', 'cancelled');
    // An address without an id was typed by the user.
    const linking =
      peerId === undefined
        ? this.#dials.dial(address, undefined)
        : this.#dials.reach({ ...contact, peerId }, relay);
    return unlessAborted(linking, signal);
  }

  /** Whether the peer is not linked, and the last dial to its address failed. A dial under way has not failed yet. */
  dialFailed(contact: PeerContact): boolean {
    return this.#linked(contact) === undefined && this.#dials.hasFailed(contact.address);
  }

  /** The linked peer of that id; calls it first if necessary. @throws ShoalError NOT_FOUND */
  async summon(peerId: PeerId): Promise<LinkedPeer> {
    return this.#peers.get(peerId) ?? this.#dials.summon(peerId);
  }

  /** Dials a peer that asks for it, once. A link that it no longer has is probed. */
  async answerCall(peerId: PeerId, address: Address): Promise<void> {
    const linked = this.#peers.get(peerId);
    if (linked !== undefined && linked.link.via === undefined) linked.link.probe();
    else await this.#dials.answerCall(peerId, address);
  }

  /** Tests whether the link of a quiet peer is dead; takes some seconds. */
  probe(peerId: PeerId): void {
    this.#peers.get(peerId)?.link.probe();
  }

  /** Tests all links after a network change, which takes some seconds. All addresses may be dialled again at once. */
  probeAll(): void {
    this.#dials.reset();
    for (const { link } of this.#peers.values()) link.probe();
  }

  /** Redials peers after our address changed, so that they learn it before their old link times out. */
  dialAgain(): void {
    const direct = this.peers.filter(({ link }) => link.via === undefined);
    for (const { contact } of direct.slice(0, DIALLED_AGAIN_MAX))
      this.#dials.dial(contact.address, contact.peerId).catch(() => {});
  }

  /**
   * Accepts an incoming control link.
   * @param full - the connection limit is reached: the link is refused with that reason
   * @param settle - called after the handshake
   * @param via - the relay of the connection; undefined: it is direct
   */
  accept(stream: ProvenStream, full: boolean, settle: () => void, via?: RelayVia): PlainConnection {
    const link = this.#newLink(false, via);
    this.#settles.set(link, settle);
    link.start(stream);
    if (full) link.close('full');
    return { handler: link, idleMs: (nowMs) => this.#idleMs(link, nowMs), evict: () => link.close('idle') };
  }

  /** Ends the link with a banned peer. */
  drop(peerId: PeerId, reason: ShoalError): void {
    this.#peers.get(peerId)?.link.close('banned', reason);
  }

  /** Sends `bye` on all links; resolves when all connections are gone. */
  async close(): Promise<void> {
    this.#stopping.abort();
    this.#dials.close();
    const links = [...this.#links];
    for (const link of links) link.close('closing');
    await Promise.all(links.map((link) => link.gone));
  }

  // ---- LinkEvents

  opened(link: PeerLink, hello: Hello): void {
    const { bans, context, joined } = this.#options;
    this.#settles.get(link)?.();
    const contact = contactOf(link, hello, this.#dials.addressOf(link));
    if (bans.has(hello.peerId, context.clock.nowMs())) {
      link.close('banned', new ShoalError('REFUSED', 'we have banned this peer'));
      return;
    }
    const existing = this.#peers.get(hello.peerId);
    if (existing === undefined) {
      const peer = new LinkedPeer(contact, link, context);
      this.#peers.set(hello.peerId, peer);
      this.#dials.opened(link, peer);
      joined(peer);
      this.#dials.linked(peer);
      return;
    }
    this.#dials.opened(link, existing);
    const old = existing.link;
    const ownId = this.#options.hello().peerId;
    // A direct link always takes the place of a relayed one.
    const isBetter = old.via !== undefined && link.via === undefined;
    const isWorse = old.via === undefined && link.via !== undefined;
    const isNewer = () => newLinkStays(ownId, hello.peerId, endsOf(old, old.hello), endsOf(link, hello));
    if (old.isClosed) {
      existing.replaceLink(link, contact);
    } else if (isBetter || (!isWorse && isNewer())) {
      existing.replaceLink(link, contact);
      old.close('duplicate');
    } else {
      link.close('duplicate');
      // The remote side may have dialled because the old link is dead: the probe finds out.
      old.probe();
    }
  }

  received(link: PeerLink, message: Parameters<LinkedPeer['receive']>[0]): void {
    const peerId = link.hello?.peerId;
    const peer = peerId && this.#peers.get(peerId);
    if (peer?.link === link) peer.receive(message);
  }

  closed(link: PeerLink, error: ShoalError | undefined, bye: ByeReason | undefined): void {
    this.#settles.delete(link);
    // The remote side kept an older link.
    const why = bye === 'duplicate' ? 'the peer kept another link' : 'the peer closed the connection';
    const reason = error === undefined || bye === 'duplicate' ? new ShoalError('UNREACHABLE', why) : error;
    this.#dials.failed(link, reason);
    if (error?.code === 'BAD_FRAME') this.#options.misbehaved(link.remote.host, error);
    const peerId = link.hello?.peerId;
    const peer = peerId && this.#peers.get(peerId);
    if (peer?.link !== link) return;
    const end = () => {
      if (peer.link === link) this.#forget(peer, error && reason);
    };
    // The remaining link is on another connection, where its hello may arrive after this goodbye.
    if (bye === 'duplicate') this.#options.context.clock.after(DUPLICATE_GRACE_MS, end);
    else end();
  }

  #idleMs(link: PeerLink, nowMs: number): number | undefined {
    const peerId = link.hello?.peerId;
    const peer = peerId && this.#peers.get(peerId);
    return peer?.link === link && this.#options.busy(peer) ? undefined : link.idleMs(nowMs);
  }

  #forget(peer: LinkedPeer, error: ShoalError | undefined): void {
    this.#peers.delete(peer.contact.peerId);
    peer.end(error ?? new ShoalError('UNREACHABLE', 'the peer went offline'));
    this.#options.left(peer, error);
  }

  #newLink(dialledByUs: boolean, via?: RelayVia): PeerLink {
    const { hello, context } = this.#options;
    const link = new PeerLink(hello(), dialledByUs, context.clock, this, via);
    this.#links.add(link);
    void link.gone.then(() => this.#links.delete(link));
    return link;
  }

  #linked({ peerId, address }: PeerContact): LinkedPeer | undefined {
    return peerId === undefined ? this.#at(address) : this.#peers.get(peerId);
  }

  #at(address: Address): LinkedPeer | undefined {
    for (const peer of this.#peers.values()) {
      const known = peer.contact.address;
      if (known.port === address.port && known.host === address.host) return peer;
    }
    return undefined;
  }
}

function contactOf(link: PeerLink, hello: Hello, dialled: Address | undefined): KnownContact {
  const { peerId, name, port } = hello;
  const address = dialled ?? link.via?.address ?? { host: link.remote.host, port };
  return { peerId, name, address, ...(link.via && { relayedBy: link.via.relay.name }) };
}

function endsOf(link: PeerLink, hello: Hello | undefined) {
  const instanceId = hello?.instanceId ?? '';
  return { dialledByUs: link.dialledByUs, instanceId, host: link.remote.host };
}
