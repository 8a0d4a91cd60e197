import type { SearchHit } from '../Model.ts';

/** How well hits answer the name somebody typed. */
export type NameMatch =
  /** One content goes by exactly this name. */
  | { readonly kind: 'one'; readonly hit: SearchHit }
  /** Different contents go by it. */
  | { readonly kind: 'several'; readonly hits: readonly SearchHit[] }
  /** Nothing goes by it, but these match the words. */
  | { readonly kind: 'similar'; readonly hits: readonly SearchHit[] }
  | { readonly kind: 'none' };

/**
 * Picks the hits that are meant by `name`: the start of a FileId, a whole path, or the last part of a path. Exact spelling wins over
 * differences of case.
 */
export function matchName(name: string, hits: readonly SearchHit[]): NameMatch {
  if (hits.length === 0) return { kind: 'none' };
  const wanted = name.normalize('NFC');
  const spellings: ((hit: SearchHit) => boolean)[] = [
    (hit) => isIdStart(name) && hit.fileId.startsWith(name.toLowerCase()),
    (hit) => hit.path.normalize('NFC') === wanted,
    (hit) => lastPart(hit.path.normalize('NFC')) === wanted,
    (hit) => lowerCase(hit.path) === lowerCase(wanted),
    (hit) => lowerCase(lastPart(hit.path)) === lowerCase(wanted),
  ];
  for (const matches of spellings) {
    const found = hits.filter(matches);
    const [hit] = found;
    if (hit !== undefined)
      return found.length === 1 ? { kind: 'one', hit } : { kind: 'several', hits: found };
  }
  return { kind: 'similar', hits };
}

/** Eight or more hex digits: may be meant as a FileId. */
export function isIdStart(text: string): boolean {
  return /^[0-9a-f]{8,64}$/i.test(text);
}

/** The name of a file or folder without the folders above it. */
export function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function lowerCase(text: string): string {
  return text.normalize('NFC').toLowerCase();
}
