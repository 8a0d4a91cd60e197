import type { SearchHit } from '../Model.ts';

/** Result of matching a typed name against search hits. */
export type NameMatch =
  /** One content has exactly this name. `twins` have it in another Unicode form, and look the same. */
  | { readonly kind: 'one'; readonly hit: SearchHit; readonly twins?: readonly SearchHit[] }
  /** Several contents have this name. */
  | { readonly kind: 'several'; readonly hits: readonly SearchHit[] }
  /** No content has this name, but these hits match its words. */
  | { readonly kind: 'similar'; readonly hits: readonly SearchHit[] }
  | { readonly kind: 'none' };

/**
 * Picks the hits that match `name`: a FileId prefix, a whole path or a last path component. An exact match wins
 * over one that ignores the Unicode form, and that over one that ignores case.
 */
export function matchName(name: string, hits: readonly SearchHit[]): NameMatch {
  if (hits.length === 0) return { kind: 'none' };
  const wanted = name.normalize('NFC');
  const plain = plainSpelling(wanted);
  const spellings: ((hit: SearchHit) => boolean)[] = [
    (hit) => isIdStart(name) && hit.fileId.startsWith(name.toLowerCase()),
    (hit) => hit.path === name,
    (hit) => hit.path.normalize('NFC') === wanted,
    (hit) => lastPart(hit.path) === name,
    (hit) => lastPart(hit.path.normalize('NFC')) === wanted,
    (hit) => lowerCase(hit.path) === lowerCase(wanted),
    (hit) => lowerCase(lastPart(hit.path)) === lowerCase(wanted),
    (hit) => [lowerCase(hit.path), lowerCase(lastPart(hit.path))].includes(lowerCase(plain)),
  ];
  for (const matches of spellings) {
    const found = hits.filter(matches);
    const [hit] = found;
    if (hit !== undefined) return found.length === 1 ? oneOf(hit, hits) : { kind: 'several', hits: found };
  }
  return { kind: 'similar', hits };
}

function oneOf(hit: SearchHit, hits: readonly SearchHit[]): NameMatch {
  const path = hit.path.normalize('NFC');
  const twins = hits.filter((each) => each.path !== hit.path && each.path.normalize('NFC') === path);
  return twins.length === 0 ? { kind: 'one', hit } : { kind: 'one', hit, twins };
}

/**
 * Finds the folder of that name among the paths of hits: the whole path of a folder, else its last component.
 * Undefined: none, or several.
 */
export function folderNamed(name: string, hits: Iterable<{ readonly path: string }>): string | undefined {
  const wanted = plainSpelling(name.normalize('NFC'));
  const found = new Set<string>();
  for (const { path } of hits) {
    for (let end = path.indexOf('/'); end > 0; end = path.indexOf('/', end + 1)) {
      const folder = path.slice(0, end);
      if (folder.normalize('NFC') === wanted) return folder;
      if (lastPart(folder.normalize('NFC')) === wanted) found.add(folder);
    }
  }
  return found.size === 1 ? [...found][0] : undefined;
}

/** Whether a text may be a FileId prefix: 8 to 64 hex digits. */
export function isIdStart(text: string): boolean {
  return /^[0-9a-f]{8,64}$/i.test(text);
}

/** Returns the last component of a path. */
export function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A name without the quotes around it, with the separators of Shoal: `"Holiday\\a.jpg"` is `Holiday/a.jpg`. */
function plainSpelling(name: string): string {
  return name.replace(/^(["'])(.*)\1$/, '$2').replaceAll('\\', '/');
}

function lowerCase(text: string): string {
  return text.normalize('NFC').toLowerCase();
}
