import { type Clock, sleep } from '../../Shared/Clock.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import type { DownloadAnswer, VersionChoice } from '../CommandInterface.ts';
import type { DownloadManager } from '../DownloadManager.ts';
import type { FileManager } from '../FileManager.ts';
import { followInOrder } from './FollowInOrder.ts';
import type { ResolvedTarget } from './ResolvedTarget.ts';
import type { TargetResolver } from './TargetResolver.ts';

export interface DownloadingOptions {
  readonly resolver: TargetResolver;
  readonly downloads: DownloadManager;
  readonly files: FileManager;
  readonly clock: Clock;
  /** Timeout of a download without any source; undefined: none. */
  readonly giveUpMs: number | undefined;
}

/** Polling interval of an in-order reader for the next chunk. */
const FOLLOW_MS = 20;

/** Starts downloads by the names that users type. */
export class Downloading {
  readonly #options: DownloadingOptions;

  constructor(options: DownloadingOptions) {
    this.#options = options;
  }

  /** @param from - a peer whose name for the file applies; undefined: any peer */
  async start(
    what: string,
    from: string | undefined,
    signal: AbortSignal,
    choice?: VersionChoice,
  ): Promise<DownloadAnswer> {
    const { downloads } = this.#options;
    const found = await this.#resolve(what, from, signal, choice);
    if (found.kind === 'choose') return found;
    if (found.kind === 'file')
      return { kind: 'started', download: downloads.add({ ...found.wish, ...this.#patience() }) };
    const download = downloads.addFolder({ ...found.wish, ...this.#patience() });
    return { kind: 'started', download, note: found.note };
  }

  /**
   * Downloads one file in order and yields its bytes as they are verified; see followInOrder.
   * @param from - a peer whose name for the file applies; undefined: any peer
   * @throws ShoalError also USAGE for a folder, AMBIGUOUS
   */
  async *readInOrder(
    what: string,
    from: string | undefined,
    signal: AbortSignal,
    choice?: VersionChoice,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { downloads, files, clock } = this.#options;
    const found = await this.#resolve(what, from, signal, choice);
    if (found.kind !== 'file') throw notOneFile(what, found);
    const { fileId } = found.wish;
    const { number } = downloads.add({ ...found.wish, order: 'in order', ...this.#patience() });
    yield* followInOrder(
      fileId,
      {
        holdings: (id) => files.holdings(id),
        sizeOf: (id) => files.sizeOf(id),
        read: (id, chunk, offset, into) => files.read(id, chunk, offset, into),
        status: () => downloads.find(String(number)),
        changed: (until) => sleep(clock, FOLLOW_MS, until),
      },
      signal,
    );
  }

  #resolve(
    what: string,
    from: string | undefined,
    signal: AbortSignal,
    choice: VersionChoice | undefined,
  ): Promise<ResolvedTarget> {
    const { resolver } = this.#options;
    return from === undefined
      ? resolver.resolve(what, signal, choice)
      : resolver.resolveFrom(from, what, signal, choice);
  }

  #patience(): { readonly giveUpMs?: number } {
    const { giveUpMs } = this.#options;
    return giveUpMs === undefined ? {} : { giveUpMs };
  }
}

function notOneFile(what: string, found: Exclude<ResolvedTarget, { kind: 'file' }>): ShoalError {
  if (found.kind === 'folder') {
    return new ShoalError('USAGE', `"${what}" is a folder, and only one file can be read in order`, {
      hint: 'Name a file of it.',
    });
  }
  return new ShoalError('AMBIGUOUS', choiceMessage(what, found), {
    hint: 'Choose one by its id (see: search).',
  });
}

/** Says why the user has to choose: several contents have the name, or none has and some match its words. */
function choiceMessage(what: string, { hits, exact }: Extract<ResolvedTarget, { kind: 'choose' }>): string {
  if (exact) return `several different files are named "${what}"`;
  const [first] = hits;
  return hits.length === 1
    ? `no file is named "${what}"; the only similar one is ${first?.path}`
    : `no file is named "${what}"; ${hits.length} files match its words`;
}
