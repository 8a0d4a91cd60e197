import type { PeerId } from '../../../Protocol/Ids.ts';
import type { ByeReason, Hello } from '../../../Protocol/PeerMessages.ts';
import { type Address, formatAddress } from '../../../Shared/Address.ts';
import { unlessAborted } from '../../../Shared/OnAbort.ts';
import { asShoalError, ShoalError } from '../../../Shared/ShoalError.ts';
import type { KnownContact, PeerContact } from '../../Model.ts';
import type { Bans } from './Accepting/Bans.ts';
import type { PlainConnection } from './Accepting/PlainOpening.ts';
import type { ProvenStream } from './Accepting/Secure.ts';
import { DialBackoff } from './Dialling/DialBackoff.ts';
import { reach } from './Dialling/Reach.ts';
import { LinkedPeer, type PeerContext } from './LinkedPeer.ts';
import { type LinkEvents, PeerLink } from './PeerLink.ts';
import { newLinkStays } from './PeerSession.ts';

export interface LinkTableOptions {
  /** Our hello message. */
  readonly hello: () => Hello;
  readonly context: PeerContext;
  readonly bans: Bans;
  /** Asks a peer to dial us. @throws ShoalError when nobody passes that on */
  readonly call: (peerId: PeerId) => Promise<void>;
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

interface Dial {
  /** Peers that are wanted at the address; undefined: any. */
  readonly expected: Set<PeerId | undefined>;
  readonly dialled: Promise<LinkedPeer>;
}

interface Dialling {
  readonly resolve: (peer: LinkedPeer) => void;
  readonly reject: (reason: ShoalError) => void;
}

/** All control links, at most one per peer: dials, accepts, and decides which of two duplicates stays. */
export class LinkTable implements LinkEvents {
  readonly #options: LinkTableOptions;
  readonly #peers = new Map<PeerId, LinkedPeer>();
  /** All links, before and after the handshake. */
  readonly #links = new Set<PeerLink>();
  readonly #backoff = new DialBackoff();
  /** Running dials by address. */
  readonly #dials = new Map<string, Dial>();
  readonly #dialling = new Map<PeerLink, Dialling & { readonly address: Address }>();
  /** Accepted links before the handshake: ends the deadline of their connection. */
  readonly #settles = new Map<PeerLink, () => void>();
  /** Waiters for a link with a peer, by whomever dialled. */
  readonly #awaited = new Map<PeerId, Set<(peer: LinkedPeer) => void>>();
  readonly #stopping = new AbortController();

  constructor(options: LinkTableOptions) {
    this.#options = options;
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
  async connect(contact: PeerContact, signal: AbortSignal): Promise<LinkedPeer> {
    const { peerId, address } = contact;
    const linked = peerId === undefined ? this.#at(address) : this.#peers.get(peerId);
    if (linked !== undefined) return linked;
    if (signal.aborted || this.#stopping.signal.aborted) throw new ShoalError('CANCELLED', 'cancelled');
    // An address without an id was typed by the user.
    const linking =
      peerId === undefined
        ? this.#dialPeer(address, undefined)
        : this.#reach(address, peerId, contact.undialable === true);
    return unlessAborted(linking, signal);
  }

  /** Dials a peer that asks for it, once. A link that it no longer has is probed. */
  async answerCall(peerId: PeerId, address: Address): Promise<void> {
    const linked = this.#peers.get(peerId);
    if (linked !== undefined) linked.link.probe();
    else if (this.#waitMs(address) === 0) await this.#dialPeer(address, peerId).catch(() => {});
  }

  /** Tests whether the link of a quiet peer is dead; takes some seconds. */
  probe(peerId: PeerId): void {
    this.#peers.get(peerId)?.link.probe();
  }

  /** Tests all links after a network change, which takes some seconds. All addresses may be dialled again at once. */
  probeAll(): void {
    this.#backoff.reset();
    for (const { link } of this.#peers.values()) link.probe();
  }

  /** Redials peers after our address changed, so that they learn it before their old link times out. */
  dialAgain(): void {
    for (const { contact } of this.peers.slice(0, DIALLED_AGAIN_MAX))
      this.#dial(contact.address, contact.peerId).catch(() => {});
  }

  /**
   * Accepts an incoming control link.
   * @param full - the connection limit is reached: the link is refused with that reason
   * @param settle - called after the handshake
   */
  accept(stream: ProvenStream, full: boolean, settle: () => void): PlainConnection {
    const link = this.#newLink(false);
    this.#settles.set(link, settle);
    link.start(stream);
    if (full) link.close('full');
    return { handler: link, idleMs: (nowMs) => this.#idleMs(link, nowMs), evict: () => link.close('idle') };
  }

  /** Ends the link with a banned peer. */
  drop(peerId: PeerId, reason: ShoalError): void {
    this.#peers.get(peerId)?.link.close('banned', reason);
  }

  /** Says goodbye on all links; resolves when all connections are gone. */
  async close(): Promise<void> {
    this.#stopping.abort();
    const links = [...this.#links];
    for (const link of links) link.close('closing');
    await Promise.all(links.map((link) => link.gone));
  }

  // ---- LinkEvents

  opened(link: PeerLink, hello: Hello): void {
    const { bans, context, joined } = this.#options;
    this.#settles.get(link)?.();
    const contact = contactOf(link, hello, this.#dialling.get(link)?.address);
    if (bans.has(hello.peerId, context.clock.nowMs())) {
      link.close('banned', new ShoalError('REFUSED', 'we have banned this peer'));
      return;
    }
    const existing = this.#peers.get(hello.peerId);
    if (existing === undefined) {
      const peer = new LinkedPeer(contact, link, context);
      this.#peers.set(hello.peerId, peer);
      this.#dialled(link, peer);
      joined(peer);
      for (const tell of this.#awaited.get(hello.peerId) ?? []) tell(peer);
      return;
    }
    this.#dialled(link, existing);
    const old = existing.link;
    const ownId = this.#options.hello().peerId;
    if (old.isClosed) {
      existing.replaceLink(link, contact);
    } else if (newLinkStays(ownId, hello.peerId, endsOf(old, old.hello), endsOf(link, hello))) {
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
    const dialling = this.#dialling.get(link);
    this.#dialling.delete(link);
    this.#settles.delete(link);
    // The remote side kept an older link.
    const why = bye === 'duplicate' ? 'the peer kept another link' : 'the peer closed the connection';
    const reason = error === undefined || bye === 'duplicate' ? new ShoalError('UNREACHABLE', why) : error;
    dialling?.reject(reason);
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

  #dialled(link: PeerLink, peer: LinkedPeer): void {
    this.#dialling.get(link)?.resolve(peer);
    this.#dialling.delete(link);
  }

  #newLink(dialledByUs: boolean): PeerLink {
    const link = new PeerLink(this.#options.hello(), dialledByUs, this.#options.context.clock, this);
    this.#links.add(link);
    void link.gone.then(() => this.#links.delete(link));
    return link;
  }

  #at(address: Address): LinkedPeer | undefined {
    for (const peer of this.#peers.values()) {
      const known = peer.contact.address;
      if (known.port === address.port && known.host === address.host) return peer;
    }
    return undefined;
  }

  #waitMs(address: Address): number {
    return this.#backoff.waitMs(address, this.#options.context.clock.nowMs());
  }

  async #dialPeer(address: Address, peerId: PeerId | undefined): Promise<LinkedPeer> {
    const peer = await this.#dial(address, peerId);
    this.#backoff.answered(address, true, this.#options.context.clock.nowMs());
    if (peerId === undefined || peer.contact.peerId === peerId) return peer;
    throw anotherPeer(address);
  }

  /** Dials the peer, or has it dial us, unless it answered at that address before. */
  #reach(address: Address, peerId: PeerId, callFirst: boolean): Promise<LinkedPeer> {
    const waitMs = this.#waitMs(address);
    if (this.#backoff.isProven(address)) {
      return waitMs > 0 ? Promise.reject(notDialledYet(address, waitMs)) : this.#dialPeer(address, peerId);
    }
    const { call, context } = this.#options;
    return reach({
      address,
      dial: waitMs > 0 ? undefined : () => this.#dialPeer(address, peerId),
      call: () => call(peerId),
      callFirst,
      onLinked: (listener) => this.#onLinked(peerId, listener),
      notYet: () => notDialledYet(address, waitMs),
      clock: context.clock,
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

  /** @param expects - the peer that is wanted at this address; undefined: any. A link to another one is not made. */
  #dial(address: Address, expects: PeerId | undefined): Promise<LinkedPeer> {
    const key = formatAddress(address);
    const running = this.#dials.get(key);
    if (running !== undefined) {
      running.expected.add(expects);
      return running.dialled;
    }
    const link = this.#newLink(true);
    const expected = new Set([expects]);
    let isOther = false;
    const start = (stream: ProvenStream) => {
      isOther = !expected.has(undefined) && !expected.has(stream.provenId);
      if (!isOther) return link.start(stream);
      stream.destroy();
      link.failed(anotherPeer(address));
    };
    const dialled = new Promise<LinkedPeer>((resolve, reject) => {
      this.#dialling.set(link, { resolve, reject, address });
      this.#options.context.secure
        .dial(address, link, { signal: this.#stopping.signal })
        .then(start, (failure: unknown) => link.failed(asShoalError(failure, 'UNREACHABLE')));
    });
    this.#dials.set(key, { expected, dialled });
    const forget = () => this.#dials.delete(key);
    dialled.then(forget, () => {
      forget();
      const nowMs = this.#options.context.clock.nowMs();
      if (isOther) this.#backoff.answered(address, false, nowMs);
      else this.#backoff.failed(address, nowMs);
    });
    return dialled;
  }
}

function anotherPeer(address: Address): ShoalError {
  return new ShoalError('UNREACHABLE', `another peer answers at ${formatAddress(address)}`, {
    hint: 'The peer may have another address now: search again.',
  });
}

function notDialledYet(address: Address, waitMs: number): ShoalError {
  const seconds = Math.ceil(waitMs / 1_000);
  return new ShoalError(
    'UNREACHABLE',
    `${formatAddress(address)} did not answer: dialled again in ${seconds} s`,
  );
}

function contactOf(link: PeerLink, hello: Hello, dialled: Address | undefined): KnownContact {
  const { peerId, name, port } = hello;
  return { peerId, name, address: dialled ?? { host: link.remote.host, port } };
}

function endsOf(link: PeerLink, hello: Hello | undefined) {
  const instanceId = hello?.instanceId ?? '';
  return { dialledByUs: link.dialledByUs, instanceId, host: link.remote.host };
}
