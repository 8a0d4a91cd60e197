import { boolean, type Codec, optional, struct, text, uint53 } from './Codec.ts';
import { extensible, type FileExtensions, fileExtensions } from './Extensions.ts';
import { type FileId, fileId } from './Ids.ts';
import { FILE_EXTENSIONS_BYTES_MAX, PATH_BYTES_MAX, QUERY_BYTES_MAX } from './Limits.ts';

/** Questions that a tracker relays to peers whose catalog it does not hold. docs/reference/protocol.md, "Relay". */

/** Either words, as in `search`, or a file id. */
export interface RelayQuestion {
  /** Empty with a `fileId`. */
  readonly words: string;
  readonly fileId: FileId | undefined;
}

/** A matching file, as its holder describes it. */
export interface RelayedFile extends FileExtensions {
  readonly fileId: FileId;
  readonly size: number;
  readonly path: string;
  /** False: the holder is downloading it. */
  readonly complete: boolean;
}

export const relayQuestion: Codec<RelayQuestion> = struct({
  words: text(QUERY_BYTES_MAX),
  fileId: optional(fileId),
});

export const relayedFile: Codec<RelayedFile> = extensible(
  { fileId, size: uint53, path: text(PATH_BYTES_MAX), complete: boolean },
  fileExtensions,
  FILE_EXTENSIONS_BYTES_MAX,
);

/**
 * The part of an answer that a page is.
 * `whole`: from the index, nothing follows. `index`: from the index, relayed pages of the same transaction follow.
 * `relayed`: from a queried peer, more follow. `last`: from a queried peer, the last one.
 */
export type AnswerPart = 'whole' | 'index' | 'relayed' | 'last';
