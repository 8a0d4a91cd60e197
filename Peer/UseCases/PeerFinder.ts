import { isShortPeerId, namesPeer } from '../../Protocol/Ids.ts';
import { formatAddress, parseHostPort } from '../../Shared/Network/Address.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import type { PeerContact, PeerSummary, Self } from '../Model.ts';
import type { NetworkManager } from '../NetworkManager.ts';

export interface PeerFinderOptions {
  readonly network: Pick<NetworkManager, 'queries' | 'resolve'>;
  readonly self: Pick<Self, 'peerId' | 'name' | 'port'>;
}

/** Finds peers by user input: `ip:port`, `ip port`, name, or id prefix. */
export class PeerFinder {
  readonly #options: PeerFinderOptions;

  constructor(options: PeerFinderOptions) {
    this.#options = options;
  }

  /** @throws ShoalError NOT_FOUND, AMBIGUOUS, NO_TRACKER, LOCAL_CONFLICT (this peer) */
  async find(text: string, signal: AbortSignal): Promise<PeerContact> {
    const peers = await this.candidates(text, signal);
    if (peers.length > 0) return onlyPeer(text, peers);
    throw new ShoalError('LOCAL_CONFLICT', `"${text.trim()}" is this peer itself`, {
      hint: (command) => `See its files: ${command('list')}. See the other peers: ${command('peers')}`,
    });
  }

  /**
   * Peers that match the text, by the first rule with a match. An unknown address counts as a match.
   * @returns none for the name, id or address of this peer
   * @throws ShoalError NOT_FOUND, NO_TRACKER
   */
  async candidates(text: string, signal: AbortSignal): Promise<readonly PeerContact[]> {
    const { network } = this.#options;
    const typed = text.trim().replace(/\s+/, ':');
    const isSelf = this.isSelf(text.trim()) || this.isSelf(typed);
    const { peers } = await network.queries.peers(signal).catch((failure: unknown) => {
      if (isHostPort(typed) || isSelf) return { peers: [] };
      throw failure;
    });
    const found = matching(typed, text.trim(), peers);
    if (found.length > 0 || isSelf) return found;
    if (isHostPort(typed)) {
      const address = await network.resolve(parseHostPort(typed, 0), signal);
      const known = matching(formatAddress(address), text.trim(), peers);
      return known.length > 0 ? known : [{ peerId: undefined, name: '', address }];
    }
    if (isShortPeerId(text) === false)
      throw new ShoalError('NOT_FOUND', `the peer id ${text} is mistyped: its last character does not fit`);
    throw new ShoalError('NOT_FOUND', `no peer is called "${text}"`, {
      hint: (command) => `See who is here: ${command('peers')}`,
    });
  }

  /** Whether a text is the name, the id or a loopback address of this peer. */
  isSelf(text: string): boolean {
    const { peerId, name, port } = this.#options.self;
    const loopback = ['127.0.0.1', '::1'].map((host) => formatAddress({ host, port }));
    return text.toLowerCase() === name.toLowerCase() || loopback.includes(text) || namesPeer(text, peerId);
  }
}

/** @throws ShoalError AMBIGUOUS */
export function onlyPeer(text: string, peers: readonly PeerContact[]): PeerContact {
  const [peer, ...others] = peers;
  if (peer !== undefined && others.length === 0) return peer;
  throw ambiguous(`"${text}" could be ${peers.length} peers`, peers);
}

export function ambiguous(message: string, peers: readonly PeerContact[]): ShoalError {
  const names = peers.map((each) => `${each.name} ${formatAddress(each.address)}`);
  const more = names.length > 5 ? ` … and ${names.length - 5} more` : '';
  return new ShoalError('AMBIGUOUS', message, {
    hint: `Name one by address: ${names.slice(0, 5).join(', ')}${more}`,
  });
}

function matching(address: string, text: string, peers: readonly PeerSummary[]): readonly PeerSummary[] {
  const rules: ((peer: PeerSummary) => boolean)[] = [
    (peer) => formatAddress(peer.address) === address,
    (peer) => peer.name === text,
    (peer) => peer.name.toLowerCase() === text.toLowerCase(),
    (peer) => peer.address.host === text,
    (peer) => namesPeer(text, peer.peerId),
  ];
  for (const rule of rules) {
    const found = peers.filter(rule);
    if (found.length > 0) return found;
  }
  return [];
}

function isHostPort(text: string): boolean {
  try {
    return parseHostPort(text, 0).port > 0;
  } catch {
    return false;
  }
}
