import type { SearchHit } from '../Model.ts';

/** Result of matching a typed name against search hits. */
export type NameMatch =
  /** One content has exactly this name. */
  | { readonly kind: 'one'; readonly hit: SearchHit }
  /** Several contents have this name. */
  | { readonly kind: 'several'; readonly hits: readonly SearchHit[] }
  /** No content has this name, but these hits match its words. */
  | { readonly kind: 'similar'; readonly hits: readonly SearchHit[] }
  | { readonly kind: 'none' };

/**
 * Picks the hits that match `name`: a FileId prefix, a whole path or a last path component. An exact match wins
 * over one that ignores case.
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

/** Tells whether a text may be a FileId prefix: 8 to 64 hex digits. */
export function isIdStart(text: string): boolean {
  return /^[0-9a-f]{8,64}$/i.test(text);
}

/** Returns the last component of a path. */
export function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function lowerCase(text: string): string {
  return text.normalize('NFC').toLowerCase();
}
