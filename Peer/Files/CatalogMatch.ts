import { SEARCH_HITS_PER_PEER_MAX } from '../../Protocol/Limits.ts';
import type { RelayedFile, RelayQuestion } from '../../Protocol/RelayMessages.ts';
import { fold, wordsOfQuery } from '../../Protocol/SearchWords.ts';
import { ID_PREFIX_CHARS_MIN, matchOfPath, NO_MATCH } from '../../Protocol/WordMatch.ts';
import type { CatalogEntry } from '../Model.ts';
import type { Catalog } from './Catalog.ts';
import type { Part } from './Part.ts';

/** Matching files among which the best are chosen. */
const MATCHES_MAX = 1_000;

/**
 * Finds files of the own catalog by words, by the rules of the tracker's index. Folded paths are kept from the first
 * question on: without a tracker that asks they cost nothing.
 */
export class CatalogMatch {
  readonly #catalog: Catalog;
  readonly #parts: () => Iterable<Part>;
  readonly #folded = new WeakMap<CatalogEntry, string>();

  /** @param parts - the running downloads */
  constructor(catalog: Catalog, parts: () => Iterable<Part>) {
    this.#catalog = catalog;
    this.#parts = parts;
  }

  /** The best first: whole names, names, folders; at most SEARCH_HITS_PER_PEER_MAX. */
  matching({ words, fileId }: RelayQuestion): RelayedFile[] {
    if (fileId !== undefined) {
      const entry = this.#catalog.find(fileId);
      return entry === undefined ? this.#runningWithId((id) => id === fileId) : [complete(entry)];
    }
    const found = this.#withWords(wordsOfQuery(words));
    const start = words.trim().toLowerCase();
    if (found.length > 0 || start.length < ID_PREFIX_CHARS_MIN || !/^[0-9a-f]+$/.test(start)) return found;
    return this.#withId((id) => id.startsWith(start));
  }

  #withWords(words: readonly string[]): RelayedFile[] {
    const matches: { file: RelayedFile; score: number }[] = [];
    for (const entry of this.#catalog.list('')) {
      if (matches.length === MATCHES_MAX) break;
      const folded = this.#foldedPath(entry);
      if (!words.every((word) => folded.includes(word))) continue;
      const score = matchOfPath(words, entry.path);
      if (score !== NO_MATCH) matches.push({ file: complete(entry), score });
    }
    for (const download of this.#running()) {
      const score = matchOfPath(words, download.path);
      if (score !== NO_MATCH) matches.push({ file: download, score });
    }
    const files = matches.sort((a, b) => b.score - a.score).map(({ file }) => file);
    return files.slice(0, SEARCH_HITS_PER_PEER_MAX);
  }

  #withId(isWanted: (id: RelayedFile['fileId']) => boolean): RelayedFile[] {
    const files = new Map(this.#runningWithId(isWanted).map((file) => [file.fileId, file]));
    for (const entry of this.#catalog.list('')) {
      if (isWanted(entry.fileId)) files.set(entry.fileId, complete(entry));
      if (files.size === SEARCH_HITS_PER_PEER_MAX) break;
    }
    return [...files.values()];
  }

  #runningWithId(isWanted: (id: RelayedFile['fileId']) => boolean): RelayedFile[] {
    return this.#running().filter(({ fileId }) => isWanted(fileId));
  }

  /** Those that have something to serve: a file of one chunk has not before it is whole. */
  #running(): RelayedFile[] {
    const parts = [...this.#parts()].filter(({ description }) => description.layout.chunkCount > 1);
    return parts.map(({ path, description: { fileId, layout } }) => ({
      fileId,
      size: layout.size,
      path,
      complete: false,
    }));
  }

  /** For a quick look: a path that matches holds every word somewhere. */
  #foldedPath(entry: CatalogEntry): string {
    const known = this.#folded.get(entry);
    if (known !== undefined) return known;
    const folded = fold(entry.path);
    this.#folded.set(entry, folded);
    return folded;
  }
}

function complete({ fileId, size, path }: CatalogEntry): RelayedFile {
  return { fileId, size, path, complete: true };
}
