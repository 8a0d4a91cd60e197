import { boolean, type Decoded, oneOf, optional, struct, text, uint53 } from './Codec.ts';
import { extensible, fileExtensions } from './Extensions.ts';
import { fileId } from './Ids.ts';
import { FILE_EXTENSIONS_BYTES_MAX, PATH_BYTES_MAX, QUERY_BYTES_MAX } from './Limits.ts';

/** Questions that a tracker relays to peers whose catalog it does not hold. docs/reference/protocol.md, "Relay". */

/** Either words, as in `search`, or a file id. */
export const relayQuestion = struct({
  /** Empty with a `fileId`. */
  words: text(QUERY_BYTES_MAX),
  fileId: optional(fileId),
});

export type RelayQuestion = Decoded<typeof relayQuestion>;

/** A matching file, as its holder describes it. */
export const relayedFile = extensible(
  {
    fileId,
    size: uint53,
    path: text(PATH_BYTES_MAX),
    /** False: the holder is downloading it. */
    complete: boolean,
  },
  fileExtensions,
  FILE_EXTENSIONS_BYTES_MAX,
);

export type RelayedFile = Decoded<typeof relayedFile>;

/**
 * The part of an answer that a page is.
 * `whole`: from the index, nothing follows. `index`: from the index, relayed pages of the same transaction follow.
 * `relayed`: from a queried peer, more follow. `last`: from a queried peer, the last one.
 */
export const answerPart = oneOf('whole', 'index', 'relayed', 'last');
