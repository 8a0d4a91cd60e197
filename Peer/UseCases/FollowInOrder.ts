import type { Bitfield } from '../../Protocol/Bitfield.ts';
import { chunkLayout, chunkLength } from '../../Protocol/ChunkLayout.ts';
import type { FileId } from '../../Protocol/Ids.ts';
import { PIECE_BYTES_MAX } from '../../Protocol/Limits.ts';
import { ShoalError } from '../../Shared/ShoalError.ts';
import type { DownloadStatus } from '../Model.ts';

/** The file being downloaded, as the reader sees it. */
export interface InOrderSource {
  /** Verified chunks; undefined: none. */
  holdings(fileId: FileId): Bitfield | 'all' | undefined;
  /** Size of the file; undefined before it is described. */
  sizeOf(fileId: FileId): number | undefined;
  read(fileId: FileId, chunk: number, offset: number, into: Uint8Array): Promise<void>;
  status(): DownloadStatus;
  /** Resolves when the download has changed since the last call, or the signal aborts. */
  changed(signal: AbortSignal): Promise<void>;
}

/**
 * Yields the bytes of a file during its download, in order, each piece once its chunk and all chunks before it are
 * verified. A piece is valid until the next one is requested. A slow reader does not slow the download: pieces stay
 * on disk.
 * @throws ShoalError the reason if the download ends early; CANCELLED when the signal aborts
 */
export async function* followInOrder(
  fileId: FileId,
  source: InOrderSource,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  let size = source.sizeOf(fileId);
  for (; size === undefined; size = source.sizeOf(fileId)) await waitForMore(source, signal);
  const layout = chunkLayout(size);
  const piece = new Uint8Array(Math.min(PIECE_BYTES_MAX, layout.chunkBytes));
  for (let chunk = 0; chunk < layout.chunkCount; chunk++) {
    while (!isHere(source.holdings(fileId), chunk)) await waitForMore(source, signal);
    const bytes = chunkLength(layout, chunk);
    for (let offset = 0; offset < bytes; offset += piece.length) {
      const part = piece.subarray(0, Math.min(piece.length, bytes - offset));
      await readSteadily(source, fileId, [chunk, offset, part], signal);
      yield part;
    }
  }
}

/** Reads a piece. Retries while the finished file replaces the part file, when neither is readable. */
async function readSteadily(
  source: InOrderSource,
  fileId: FileId,
  [chunk, offset, part]: readonly [number, number, Uint8Array],
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      await source.read(fileId, chunk, offset, part);
      return;
    } catch (failure) {
      if (source.holdings(fileId) === 'all') {
        await source.read(fileId, chunk, offset, part);
        return;
      }
      if (!(failure instanceof ShoalError) || failure.code !== 'NOT_FOUND') throw failure;
      await waitForMore(source, signal);
    }
  }
}

async function waitForMore(source: InOrderSource, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw new ShoalError('CANCELLED', 'interrupted');
  const { state, error, reason } = source.status();
  if (state === 'failed' || state === 'paused' || state === 'cancelled') {
    throw error ?? new ShoalError('CANCELLED', `the download is ${state}: ${reason ?? 'it was stopped'}`);
  }
  await source.changed(signal);
}

function isHere(holdings: Bitfield | 'all' | undefined, chunk: number): boolean {
  return holdings === 'all' || holdings?.has(chunk) === true;
}
