import type { Address } from '../Shared/Address.ts';
import { address } from './AddressCodec.ts';
import { boolean, type Codec, list, oneOf, struct, text, uint32, uint53 } from './Codec.ts';
import { type FileId, fileId, type PeerId, peerId } from './Ids.ts';
import { NAME_BYTES_MAX, PATH_BYTES_MAX } from './Limits.ts';

/** List items of tracker messages. docs/reference/protocol.md, "Tracker". */

/**
 * An entry of a published catalog: a file, a running download (`partial`, without path), or a removal (`gone`). The key is the
 * path, or the FileId without one. So `gone` at one path does not affect the same content at another path, and `file` at a known
 * path replaces the entry. A difference has each key once.
 */
export interface PublishedEntry {
  readonly kind: 'file' | 'partial' | 'gone';
  /** Relative, separated by `/`; empty for `partial`. */
  readonly path: string;
  readonly size: number;
  readonly fileId: FileId;
}

/** A peer in an answer of the tracker. */
export interface ListedPeer {
  readonly peerId: PeerId;
  readonly name: string;
  readonly address: Address;
  /** The peer sends from loopback: it is reached at the tracker's own host. */
  readonly onTrackerHost: boolean;
  readonly files: number;
  readonly bytes: number;
}

/** A peer that has all or part of a file. */
export interface Holder {
  readonly peerId: PeerId;
  readonly name: string;
  readonly address: Address;
  readonly onTrackerHost: boolean;
  readonly complete: boolean;
}

/** A file that matches a search, with its holders. */
export interface Hit {
  readonly fileId: FileId;
  readonly size: number;
  /** The matching path; other holders may share it under another. */
  readonly path: string;
  /** Number of all holders. `holders` may be the first few; `locate` lists all. */
  readonly holderCount: number;
  readonly holders: readonly Holder[];
}

export const publishedEntry: Codec<PublishedEntry> = struct<PublishedEntry>({
  kind: oneOf('file', 'partial', 'gone'),
  path: text(PATH_BYTES_MAX),
  size: uint53,
  fileId,
});

/** Encoded size of an entry. @param pathBytes - length of its path */
export function publishedEntryBytes(pathBytes: number): number {
  return 1 + 2 + pathBytes + 8 + 32;
}

export const listedPeer: Codec<ListedPeer> = struct<ListedPeer>({
  peerId,
  name: text(NAME_BYTES_MAX),
  address,
  onTrackerHost: boolean,
  files: uint32,
  bytes: uint53,
});

export const holder: Codec<Holder> = struct<Holder>({
  peerId,
  name: text(NAME_BYTES_MAX),
  address,
  onTrackerHost: boolean,
  complete: boolean,
});

export const hit: Codec<Hit> = struct<Hit>({
  fileId,
  size: uint53,
  path: text(PATH_BYTES_MAX),
  holderCount: uint32,
  holders: list(holder, 64),
});
