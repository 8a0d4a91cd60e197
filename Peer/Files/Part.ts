import type { Bitfield } from '../../Protocol/Bitfield.ts';
import type { FileDescription } from '../../Protocol/FileId.ts';
import type { FileId } from '../../Protocol/Ids.ts';

/** The shapes of an unfinished file, as Downloads/Wanted.ts asks for them (a door never imports another's rooms). */

export interface ChunkWriter {
  write(piece: Uint8Array): Promise<void>;
  finish(): Promise<boolean>;
  abandon(): void;
}

export interface Part {
  readonly description: FileDescription;
  readonly path: string;
  readonly verified: Bitfield;
  writer(chunk: number): ChunkWriter;
  finish(): Promise<string>;
  close(): Promise<void>;
  discard(): Promise<void>;
}

export interface Unfinished {
  readonly fileId: FileId;
  readonly path: string;
  readonly size: number;
  readonly paused: boolean;
}
