import type { ShareStatus } from '../../ShareModel.ts';
import { joinPath } from '../Disk/Paths.ts';
import { PathReasons } from '../Watching/PathReasons.ts';

/** Paths listed in the status. */
const LISTED_MAX = 20;
/** Problems reported one by one; a summary stands for the others. */
const TOLD_MAX = 50;
/** Reported problems remembered, so that a recurring one is reported once. */
const REMEMBERED_MAX = 1_000;

/** Paths in the share that are not shared: those that cannot be, which is reported, and those ignored by rule. */
export class ShareProblems {
  readonly #tell: (text: string) => void;
  readonly #notShared = new PathReasons();
  readonly #ignored = new PathReasons();
  readonly #told = new Set<string>();
  #hasToldMany = false;

  /** @param tell - reports a problem to the user */
  constructor(tell: (text: string) => void) {
    this.#tell = tell;
  }

  get facts(): Pick<ShareStatus, 'problems' | 'notShared' | 'ignored'> {
    return {
      problems: this.#notShared.some(LISTED_MAX),
      notShared: this.#notShared.counts(),
      ignored: this.#ignored.counts(),
    };
  }

  /** @param path - "" is the share itself */
  problem(path: string, reason: string): void {
    this.#ignored.delete(path);
    if (!this.#notShared.set(path, reason)) return;
    const text = path === '' ? reason : `${path}: ${reason}`;
    if (this.#told.has(text)) return;
    if (this.#told.size >= REMEMBERED_MAX) this.#told.clear();
    this.#told.add(text);
    if (this.#notShared.size <= TOLD_MAX) this.#tell(text);
    else if (!this.#hasToldMany) this.#tell('more files are not shared: see status');
    this.#hasToldMany = this.#notShared.size > TOLD_MAX;
  }

  ignored(path: string, reason: string): void {
    this.#notShared.delete(path);
    this.#ignored.set(path, reason);
  }

  /** The path is shared now, or does not exist any more. */
  resolved(path: string): void {
    this.#notShared.delete(path);
    this.#ignored.delete(path);
  }

  /** Drops every other name in the folder. */
  listed(folder: string, names: () => ReadonlySet<string>): void {
    for (const reasons of [this.#notShared, this.#ignored]) {
      const before = reasons.namesIn(folder);
      const now = before.length === 0 ? undefined : names();
      for (const name of before) if (!now?.has(name)) reasons.delete(joinPath(folder, name));
    }
  }
}
