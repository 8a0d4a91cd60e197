import type { ReasonCount } from '../../ShareModel.ts';
import { joinPath, splitPath } from '../Disk/Paths.ts';

/** Paths with a reason each, by folder, and the number of paths of each reason. */
export class PathReasons {
  readonly #folders = new Map<string, Map<string, string>>();
  readonly #counts = new Map<string, number>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @returns false when the path had this reason already */
  set(path: string, reason: string): boolean {
    const [folder, name] = splitPath(path);
    if (this.#folders.get(folder)?.get(name) === reason) return false;
    this.delete(path);
    const names = this.#folders.get(folder) ?? new Map<string, string>();
    this.#folders.set(folder, names.set(name, reason));
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    this.#size++;
    return true;
  }

  delete(path: string): void {
    if (this.#size === 0) return;
    const [folder, name] = splitPath(path);
    const names = this.#folders.get(folder);
    const reason = names?.get(name);
    if (names === undefined || reason === undefined) return;
    names.delete(name);
    this.#size--;
    if (names.size === 0) this.#folders.delete(folder);
    const left = (this.#counts.get(reason) ?? 0) - 1;
    if (left > 0) this.#counts.set(reason, left);
    else this.#counts.delete(reason);
  }

  /** Names directly in a folder that have a reason. */
  namesIn(folder: string): readonly string[] {
    return [...(this.#folders.get(folder)?.keys() ?? [])];
  }

  /** Highest counts first. */
  counts(): readonly ReasonCount[] {
    const counts = Array.from(this.#counts, ([reason, count]) => ({ reason, count }));
    return counts.sort((one, other) => other.count - one.count);
  }

  /** At most `limit` paths with their reasons; those of the folder with the latest first problem come first. */
  some(limit: number): readonly { readonly path: string; readonly reason: string }[] {
    const found: { path: string; reason: string }[] = [];
    for (const [folder, names] of [...this.#folders].reverse()) {
      for (const [name, reason] of [...names].reverse()) {
        if (found.length === limit) return found;
        found.push({ path: joinPath(folder, name), reason });
      }
    }
    return found;
  }
}
