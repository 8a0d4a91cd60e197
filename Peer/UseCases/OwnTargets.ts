import { ShoalError } from '../../Shared/ShoalError.ts';
import { folderNamed, isIdStart, matchName } from '../DownloadManager.ts';
import type { FileManager } from '../FileManager.ts';
import type { CatalogEntry, SearchHit } from '../Model.ts';
import type { ResolvedTarget } from './ResolvedTarget.ts';

/** The own share, as targets of downloads are looked up in it. */
export type OwnFiles = Pick<FileManager, 'list' | 'matching'>;

/** Download targets in the own share: a download of them is complete at once, at their path. */
export class OwnTargets {
  readonly #files: OwnFiles;

  constructor(files: OwnFiles) {
    this.#files = files;
  }

  /** Finds a file by name, path or start of its id, or a folder. */
  find(what: string): ResolvedTarget | undefined {
    if (what.endsWith('/')) return this.#folder(what.replace(/\/+$/, ''));
    const entries = this.#files
      .matching({ words: what, fileId: undefined })
      .filter(({ complete }) => complete);
    const hits = entries.map((file): SearchHit => ({ ...file, holders: [], holderCount: 0, here: true }));
    const match = matchName(what, hits);
    const found = match.kind === 'one' ? [match.hit] : match.kind === 'several' ? match.hits : [];
    const [first] = found;
    // The same content under several paths needs no choice.
    if (first !== undefined && found.every(({ fileId }) => fileId === first.fileId)) return fileHere(first);
    if (found.length > 0) return { kind: 'choose', hits: found, exact: true };
    const folder = isIdStart(what) ? undefined : folderNamed(what, entries);
    return folder === undefined ? undefined : this.#folder(folder, `"${what}" is a folder: ${folder}/`);
  }

  /** @throws ShoalError NOT_FOUND */
  require(what: string): ResolvedTarget {
    const found = this.find(what);
    if (found !== undefined) return found;
    throw new ShoalError('NOT_FOUND', `this peer does not share "${what}"`, {
      hint: (command) => `See its files: ${command('list')}`,
    });
  }

  #folder(folder: string, note?: string): ResolvedTarget | undefined {
    const files = this.#files.list(folder).map((entry: CatalogEntry) => ({ ...entry, holders: [] }));
    if (files.length === 0) return undefined;
    return { kind: 'folder', wish: { path: folder, files }, ...(note === undefined ? {} : { note }) };
  }
}

function fileHere({ fileId, size, path, holders, modifiedMs, executable }: SearchHit): ResolvedTarget {
  return { kind: 'file', wish: { fileId, size, path, holders, modifiedMs, executable } };
}
