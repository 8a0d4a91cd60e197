import type { FileVersion, FileVersions } from '../../DownloadModel.ts';
import type { FolderFile } from '../../Storage.ts';

/** The versions of the paths of a folder download. A version that no source delivers gives way to the next one. */
export class OlderVersions {
  readonly #versions: Map<string, FileVersions>;

  /** @param incomplete - path of the folder until it is complete, in the place of the first folder of each path */
  constructor(versions: readonly FileVersions[] = [], incomplete: string | undefined) {
    this.#versions = new Map(versions.map((each) => [placedPath(each.path, incomplete), each]));
  }

  /** The versions as they are now: `taken` is the one that was fetched. */
  get all(): readonly FileVersions[] {
    return [...this.#versions.values()];
  }

  /** The other versions of a path, the newest first. */
  of(path: string): readonly FolderFile[] {
    const others = this.#versions.get(path)?.others ?? [];
    return others.map(({ fileId, size, modifiedMs }) => ({ fileId, size, path, holders: [], modifiedMs }));
  }

  /** An older version was fetched instead. */
  took({ fileId, path }: FolderFile): void {
    const known = this.#versions.get(path);
    const taken = known?.others.find((other) => other.fileId === fileId);
    if (known === undefined || taken === undefined) return;
    const others: FileVersion[] = [known.taken, ...known.others.filter((other) => other !== taken)];
    this.#versions.set(path, { path: known.path, taken, others, undelivered: true });
  }
}

function placedPath(path: string, incomplete: string | undefined): string {
  return incomplete === undefined ? path : path.replace(/^[^/]*/, () => incomplete);
}
