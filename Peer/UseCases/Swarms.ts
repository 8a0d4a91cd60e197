import type { FileId, PeerId } from '../../Protocol/Ids.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { type Clock, sleep } from '../../Shared/Time/Clock.ts';
import type { DownloadManager } from '../DownloadManager.ts';
import type { DownloadStatus } from '../DownloadModel.ts';
import type { FileManager } from '../FileManager.ts';
import type { Coverage, FileHolder, SwarmStatus } from '../Model.ts';
import type { NetworkManager } from '../NetworkManager.ts';
import { findContent, localContents } from './LocalContents.ts';
import { type SwarmFacts, summarizeSwarm } from './SwarmSummary.ts';

/** Validity of cached tracker answers about holders. */
const LOCATED_MS = 10_000;
/** Upper bound on waiting for such an answer. */
const LOCATE_WAIT_MS = 1_500;

export interface SwarmsOptions {
  readonly network: Pick<NetworkManager, 'links' | 'queries'>;
  readonly files: Pick<FileManager, 'list' | 'holdings'>;
  readonly downloads: Pick<DownloadManager, 'list'>;
  /** Peers that took all of a file from this one, whether they are here or not. */
  readonly finishers: (fileId: FileId) => readonly PeerId[];
  readonly clock: Clock;
}

interface Located {
  readonly atMs: number;
  readonly holders: readonly FileHolder[];
  readonly coverage: Coverage | undefined;
}

/** Reports the swarm of a file that is here or being downloaded. */
export class Swarms {
  readonly #options: SwarmsOptions;
  readonly #located = new Map<FileId, Located>();

  constructor(options: SwarmsOptions) {
    this.#options = options;
  }

  /** @throws ShoalError NOT_FOUND, AMBIGUOUS, USAGE (a folder), CANCELLED */
  async inspect(what: string, signal: AbortSignal): Promise<SwarmStatus> {
    const { fileId, size, path, download } = this.#find(what);
    const { holders, coverage } = await this.#locate(fileId, signal);
    if (signal.aborted) throw new ShoalError('CANCELLED', 'interrupted');
    const { network, files } = this.#options;
    const uploads = new Map(network.links.uploads().map((each) => [each.peer.peerId, each.bytesPerSecond]));
    const sources = new Map(download?.sources.map((each) => [each.peer.peerId, each.bytesPerSecond]));
    const own: SwarmFacts = {
      peer: undefined,
      have: files.holdings(fileId),
      bytes: download?.bytes, // Of a download that is not open.
      bytesPerSecond: download?.bytesPerSecond ?? 0,
      giving: 0,
      taking: 0,
      linked: true,
    };
    const linked = network.links.swarm(fileId).map(({ peer, have, bytesPerSecond }): SwarmFacts => {
      const [giving, taking] = [sources.get(peer.peerId) ?? 0, uploads.get(peer.peerId) ?? 0];
      return { peer, have, bytesPerSecond, giving, taking, linked: true };
    });
    const known = new Set(linked.map(({ peer }) => peer?.peerId));
    const unlinked = holders
      .filter(({ peerId }) => !known.has(peerId))
      .map(({ complete, ...peer }): SwarmFacts => {
        const have = complete ? 'all' : undefined;
        return { peer, have, bytesPerSecond: 0, giving: 0, taking: 0, linked: false };
      });
    const others = [...linked, ...unlinked].sort((a, b) => compare(a.peer?.name ?? '', b.peer?.name ?? ''));
    const here = new Set([...known, ...unlinked.map(({ peer }) => peer?.peerId)]);
    const left = this.#options.finishers(fileId).filter((peerId) => !here.has(peerId));
    return { ...summarizeSwarm({ fileId, path, size }, [own, ...others], left.length), coverage };
  }

  #find(what: string) {
    const downloads = this.#options.downloads.list();
    const numbered = downloads.find(({ number }) => String(number) === what);
    const folder =
      numbered?.fileId === undefined ? (numbered?.path ?? folderNamed(what, downloads)) : undefined;
    if (folder !== undefined) {
      throw new ShoalError('USAGE', `"${folder}" is a folder, and a swarm is about one file`, {
        hint: 'Name a file of it.',
      });
    }
    try {
      const content = findContent(
        numbered?.fileId ?? what,
        localContents(this.#options.files.list(''), downloads),
      );
      return { ...content, download: downloads.find(({ fileId }) => fileId === content.fileId) };
    } catch (failure) {
      if (!(failure instanceof ShoalError) || failure.code !== 'NOT_FOUND') throw failure;
      throw new ShoalError('NOT_FOUND', `"${what}" is neither shared nor being downloaded here`, {
        hint: (command) =>
          `swarm covers shared files and downloads (see: ${command('list')}, ${command('downloads')}). Get it first: ${command('download <file>')}`,
        cause: failure,
      });
    }
  }

  async #locate(fileId: FileId, signal: AbortSignal): Promise<Omit<Located, 'atMs'>> {
    const { network, clock } = this.#options;
    const known = this.#located.get(fileId);
    if (known !== undefined && clock.nowMs() - known.atMs < LOCATED_MS) return known;
    const earlier = known?.holders ?? [];
    let coverage: Coverage | undefined;
    const asked = network.queries
      .locate(fileId, signal, (each) => {
        coverage = each;
      })
      .catch(() => earlier);
    const late = sleep(clock, LOCATE_WAIT_MS, signal).then(() => earlier);
    const located = { atMs: clock.nowMs(), holders: await Promise.race([asked, late]), coverage };
    this.#located.clear(); // One entry suffices: users watch one file at a time.
    this.#located.set(fileId, located);
    return located;
  }
}

function folderNamed(what: string, downloads: readonly DownloadStatus[]): string | undefined {
  const wanted = what.endsWith('/') ? what : `${what}/`;
  return downloads.find(({ fileId, path }) => fileId === undefined && path === wanted)?.path;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
