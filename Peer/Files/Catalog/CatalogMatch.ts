import { SEARCH_HITS_PER_PEER_MAX } from '../../../Protocol/Limits.ts';
import type { RelayedFile, RelayQuestion } from '../../../Protocol/RelayMessages.ts';
import { wordsOfQuery } from '../../../Protocol/SearchWords.ts';
import { ID_PREFIX_CHARS_MIN, matchOfPath, NO_MATCH } from '../../../Protocol/WordMatch.ts';
import type { CatalogEntry } from '../../Model.ts';
import type { Part } from '../../Storage.ts';
import type { Catalog } from './Catalog.ts';

/** Matches collected before the best ones are chosen. */
const MATCHES_MAX = 1_000;

interface Match {
  readonly file: RelayedFile;
  readonly score: number;
}

/** Searches the own catalog by words, with the rules of the tracker's index. Idle costs nothing. */
export class CatalogMatch {
  readonly #catalog: Catalog;
  readonly #parts: () => Iterable<Part>;

  /** @param parts - the open unfinished files */
  constructor(catalog: Catalog, parts: () => Iterable<Part>) {
    this.#catalog = catalog;
    this.#parts = parts;
  }

  /** Returns the best matches first (whole names, then names, then folders); at most SEARCH_HITS_PER_PEER_MAX. */
  matching({ words, fileId }: RelayQuestion): RelayedFile[] {
    if (fileId !== undefined) {
      const entry = this.#catalog.find(fileId);
      return entry === undefined ? this.#runningWithId((id) => id === fileId) : [complete(entry)];
    }
    const found = this.#withWords(wordsOfQuery(words));
    const start = words.trim().toLowerCase();
    if (found.length > 0 || start.length < ID_PREFIX_CHARS_MIN || !/^[0-9a-f]+$/.test(start)) return found;
    return this.#withIdStart(start);
  }

  #withWords(words: readonly string[]): RelayedFile[] {
    if (words.length === 0) return [];
    const matches: Match[] = [];
    for (const entry of this.#catalog.withWords(words)) {
      if (matches.length === MATCHES_MAX) break;
      const score = matchOfPath(words, entry.path);
      if (score !== NO_MATCH) matches.push({ file: complete(entry), score });
    }
    for (const download of this.#running()) {
      const score = matchOfPath(words, download.path);
      if (score !== NO_MATCH) matches.push({ file: download, score });
    }
    const files = matches.sort(byScoreAndPath).map(({ file }) => file);
    return files.slice(0, SEARCH_HITS_PER_PEER_MAX);
  }

  #withIdStart(digits: string): RelayedFile[] {
    const files = new Map(
      this.#runningWithId((id) => id.startsWith(digits)).map((file) => [file.fileId, file]),
    );
    let left = MATCHES_MAX; // Many files may have the same content.
    for (const entry of this.#catalog.withIdStart(digits)) {
      files.set(entry.fileId, complete(entry));
      if (files.size >= SEARCH_HITS_PER_PEER_MAX || --left === 0) break;
    }
    return [...files.values()].slice(0, SEARCH_HITS_PER_PEER_MAX);
  }

  #runningWithId(isWanted: (id: RelayedFile['fileId']) => boolean): RelayedFile[] {
    return this.#running().filter(({ fileId }) => isWanted(fileId));
  }

  /** Unfinished files with something to serve: a file of one chunk has nothing until it is complete. */
  #running(): RelayedFile[] {
    const parts = [...this.#parts()].filter(({ description }) => description.layout.chunkCount > 1);
    return parts.map(({ path, description: { fileId, layout } }) => ({
      fileId,
      size: layout.size,
      path,
      complete: false,
    }));
  }
}

function byScoreAndPath(one: Match, other: Match): number {
  return other.score - one.score || (one.file.path < other.file.path ? -1 : 1);
}

function complete(entry: CatalogEntry): RelayedFile {
  return { ...entry, complete: true };
}
