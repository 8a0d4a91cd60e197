import type { FileId } from '../../Protocol/Ids.ts';
import { SHARE_FILES_MAX } from '../../Protocol/Limits.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import type { Clock } from '../../Shared/Time/Clock.ts';
import { ListedFiles, type Listing } from '../DownloadManager.ts';
import type { CatalogEntry, PeerContact } from '../Model.ts';
import type { NetworkManager } from '../NetworkManager.ts';
import { timelyAnswers } from './TimelyAnswers.ts';

/** Peers that are asked for one folder. */
const PEERS_MAX = 64;
/** Bounds of all listings of one folder together. Beyond them the largest listing is dropped. */
const FILES_MAX = 2 * SHARE_FILES_MAX;
const CHARS_MAX = 192 * 1_048_576;
/** Characters that a file without its path counts for. */
const FILE_CHARS = 64;

export interface FolderListingsOptions {
  readonly network: Pick<NetworkManager, 'listFiles' | 'describe'> & {
    readonly links: Pick<NetworkManager['links'], 'connect' | 'dialFailed'>;
  };
  readonly clock: Clock;
}

/** Rounds of proofs: honest peers need one. Afterwards, listings that contradict each other are left out. */
const ROUNDS_MAX = 8;

/** A listing under way. */
interface OpenListing extends Listing {
  files: ListedFiles;
  readonly stop: AbortController;
  chars: number;
}

/** The files that several peers list below one folder, without listings of dishonest peers. */
export class FolderListings {
  readonly #options: FolderListingsOptions;

  constructor(options: FolderListingsOptions) {
    this.#options = options;
  }

  /**
   * Asks all peers at once; peers that are slow, fail, list too much or contradict the truth are left out. A peer
   * whose dial failed, and that is still being called, delays nothing when another one lists the folder.
   * @returns also the number of peers without an answer yet
   * @throws ShoalError CANCELLED
   */
  async gather(
    folder: string,
    peers: readonly PeerContact[],
    signal: AbortSignal,
  ): Promise<{ readonly listings: readonly Listing[]; readonly late: number }> {
    const open = new Set<OpenListing>();
    const asked = await timelyAnswers(
      peers.slice(0, PEERS_MAX),
      (peer, asking) => this.#list(peer, folder, open, asking),
      {
        ...this.#options,
        signal,
        suffice: (answers) => answers.some(({ files }) => files.length > 0),
        isGone: (peer) => isGone(peer, this.#options.network.links),
      },
    );
    const listings = asked.answers.filter((each) => open.has(each));
    return { listings: await this.#withoutFalseSizes(listings, signal), late: asked.late };
  }

  async #list(
    peer: PeerContact,
    folder: string,
    open: Set<OpenListing>,
    asking: AbortSignal,
  ): Promise<OpenListing> {
    const { network } = this.#options;
    const { peerId } = await network.links.connect(peer, asking);
    const stop = new AbortController();
    const signal = AbortSignal.any([asking, stop.signal]);
    const files = new ListedFiles();
    const listing: OpenListing = { holder: { ...peer, peerId, complete: true }, files, stop, chars: 0 };
    open.add(listing);
    try {
      for await (const page of network.listFiles(peer, folder, signal)) {
        if (signal.aborted) break;
        for (const file of page) {
          files.add(file);
          listing.chars += FILE_CHARS + file.path.length;
        }
        dropLargest(open);
      }
      return listing;
    } catch (failure) {
      open.delete(listing);
      throw failure;
    }
  }

  /**
   * A FileId has one size, which its chunk hashes prove. Each peer whose listing is contradicted by another one is
   * asked for the proof of one of its sizes; listings without a proof, and those that a proof contradicts, are left
   * out.
   */
  async #withoutFalseSizes(all: readonly Listing[], signal: AbortSignal): Promise<readonly Listing[]> {
    let listings = all;
    for (let round = 1; listings.length > 1; round++) {
      const doubtful = contradictions(listings);
      if (doubtful.size === 0) break;
      const sizes = round > ROUNDS_MAX ? new Map<FileId, number>() : await this.#prove(doubtful, signal);
      listings = listings.filter((listing) => {
        const claim = doubtful.get(listing);
        if (claim !== undefined && !sizes.has(claim.fileId)) return false;
        for (const { fileId, size } of listing.files) if ((sizes.get(fileId) ?? size) !== size) return false;
        return true;
      });
    }
    return listings;
  }

  /** The sizes that the peers prove within some seconds. */
  async #prove(
    claims: ReadonlyMap<Listing, CatalogEntry>,
    signal: AbortSignal,
  ): Promise<Map<FileId, number>> {
    const { answers } = await timelyAnswers(
      [...claims],
      ([{ holder }, { fileId }], asking) => this.#options.network.describe(holder, fileId, asking),
      { ...this.#options, signal, suffice: () => true },
    );
    return new Map(answers.map(({ fileId, layout }) => [fileId, layout.size]));
  }
}

/** Whether a peer is probably gone: it accepts no connection, and does not report that nobody can dial it. */
export function isGone(peer: PeerContact, links: Pick<NetworkManager['links'], 'dialFailed'>): boolean {
  return peer.undialable !== true && links.dialFailed(peer);
}

/** Stops and drops the largest listing when all together exceed the bounds. */
function dropLargest(open: Set<OpenListing>): void {
  let files = 0;
  let chars = 0;
  let largest: OpenListing | undefined;
  for (const each of open) {
    files += each.files.length;
    chars += each.chars;
    if (each.chars > (largest?.chars ?? 0)) largest = each;
  }
  if (largest === undefined || (files <= FILES_MAX && chars <= CHARS_MAX)) return;
  open.delete(largest);
  largest.stop.abort(new ShoalError('REFUSED', 'the file list of the peer is too long'));
  largest.files = new ListedFiles();
}

/** Each listing that another one contradicts about the size of a content, with one such file. */
function contradictions(listings: readonly Listing[]): ReadonlyMap<Listing, CatalogEntry> {
  const first = new Map<FileId, readonly [Listing, CatalogEntry]>();
  const found = new Map<Listing, CatalogEntry>();
  for (const listing of listings) {
    for (const file of listing.files) {
      const before = first.get(file.fileId);
      if (before === undefined) first.set(file.fileId, [listing, file]);
      else if (before[1].size !== file.size)
        for (const [each, claim] of [before, [listing, file] as const])
          if (!found.has(each)) found.set(each, claim);
    }
  }
  return found;
}
