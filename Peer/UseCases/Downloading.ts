import { ShoalError } from '../../Shared/ShoalError.ts';
import type { DownloadAnswer, VersionChoice } from '../CommandInterface.ts';
import type { DownloadManager } from '../DownloadManager.ts';
import type { ResolvedTarget } from './ResolvedTarget.ts';
import type { TargetResolver } from './TargetResolver.ts';

export interface DownloadingOptions {
  readonly resolver: TargetResolver;
  readonly downloads: DownloadManager;
  /** Timeout of a download without any source; undefined: none. */
  readonly giveUpMs: number | undefined;
}

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
    const download =
      found.kind === 'file'
        ? downloads.add({ ...found.wish, ...this.#patience() })
        : downloads.addFolder({ ...found.wish, ...this.#patience() });
    return { kind: 'started', download, note: found.note };
  }

  /**
   * Yields the bytes of one file in order while it is fetched, without storing it. A slow reader slows the fetch.
   * @param from - a peer whose name for the file applies; undefined: any peer
   * @throws ShoalError also USAGE for a folder, AMBIGUOUS
   */
  async *readInOrder(
    what: string,
    from: string | undefined,
    signal: AbortSignal,
    choice?: VersionChoice,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { downloads } = this.#options;
    const found = await this.#resolve(what, from, signal, choice);
    if (found.kind !== 'file') throw notOneFile(what, found);
    const reader = { host: 'here', own: true, isPatient: true };
    const stream = await downloads.streams.open({ ...found.wish, ...this.#patience() }, reader, signal);
    try {
      yield* stream.read({ from: 0, to: stream.size }, AbortSignal.any([signal, stream.evicted]));
    } finally {
      stream.close();
    }
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
    hint: (command) => `Choose one by its id (see: ${command('search')}).`,
  });
}

/** The error of an ambiguous name: several contents have the name, or none has and some match its words. */
function choiceMessage(what: string, { hits, exact }: Extract<ResolvedTarget, { kind: 'choose' }>): string {
  if (exact) return `several different files are named "${what}"`;
  const [first] = hits;
  return hits.length === 1
    ? `no file is named "${what}"; the only similar one is ${first?.path}`
    : `no file is named "${what}"; ${hits.length} files match its words`;
}
