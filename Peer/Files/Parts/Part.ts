import type { Bitfield } from '../../../Protocol/Bitfield.ts';
import type { FileDescription } from '../../../Protocol/FileId.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import type { ShoalError } from '../../../Shared/ShoalError.ts';
import type { FileHolder } from '../../Model.ts';
import type { ChunkWriter } from '../../Transfer.ts';

/** The shapes of an unfinished file, as Downloads/Ports.ts asks for them (a door never imports another's rooms). */

export interface Part {
  readonly description: FileDescription;
  readonly path: string;
  readonly verified: Bitfield;
  writer(chunk: number): ChunkWriter;
  finish(): Promise<string>;
  close(): Promise<void>;
  discard(): Promise<void>;
}

/** A part as the rooms here know it. */
export interface OpenPart extends Part {
  /** Bytes of a verified chunk, for other leechers. @throws ShoalError NOT_FOUND, DISK_FAILED, PART_FILE_GONE */
  read(chunk: number, offset: number, into: Uint8Array): Promise<void>;
  setPaused(paused: boolean): Promise<void>;
}

export interface Unfinished {
  readonly fileId: FileId;
  readonly path: string;
  readonly size: number;
  readonly paused: boolean;
  /** As far as the journal says. */
  readonly bytes: number;
}

/** A folder download that is not over. */
export interface KeptFolder {
  /** 64 hex digits: names the record. */
  readonly key: string;
  readonly path: string;
  readonly files: readonly KeptFile[];
  readonly paused: boolean;
}

export interface KeptFile {
  readonly fileId: FileId;
  readonly size: number;
  readonly path: string;
  /** Some who had it, complete ones only. */
  readonly holders: readonly FileHolder[];
}

/** A small file whose bytes arrived, among others. */
export interface SmallFile {
  readonly fileId: FileId;
  readonly size: number;
  readonly path: string;
  readonly offset: number;
}

export type SmallVerdict = 'right' | 'wrong' | ShoalError;

export interface SmallTold {
  placed(file: SmallFile, absolute: string): void;
  failed(file: SmallFile, reason: ShoalError): void;
}

export interface SmallPlacer {
  place(
    bytes: Uint8Array,
    files: readonly SmallFile[],
  ): Promise<{ readonly verdicts: readonly SmallVerdict[]; readonly bytes: Uint8Array }>;
  close(): Promise<void>;
}
