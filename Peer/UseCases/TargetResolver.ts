import type { FileId } from '../../Protocol/Ids.ts';
import { formatAddress, parseHostPort } from '../../Shared/Address.ts';
import type { Clock } from '../../Shared/Clock.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import {
  type FileWish,
  type FolderWish,
  isIdStart,
  type Listing,
  lastPart,
  matchName,
  planFolder,
} from '../DownloadManager.ts';
import type { PeerContact, PeerSummary, SearchHit } from '../Model.ts';
import { type NetworkManager, noTracker } from '../NetworkManager.ts';
import { FolderListings } from './FolderListings.ts';
import { timelyAnswers } from './TimelyAnswers.ts';

/** A download target resolved from user input. */
export type ResolvedTarget =
  | { readonly kind: 'file'; readonly wish: FileWish }
  | { readonly kind: 'folder'; readonly wish: FolderWish }
  | { readonly kind: 'choose'; readonly hits: readonly SearchHit[] };

export interface TargetEvents {
  /** Called before a folder is resolved. */
  folderRequested(): void;
  /** A number of peers did not list the folder in time, so that their files are left out. */
  slow(folder: string, peers: number): void;
}

/** Resolves user input (names, ids, folders, peers) to download targets by querying the network. */
export class TargetResolver {
  readonly #network: NetworkManager;
  readonly #clock: Clock;
  readonly #folders: FolderListings;
  readonly #events: TargetEvents;
  readonly #seen = new Map<FileId, SearchHit>();

  constructor(network: NetworkManager, clock: Clock, events: TargetEvents) {
    this.#network = network;
    this.#clock = clock;
    this.#folders = new FolderListings({ network, clock });
    this.#events = events;
  }

  /** Remembers displayed hits, so that id prefixes resolve to them later. */
  remember(hits: readonly SearchHit[]): void {
    for (const hit of hits) this.#seen.set(hit.fileId, hit);
  }

  /** @throws ShoalError NOT_FOUND, NO_TRACKER, USAGE */
  async resolve(what: string, signal: AbortSignal): Promise<ResolvedTarget> {
    if (what.endsWith('/')) return this.#findFolder(what, signal);
    const known = matchName(what, isIdStart(what) ? [...this.#seen.values()] : []);
    if (known.kind === 'one') return fileFound(known.hit);
    const { hits, trackers, peers = 0 } = await this.#network.queries.search(what, signal);
    this.remember(hits);
    const match = matchName(what, hits);
    if (match.kind === 'one') return fileFound(match.hit);
    if (match.kind !== 'none') return { kind: 'choose', hits: match.hits };
    if (trackers === 0 && peers === 0) throw noTracker();
    throw new ShoalError('NOT_FOUND', `nobody shares "${what}" now`, {
      hint: 'Try: search <part of the name>. For a folder end the name with "/".',
    });
  }

  /**
   * Resolves a file or folder by that peer's own name for it. Other holders of the content are located later.
   * @throws ShoalError NOT_FOUND, UNREACHABLE
   */
  async resolveAt(peer: PeerContact, what: string, signal: AbortSignal): Promise<ResolvedTarget> {
    const { peerId } = await this.#network.connect(peer, signal);
    const holder = { ...peer, peerId, complete: true };
    if (what.endsWith('/')) this.#events.folderRequested();
    const folder = what.replace(/\/+$/, '');
    const hits: SearchHit[] = [];
    const listing: Listing = { holder, files: [] };
    for await (const page of this.#network.listFiles(peer, what.endsWith('/') ? folder : '', signal)) {
      if (what.endsWith('/')) listing.files.push(...page);
      else
        for (const file of page) {
          const hit = { ...file, holders: [holder], holderCount: 1 };
          if (matchName(what, [hit]).kind === 'one') hits.push(hit);
        }
    }
    if (what.endsWith('/')) return this.#folderFound(folder, [listing]);
    const match = matchName(what, hits);
    if (match.kind === 'one') return fileFound(match.hit);
    const [first] = match.kind === 'several' ? match.hits : [];
    // The same content under several paths needs no choice.
    if (match.kind === 'several' && first && match.hits.every((hit) => hit.fileId === first.fileId))
      return fileFound(first);
    if (match.kind === 'several') return { kind: 'choose', hits: match.hits };
    throw new ShoalError('NOT_FOUND', `${formatAddress(peer.address)} does not share "${what}"`, {
      hint: `See what it shares: ls ${formatAddress(peer.address)}`,
    });
  }

  /**
   * Like `resolveAt`, at the peer named by `text`. If `text` is an IP with several peers: at those that share
   * `what`.
   * @throws ShoalError like findPeer and resolveAt; AMBIGUOUS when those peers share different content under that
   * name
   */
  async resolveFrom(text: string, what: string, signal: AbortSignal): Promise<ResolvedTarget> {
    const peers = await this.#candidates(text, signal);
    const [peer] = peers;
    if (
      peer === undefined ||
      peers.length === 1 ||
      !peers.every(({ address }) => address.host === text.trim())
    )
      return this.resolveAt(onlyPeer(text, peers), what, signal);
    const { answers: having } = await timelyAnswers(
      peers,
      async (each, asking) => ({ peer: each, found: await this.resolveAt(each, what, asking) }),
      { clock: this.#clock, signal, suffice: (answers) => answers.length > 0 },
    );
    const [one, ...others] = having;
    if (one === undefined) {
      throw new ShoalError('NOT_FOUND', `none of the ${peers.length} peers at ${text} shares "${what}"`, {
        hint: `See what one shares: ls ${formatAddress(peer.address)}`,
      });
    }
    if (others.length === 0) return one.found;
    const holders = having.map((each) => each.found).flatMap((found) => holdersOf(found, one.found) ?? []);
    if (one.found.kind === 'file' && holders.length === having.length)
      return { kind: 'file', wish: { ...one.found.wish, holders } };
    throw ambiguous(
      `"${what}" is not the same at ${having.length} peers of ${text}`,
      having.map((each) => each.peer),
    );
  }

  /**
   * Finds a peer by `ip:port`, `ip port`, name, or id prefix.
   * @throws ShoalError NOT_FOUND, AMBIGUOUS, NO_TRACKER
   */
  async findPeer(text: string, signal: AbortSignal): Promise<PeerContact> {
    return onlyPeer(text, await this.#candidates(text, signal));
  }

  /** Peers that match the text, by the first rule with a match. An unknown address counts as a match. */
  async #candidates(text: string, signal: AbortSignal): Promise<readonly PeerContact[]> {
    const typed = text.trim().replace(/\s+/, ':');
    const peers = await this.#network.queries.peers(signal).catch((failure: unknown) => {
      if (isHostPort(typed)) return [];
      throw failure;
    });
    const found = candidates(typed, text.trim(), peers);
    if (found.length > 0) return found;
    if (isHostPort(typed)) return [{ peerId: undefined, name: '', address: parseHostPort(typed, 0) }];
    throw new ShoalError('NOT_FOUND', `no peer is called "${text}"`, { hint: 'See who is here: peers' });
  }

  async #findFolder(what: string, signal: AbortSignal): Promise<ResolvedTarget> {
    this.#events.folderRequested();
    const folder = what.replace(/\/+$/, '');
    const holders = await this.#network.queries.folderHolders(folder, signal);
    const { listings, late } = await this.#folders.gather(folder, holders, signal);
    if (late > 0 && listings.length > 0) this.#events.slow(folder, late);
    return this.#folderFound(folder, listings);
  }

  #folderFound(folder: string, listings: readonly Listing[]): ResolvedTarget {
    const files = planFolder(folder, listings);
    if (files.length === 0) {
      throw new ShoalError('NOT_FOUND', `nobody shares a folder "${folder}/" now`, {
        hint: 'Folder names are exact. See what a peer shares: ls <peer>',
      });
    }
    return { kind: 'folder', wish: { path: lastPart(folder), files } };
  }
}

function fileFound(hit: SearchHit): ResolvedTarget {
  const { fileId, size, holders } = hit;
  return { kind: 'file', wish: { fileId, size, holders, path: lastPart(hit.path) } };
}

/** @throws ShoalError AMBIGUOUS */
function onlyPeer(text: string, peers: readonly PeerContact[]): PeerContact {
  const [peer, ...others] = peers;
  if (peer !== undefined && others.length === 0) return peer;
  throw ambiguous(`"${text}" could be ${peers.length} peers`, peers);
}

function ambiguous(message: string, peers: readonly PeerContact[]): ShoalError {
  const names = peers.map((each) => `${each.name} ${formatAddress(each.address)}`);
  const more = names.length > 5 ? ` … and ${names.length - 5} more` : '';
  return new ShoalError('AMBIGUOUS', message, {
    hint: `Name one by address: ${names.slice(0, 5).join(', ')}${more}`,
  });
}

/** Holders of the same file; undefined for other content. */
function holdersOf(found: ResolvedTarget, same: ResolvedTarget): FileWish['holders'] | undefined {
  if (found.kind !== 'file' || same.kind !== 'file' || found.wish.fileId !== same.wish.fileId)
    return undefined;
  return found.wish.holders;
}

function candidates(address: string, text: string, peers: readonly PeerSummary[]): readonly PeerSummary[] {
  const rules: ((peer: PeerSummary) => boolean)[] = [
    (peer) => formatAddress(peer.address) === address,
    (peer) => peer.name === text,
    (peer) => peer.name.toLowerCase() === text.toLowerCase(),
    (peer) => peer.address.host === text,
    (peer) => /^[0-9a-f]{4,64}$/i.test(text) && peer.peerId.startsWith(text.toLowerCase()),
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
