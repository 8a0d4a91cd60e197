import { address } from './AddressCodec.ts';
import { boolean, type Decoded, list, oneOf, struct, text, uint32, uint53 } from './Codec.ts';
import {
  extensible,
  type FileExtensions,
  fileExtensions,
  fileExtensionsBytes,
  holderExtensions,
  peerExtensions,
} from './Extensions.ts';
import { fileId, peerId } from './Ids.ts';
import { FILE_EXTENSIONS_BYTES_MAX, NAME_BYTES_MAX, PATH_BYTES_MAX } from './Limits.ts';

/** List items of tracker messages. docs/reference/protocol.md, "Tracker". */

/**
 * An entry of a published catalog: a file, a running download (`partial`, without path), or a removal (`gone`). The
 * key is the path, or the FileId without one. So `gone` at one path does not affect the same content at another path,
 * and `file` at a known path replaces the entry. A difference has each key once.
 */
export const publishedEntry = extensible(
  {
    kind: oneOf('file', 'partial', 'gone'),
    /** Relative, separated by `/`; empty for `partial`. */
    path: text(PATH_BYTES_MAX),
    size: uint53,
    fileId,
  },
  fileExtensions,
  FILE_EXTENSIONS_BYTES_MAX,
);

export type PublishedEntry = Decoded<typeof publishedEntry>;

/** Encoded size of an entry. @param pathBytes - length of its path */
export function publishedEntryBytes(pathBytes: number, extensions: FileExtensions): number {
  return 1 + 2 + pathBytes + 8 + 32 + fileExtensionsBytes(extensions);
}

/** A peer in an answer of the tracker. */
export const listedPeer = extensible(
  {
    peerId,
    name: text(NAME_BYTES_MAX),
    address,
    /** The peer sends from loopback: it is reached at the tracker's own host. */
    onTrackerHost: boolean,
    files: uint32,
    bytes: uint53,
  },
  peerExtensions,
);

export type ListedPeer = Decoded<typeof listedPeer>;

/** A peer that has all or part of a file. */
export const holder = extensible(
  { peerId, name: text(NAME_BYTES_MAX), address, onTrackerHost: boolean, complete: boolean },
  holderExtensions,
);

export type Holder = Decoded<typeof holder>;

/** A file that matches a search, with its holders. `modifiedMs`: the earliest that holders give for this content. */
export const hit = extensible(
  {
    fileId,
    size: uint53,
    /** The matching path; other holders may share it under another. */
    path: text(PATH_BYTES_MAX),
    /** Number of all holders. `holders` may be the first few; `locate` lists all. */
    holderCount: uint32,
    holders: list(holder, 64),
  },
  fileExtensions,
  FILE_EXTENSIONS_BYTES_MAX,
);

export type Hit = Decoded<typeof hit>;

/** A tracker of a cluster, as another member reports it. */
export const clusterMember = struct({
  address,
  /** `self`: the sender. `silent`: no message for some time; it is not asked. */
  state: oneOf('self', 'live', 'silent'),
  peers: uint32,
  files: uint32,
  /** Milliseconds since its last message. */
  heardAgoMs: uint32,
  /** Length of its last silence in milliseconds, and milliseconds since the end of it; both 0: it never was silent. */
  silenceMs: uint32,
  silenceAgoMs: uint32,
});

export type ClusterMember = Decoded<typeof clusterMember>;
