import { chunkLayout } from '../../../../Protocol/ChunkLayout.ts';
import { type FileDescription, isDescriptionOf } from '../../../../Protocol/FileId.ts';
import type { ChunkHash, FileId } from '../../../../Protocol/Ids.ts';
import { HASHES_PER_PAGE } from '../../../../Protocol/Limits.ts';
import type { ControlOf } from '../../../../Protocol/PeerMessages.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';

/** Page requests ahead of the awaited one: 16 x 64 KB fill a long path and bound the memory. */
const PAGES_AHEAD = 16;

/**
 * Fetches the chunk hashes of a file page by page and verifies them against its id. Memory grows only with arriving
 * pages.
 * @param ask - requests one page, from a chunk on
 * @throws ShoalError INTEGRITY when the pages do not match the id; the errors of `ask`
 */
export async function fetchDescription(
  fileId: FileId,
  ask: (firstChunk: number) => Promise<ControlOf<'description'>>,
): Promise<FileDescription> {
  const first = await ask(0);
  const layout = layoutOf(first.size);
  const chunkHashes: ChunkHash[] = [];
  const underWay: Promise<ControlOf<'description'>>[] = [Promise.resolve(first)];
  let asked = HASHES_PER_PAGE;
  for (let page = underWay.shift(); page !== undefined; page = underWay.shift()) {
    for (; asked < layout.chunkCount && underWay.length < PAGES_AHEAD; asked += HASHES_PER_PAGE) {
      const next = ask(asked);
      next.catch(() => {}); // Awaited later, if at all.
      underWay.push(next);
    }
    const { size, firstChunk, chunkHashes: hashes } = await page;
    const expected = Math.min(HASHES_PER_PAGE, layout.chunkCount - chunkHashes.length);
    if (size !== layout.size || firstChunk !== chunkHashes.length || hashes.length !== expected)
      throw mismatch();
    for (const hash of hashes) chunkHashes.push(hash);
  }
  if (!isDescriptionOf(fileId, layout.size, chunkHashes)) throw mismatch();
  return { fileId, layout, chunkHashes };
}

function layoutOf(size: number) {
  try {
    return chunkLayout(size);
  } catch {
    throw mismatch();
  }
}

function mismatch(): ShoalError {
  return new ShoalError('INTEGRITY', 'the chunk hashes of the peer do not match the file');
}
