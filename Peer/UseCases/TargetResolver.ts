import type { FileId } from '../../Protocol/Ids.ts';
import { isListedFolder } from '../../Protocol/ListedFile.ts';
import { BoundedMap } from '../../Shared/BoundedMap.ts';
import { formatAddress } from '../../Shared/Network/Address.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import type { Clock, WallClock } from '../../Shared/Time/Clock.ts';
import type { VersionChoice } from '../CommandInterface.ts';
import {
  type FileWish,
  folderNamed,
  isIdStart,
  ListedFiles,
  type Listing,
  lastPart,
  matchName,
  planFolder,
  takeVersion,
} from '../DownloadManager.ts';
import { portablePath } from '../FileManager.ts';
import type { Coverage, PeerContact, SearchHit } from '../Model.ts';
import type { NetworkManager } from '../NetworkManager.ts';
import { FolderListings, isGone } from './FolderListings.ts';
import { type OwnFiles, OwnTargets } from './OwnTargets.ts';
import { ambiguous, onlyPeer, PeerFinder, type PeerFinderOptions } from './PeerFinder.ts';
import { folderRefused, type ResolvedTarget, refuseRoot } from './ResolvedTarget.ts';
import { timelyAnswers } from './TimelyAnswers.ts';

export interface TargetResolverOptions extends PeerFinderOptions {
  readonly network: NetworkManager;
  readonly files: OwnFiles;
  readonly clock: Clock;
  readonly wallMs: WallClock;
  /** Called before a folder is resolved. */
  readonly folderRequested: () => void;
  /** Called when a number of peers did not list the folder in time, so that their files are left out. */
  readonly slow: (folder: string, peers: number) => void;
  /** Called when not all trackers named their peers with files in the folder. */
  readonly partial: (folder: string, coverage: Coverage) => void;
}

interface Choice extends VersionChoice {
  /** A folder is refused, without the listings of all its holders. */
  readonly onlyFile?: boolean;
}

/** Displayed hits that are remembered: clients over HTTP search, too. The one displayed longest ago is evicted. */
const SEEN_MAX = 10_000;

/** Resolves user input (names, ids, folders) to download targets by querying the network. */
export class TargetResolver {
  readonly peers: PeerFinder;
  readonly #options: TargetResolverOptions;
  readonly #network: NetworkManager;
  readonly #folders: FolderListings;
  readonly #own: OwnTargets;
  readonly #seen = new BoundedMap<FileId, SearchHit>(SEEN_MAX);

  constructor(options: TargetResolverOptions) {
    this.#options = options;
    this.#network = options.network;
    this.#folders = new FolderListings(options);
    this.#own = new OwnTargets(options.files);
    this.peers = new PeerFinder(options);
  }

  /** Remembers displayed hits, so that id prefixes resolve to them later. */
  remember(hits: readonly SearchHit[]): void {
    for (const hit of hits) this.#seen.set(hit.fileId, hit);
  }

  /**
   * Resolves a name. Content of the own share keeps its path there; files that only the own share has are found too.
   * @throws ShoalError NOT_FOUND, NO_TRACKER, USAGE
   */
  async resolve(what: string, signal: AbortSignal, choice: Choice = {}): Promise<ResolvedTarget> {
    try {
      const found = await this.#resolve(what, signal, choice);
      if (found.kind === 'folder') return found;
      const own = this.#own.find(what);
      if (found.kind === 'choose') return found.exact ? found : (own ?? found);
      const isHere = own?.kind === 'file' && own.wish.fileId === found.wish.fileId;
      return isHere ? { ...found, wish: { ...found.wish, path: own.wish.path } } : found;
    } catch (failure) {
      const isNone =
        failure instanceof ShoalError && (failure.code === 'NOT_FOUND' || failure.code === 'NO_TRACKER');
      const own = isNone ? this.#own.find(what) : undefined;
      if (own === undefined) throw failure;
      return own;
    }
  }

  async #resolve(what: string, signal: AbortSignal, choice: Choice): Promise<ResolvedTarget> {
    if (choice.onlyFile === true && what.endsWith('/')) throw folderRefused(what);
    refuseRoot(what);
    if (what.endsWith('/')) return this.#findFolder(what, signal, choice);
    const known = matchName(what, isIdStart(what) ? [...this.#seen.values()] : []);
    if (known.kind === 'one') return fileFound(known.hit);
    const { hits, trackers, peers = 0 } = await this.#network.queries.search(what, signal);
    this.remember(hits);
    const match = matchName(what, hits);
    if (match.kind === 'one') return fileFound(match.hit, match.twins);
    if (match.kind === 'several') return this.#oneOf(match.hits, choice);
    const folder = folderNamed(what, hits);
    if (folder !== undefined && choice.onlyFile === true) throw folderRefused(what);
    if (folder !== undefined) return asFolder(what, await this.#findFolder(folder, signal, choice));
    if (match.kind === 'similar') return { kind: 'choose', hits: match.hits, exact: false };
    if (trackers === 0 && peers === 0) throw this.#network.trackers.noTracker();
    throw new ShoalError('NOT_FOUND', `nobody shares "${what}" now`, {
      hint: (command) => `Try: ${command('search <part of the name>')}. For a folder end the name with "/".`,
    });
  }

  /**
   * Resolves a file or folder by that peer's own name for it. Other holders of the content are located later.
   * @throws ShoalError NOT_FOUND, UNREACHABLE
   */
  async resolveAt(
    peer: PeerContact,
    what: string,
    signal: AbortSignal,
    choice: VersionChoice = {},
  ): Promise<ResolvedTarget> {
    refuseRoot(what);
    const { peerId } = await this.#network.links.connect(peer, signal);
    const holder = { ...peer, peerId, complete: true };
    const isFolder = what.endsWith('/');
    if (isFolder) this.#options.folderRequested();
    const hits: SearchHit[] = [];
    const listing = { holder, files: new ListedFiles() };
    const from = isFolder ? what.replace(/\/+$/, '') : '';
    for await (const page of this.#network.listFiles(peer, from, signal)) {
      for (const file of page) {
        const hit = { ...file, holders: [holder], holderCount: 1 };
        if (!isFolder && !isListedFolder(file) && matchName(what, [hit]).kind === 'one') hits.push(hit);
        else if (isFolder || folderNamed(what, [file]) !== undefined) listing.files.add(file);
      }
    }
    if (isFolder) return this.#folderFound(from, [listing], choice);
    const match = matchName(what, hits);
    if (match.kind === 'one') return fileFound(match.hit, match.twins);
    const [first] = match.kind === 'several' ? match.hits : [];
    // The same content under several paths needs no choice.
    if (match.kind === 'several' && first && match.hits.every((hit) => hit.fileId === first.fileId))
      return fileFound(first);
    if (match.kind === 'several') return this.#oneOf(match.hits, choice);
    const folder = folderNamed(what, listing.files);
    if (folder !== undefined) return asFolder(what, this.#folderFound(folder, [listing], choice));
    throw new ShoalError('NOT_FOUND', `${formatAddress(peer.address)} does not share "${what}"`, {
      hint: (command) => `See what it shares: ${command(`ls ${formatAddress(peer.address)}`)}`,
    });
  }

  /**
   * Like `resolveAt`, at the peer named by `text`. If `text` is an IP with several peers: at those that share
   * `what`.
   * @throws ShoalError like PeerFinder.find and resolveAt; AMBIGUOUS when they share different content under that name
   */
  async resolveFrom(
    text: string,
    what: string,
    signal: AbortSignal,
    choice: VersionChoice = {},
  ): Promise<ResolvedTarget> {
    const peers = await this.peers.candidates(text, signal);
    const [peer] = peers;
    if (peer === undefined) return this.#own.require(what);
    if (peers.length === 1 || !peers.every(({ address }) => address.host === text.trim()))
      return this.resolveAt(onlyPeer(text, peers), what, signal, choice);
    const { answers: having } = await timelyAnswers(
      peers,
      async (each, asking) => ({ peer: each, found: await this.resolveAt(each, what, asking, choice) }),
      {
        clock: this.#options.clock,
        signal,
        suffice: (answers) => answers.length > 0,
        isGone: (each) => isGone(each, this.#network.links),
      },
    );
    const [one, ...others] = having;
    if (one === undefined) {
      throw new ShoalError('NOT_FOUND', `none of the ${peers.length} peers at ${text} shares "${what}"`, {
        hint: (command) => `See what one shares: ${command(`ls ${formatAddress(peer.address)}`)}`,
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

  async #findFolder(what: string, signal: AbortSignal, choice: VersionChoice): Promise<FolderTarget> {
    const { slow, partial, folderRequested } = this.#options;
    folderRequested();
    const folder = what.replace(/\/+$/, '');
    const holders = await this.#network.queries.folderHolders(folder, signal, (coverage) => {
      const { trackers, trackersKnown = trackers } = coverage;
      if (trackers > 0 && trackers < trackersKnown) partial(folder, coverage);
    });
    const { listings, late } = await this.#folders.gather(folder, holders, signal);
    if (late > 0 && listings.length > 0) slow(folder, late);
    return this.#folderFound(folder, listings, choice);
  }

  /** Chooses one of several contents with the wanted name, or leaves the choice to the user. */
  #oneOf(hits: readonly SearchHit[], { newest = false, other }: VersionChoice): ResolvedTarget {
    const [first] = hits;
    const named =
      other === undefined ? undefined : hits.find(({ fileId }) => fileId.startsWith(other.toLowerCase()));
    // Files beside no folder share a name by chance; those with the same folders are versions of one file.
    const isOneFile = first?.path.includes('/') === true && hits.every(({ path }) => path === first.path);
    const dated = hits.flatMap((hit) =>
      hit.modifiedMs === undefined ? [] : [asVersion(hit, hit.modifiedMs)],
    );
    if (named !== undefined) return fileFound(named);
    if (dated.length < hits.length || !(isOneFile || newest)) return { kind: 'choose', hits, exact: true };
    const { taken, others } = takeVersion(dated, { wallMs: this.#options.wallMs() });
    const { wish } = fileFound(taken.hit);
    const versions = [{ path: taken.hit.path, taken, others }];
    return { kind: 'file', wish: { ...wish, versions } };
  }

  #folderFound(folder: string, listings: readonly Listing[], { other }: VersionChoice): FolderTarget {
    const own = this.#options.files.list(folder);
    const { files, versions } = planFolder(folder, listings, {
      own,
      other,
      portable: portablePath,
      wallMs: this.#options.wallMs(),
    });
    if (files.length === 0) {
      throw new ShoalError('NOT_FOUND', `nobody shares a folder "${folder}/" now`, {
        hint: (command) => `Folder names are exact. See what a peer shares: ${command('ls <peer>')}`,
      });
    }
    return { kind: 'folder', wish: { path: lastPart(folder), files, versions } };
  }
}

type FolderTarget = Extract<ResolvedTarget, { kind: 'folder' }>;

function asFolder(what: string, found: FolderTarget): FolderTarget {
  return { ...found, note: `"${what}" is a folder: ${found.wish.path}/` };
}

function asVersion(hit: SearchHit, modifiedMs: number) {
  const { fileId, size, holderCount } = hit;
  return { hit, fileId, size, modifiedMs, copies: holderCount, isHere: false };
}

/** @param twins - other contents whose name looks the same */
function fileFound(
  hit: SearchHit,
  [twin]: readonly SearchHit[] = [],
): Extract<ResolvedTarget, { kind: 'file' }> {
  const { fileId, size, holders, modifiedMs, executable } = hit;
  const wish = { fileId, size, holders, modifiedMs, executable, path: lastPart(hit.path) };
  if (twin === undefined || twin.fileId === fileId) return { kind: 'file', wish };
  const other = twin.fileId.slice(0, 12);
  return { kind: 'file', wish, note: `another file has the same name in another Unicode form: ${other}` };
}

/** Holders of the same file; undefined for other content. */
function holdersOf(found: ResolvedTarget, same: ResolvedTarget): FileWish['holders'] | undefined {
  if (found.kind !== 'file' || same.kind !== 'file' || found.wish.fileId !== same.wish.fileId)
    return undefined;
  return found.wish.holders;
}
