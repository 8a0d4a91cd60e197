import type { Bitfield } from '../../Protocol/Bitfield.ts';
import { chunkLayout } from '../../Protocol/ChunkLayout.ts';
import type { FileId } from '../../Protocol/Ids.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import { matchName } from '../DownloadManager.ts';
import type { DownloadStatus } from '../DownloadModel.ts';
import type { CatalogEntry, FileAttributes } from '../Model.ts';
import type { PartStatus } from '../PushModel.ts';
import { folderRefused } from './ResolvedTarget.ts';

/** Content that is here, in part or whole, or being downloaded. */
export interface LocalContent extends FileAttributes {
  readonly fileId: FileId;
  readonly size: number;
  readonly path: string;
  /** Verified bytes, for a download. */
  readonly bytes: number;
}

/** Files of the share, and unfinished downloads. */
export function localContents(
  files: readonly CatalogEntry[],
  downloads: readonly DownloadStatus[],
): readonly LocalContent[] {
  const whole = files.map((file) => ({ ...file, bytes: file.size }));
  const ids = new Set(whole.map(({ fileId }) => fileId));
  const coming = downloads.flatMap(({ fileId, size, path, bytes, state }) =>
    fileId === undefined || ids.has(fileId) || state === 'done' || state === 'cancelled'
      ? []
      : [{ fileId, size, path, bytes }],
  );
  return [...whole, ...coming];
}

/**
 * Finds the one content named by a name, a path, or an id prefix of 8 or more digits.
 * @throws ShoalError NOT_FOUND, AMBIGUOUS; USAGE for a folder
 */
export function findContent(what: string, contents: readonly LocalContent[]): LocalContent {
  const wanted = what.replace(/^(\.[\\/])+/, '');
  const hits = contents.map((content) => ({ ...content, holders: [], holderCount: 0 }));
  const match = matchName(wanted, hits);
  const found = match.kind === 'one' ? [match.hit] : match.kind === 'several' ? match.hits : [];
  const one = contents.find(({ path, fileId }) => path === found[0]?.path && fileId === found[0].fileId);
  if (one === undefined) {
    const folder = `${wanted.replace(/\/+$/, '')}/`;
    if (contents.some(({ path }) => path.startsWith(folder))) throw folderRefused(what);
    throw new ShoalError('NOT_FOUND', `there is no "${what}" in the share`, {
      hint: (command) =>
        `See what is here: ${command('list')}, ${command('parts')}. A file from elsewhere must be in the share folder first.`,
    });
  }
  if (found.every(({ fileId }) => fileId === one.fileId)) return one;
  const candidates = found.slice(0, 5).map(({ path, fileId }) => `${path} (${fileId.slice(0, 12)})`);
  throw new ShoalError('AMBIGUOUS', `"${what}" could be ${found.length} files`, {
    hint: `Name one by its path or id: ${candidates.join(', ')}`,
  });
}

/** Chunks of a content that are here. @param held - undefined: a download that is not open */
export function partOf(content: LocalContent, held: Bitfield | 'all' | undefined): PartStatus {
  const { fileId, path, size, bytes } = content;
  const { chunkCount, chunkBytes } = chunkLayout(size);
  if (held === 'all' || held?.complete) {
    const ranges = chunkCount === 0 ? [] : [[0, chunkCount - 1] as const];
    return { fileId, path, size, chunkCount, count: chunkCount, ranges };
  }
  // All chunks but the last have equal length, so the byte count gives the chunk count.
  const count = held?.count ?? Math.min(chunkCount, Math.ceil(bytes / chunkBytes));
  return { fileId, path, size, chunkCount, count, ranges: held && rangesOf(held) };
}

/** Runs of set bits, as first and last index. */
export function rangesOf(field: Bitfield): readonly (readonly [number, number])[] {
  const ranges: [number, number][] = [];
  for (const index of field.indexes()) {
    const last = ranges.at(-1);
    if (last?.[1] === index - 1) last[1] = index;
    else ranges.push([index, index]);
  }
  return ranges;
}
