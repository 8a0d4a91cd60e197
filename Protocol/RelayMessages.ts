import { boolean, type Codec, optional, struct, text, uint53 } from './Codec.ts';
import { type FileId, fileId } from './Ids.ts';
import { PATH_BYTES_MAX, QUERY_BYTES_MAX } from './Limits.ts';

/** What a tracker passes on to peers whose catalog it does not hold. docs/reference/protocol.md, "Relay". */

/** Words as in `search`, or one file. */
export interface RelayQuestion {
  /** Empty when `fileId` is asked for. */
  readonly words: string;
  readonly fileId: FileId | undefined;
}

/** A file that answers the question, as its holder names it. */
export interface RelayedFile {
  readonly fileId: FileId;
  readonly size: number;
  readonly path: string;
  /** False: a running download. */
  readonly complete: boolean;
}

export const relayQuestion: Codec<RelayQuestion> = struct<RelayQuestion>({
  words: text(QUERY_BYTES_MAX),
  fileId: optional(fileId),
});

export const relayedFile: Codec<RelayedFile> = struct<RelayedFile>({
  fileId,
  size: uint53,
  path: text(PATH_BYTES_MAX),
  complete: boolean,
});

/**
 * Which part of an answer a page is.
 * `whole`: from the index, and nothing follows. `index`: from the index, relayed pages of the same transaction follow.
 * `relayed`: from a peer that was asked, more follow. `last`: the same, and the last one.
 */
export type AnswerPart = 'whole' | 'index' | 'relayed' | 'last';
