import { SEARCH_HITS_PER_PEER_MAX } from '../../../Protocol/Limits.ts';
import type { RelayedFile, RelayQuestion } from '../../../Protocol/RelayMessages.ts';
import { fold, wordsOfQuery } from '../../../Protocol/SearchWords.ts';
import { ID_PREFIX_CHARS_MIN, matchOfPath, NO_MATCH } from '../../../Protocol/WordMatch.ts';
import type { CatalogEntry } from '../../Model.ts';
import type { Part } from '../../Storage.ts';
import type { Catalog } from './Catalog.ts';

/** Matches collected before the best ones are chosen. */
const MATCHES_MAX = 1_000;

const ASCII = /^[\u0000-\u007f]*$/;

interface Match {
  readonly file: RelayedFile;
  readonly score: number;
}

/** Searches the own catalog by words, with the rules of the tracker's index. Idle costs nothing. */
export class CatalogMatch {
  readonly #catalog: Catalog;
  readonly #parts: () => Iterable<Part>;
  /** Cache of folded non-ASCII paths: folding takes a microsecond each. */
  readonly #folded = new Map<string, string>();

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
    return this.#withId((id) => id.startsWith(start));
  }

  #withWords(words: readonly string[]): RelayedFile[] {
    const matches: Match[] = [];
    const mayMatch = this.#prefilter(words);
    for (const entry of this.#catalog.all()) {
      if (matches.length === MATCHES_MAX) break;
      if (!mayMatch(entry.path)) continue;
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

  #withId(isWanted: (id: RelayedFile['fileId']) => boolean): RelayedFile[] {
    const files = new Map(this.#runningWithId(isWanted).map((file) => [file.fileId, file]));
    for (const entry of this.#catalog.all()) {
      if (isWanted(entry.fileId)) files.set(entry.fileId, complete(entry));
      if (files.size >= SEARCH_HITS_PER_PEER_MAX) break;
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

  /** Returns a cheap filter for paths: every word must occur somewhere. ASCII paths are matched without folding. */
  #prefilter(words: readonly string[]): (path: string) => boolean {
    const patterns = words.map((word) => new RegExp(word.replace(/[^a-z0-9]/g, '\\$&'), 'i'));
    const plainWords = words.every((word) => ASCII.test(word));
    return (path) => {
      if (ASCII.test(path)) return plainWords && patterns.every((pattern) => pattern.test(path));
      const folded = this.#foldedPath(path);
      return words.every((word) => folded.includes(word));
    };
  }

  #foldedPath(path: string): string {
    const known = this.#folded.get(path);
    if (known !== undefined) return known;
    if (this.#folded.size > 2 * this.#catalog.files) this.#folded.clear(); // Most paths in it no longer exist.
    const folded = fold(path);
    this.#folded.set(path, folded);
    return folded;
  }
}

function byScoreAndPath(one: Match, other: Match): number {
  return other.score - one.score || (one.file.path < other.file.path ? -1 : 1);
}

function complete(entry: CatalogEntry): RelayedFile {
  return { ...entry, complete: true };
}
