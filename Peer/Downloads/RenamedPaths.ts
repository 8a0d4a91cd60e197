/**
 * Counts the names of files and folders that the disk of the receiver changed. A number that avoids a taken name, as
 * in `name (2).ext`, counts only where the disk takes two wanted names for one: upper and lower case.
 */
export class RenamedPaths {
  readonly #wanted: () => Iterable<string>;
  readonly #changed = new Set<string>();
  /** Number of wanted paths by lower-case form; built when the first numbered name is seen. */
  #twins: Map<string, number> | undefined;

  /** @param wanted - all wanted paths */
  constructor(wanted: () => Iterable<string>) {
    this.#wanted = wanted;
  }

  get count(): number {
    return this.#changed.size;
  }

  /**
   * @param wanted - relative path, `/` between names
   * @param stored - the absolute path that it has
   * @returns whether the last name has a number that avoids a taken one
   */
  add(wanted: string, stored: string): boolean {
    // Nearly all names stay: no other text is made for them.
    if (stored.endsWith(wanted) && stored[stored.length - wanted.length - 1] === '/') return false;
    const at = slashed(stored);
    if (at === wanted || at.endsWith(`/${wanted}`)) return false;
    const names = wanted.split('/');
    const ends = at.split('/').slice(-names.length);
    let isBeside = false;
    for (const [index, name] of names.entries()) {
      const end = ends[index] ?? '';
      isBeside = isNumbered(end, name) && !this.#hasTwin(wanted);
      if (end !== name && !isBeside) this.#changed.add(names.slice(0, index + 1).join('/'));
    }
    return isBeside;
  }

  #hasTwin(path: string): boolean {
    if (this.#twins === undefined) {
      this.#twins = new Map();
      for (const each of this.#wanted()) {
        const folded = each.toLowerCase();
        this.#twins.set(folded, (this.#twins.get(folded) ?? 0) + 1);
      }
    }
    return (this.#twins.get(path.toLowerCase()) ?? 0) > 1;
  }
}

/** An absolute path with `/` between names. On POSIX, where it begins with one, a backslash is part of a name. */
export function slashed(absolute: string): string {
  return absolute.startsWith('/') ? absolute : absolute.replaceAll('\\', '/');
}

function isNumbered(stored: string, name: string): boolean {
  const dot = name.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  if (!stored.startsWith(`${stem} (`) || !stored.endsWith(`)${extension}`)) return false;
  return /^\d+$/.test(stored.slice(stem.length + 2, stored.length - extension.length - 1));
}
