import type { Part } from '../../Storage.ts';
import type { LentFile } from '../../Transfer.ts';

/** An open part, with the operations that only the files rooms use. */
export interface OpenPart extends Part {
  /** Reads bytes of a verified chunk, for other leechers. @throws ShoalError NOT_FOUND, DISK_FAILED, PART_FILE_GONE */
  read(chunk: number, offset: number, into: Uint8Array): Promise<void>;
  /** Lends the file with bytes of verified chunks, from `offset` in `chunk` on. Undefined: to be read. */
  lend?(chunk: number, offset: number, bytes: number): LentFile | undefined;
  /** Appends a record to the journal, where there is one. @throws ShoalError DISK_FULL, DISK_FAILED */
  note(record: Uint8Array): Promise<void>;
}
