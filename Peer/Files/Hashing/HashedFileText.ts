import type { ChunkHash, FileId } from '../../../Protocol/Ids.ts';
import { isId } from '../../../Protocol/Ids.ts';
import type { HashedFile } from './HashCache.ts';

/** The format of the values in the hash cache; others are forgotten. */
const FORMAT = '1';

/** What is stored of a file; the hash of its chunk too when it has only one. */
export interface StoredFile extends HashedFile {
  readonly onlyHash: ChunkHash | undefined;
}

/** Fields of plain ASCII with spaces between: read back ten times faster than anything with lengths and types. */
export function storedText({ state, fileId, onlyHash = '' as ChunkHash }: StoredFile): string {
  const { size, modifiedMs, device, content, changed } = state;
  return `${FORMAT} ${size} ${modifiedMs} ${device} ${content} ${changed} ${fileId} ${onlyHash}`;
}

/** Undefined when the text has another format, or is damaged. */
export function readStoredText(text: string): StoredFile | undefined {
  const [format, size, modified, device, content, changed, fileId, onlyHash, ...more] = text.split(' ');
  const isWhole =
    format === FORMAT && more.length === 0 && device && content && changed && onlyHash !== undefined;
  const numbers = [Number(size), Number(modified)] as const;
  if (!isWhole || !isId(fileId ?? '') || !(onlyHash === '' || isId(onlyHash))) return undefined;
  if (!numbers.every((number) => Number.isSafeInteger(number) && number >= 0)) return undefined;
  const [sizeBytes, modifiedMs] = numbers;
  return {
    state: { size: sizeBytes, modifiedMs, touchedMs: modifiedMs, device, content, changed },
    fileId: fileId as FileId,
    onlyHash: onlyHash === '' ? undefined : (onlyHash as ChunkHash),
  };
}
