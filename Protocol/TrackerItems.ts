import type { Address } from '../Shared/Address.ts';
import { address } from './AddressCodec.ts';
import { boolean, type Codec, list, oneOf, struct, text, uint32, uint53 } from './Codec.ts';
import { type FileId, fileId, type PeerId, peerId } from './Ids.ts';
import { NAME_BYTES_MAX, PATH_BYTES_MAX } from './Limits.ts';

/** What lists in tracker messages are made of. docs/reference/protocol.md, "Tracker". */

/**
 * One line of a catalog as published: a file, a running download (no path), or one that is gone. Identity is the path;
 * of a line without path, its FileId. So `gone` for one path says nothing about the same content at another path, and
 * `file` at a known path replaces what was there. A difference names each identity once.
 */
export interface PublishedEntry {
  readonly kind: 'file' | 'partial' | 'gone';
  /** Relative, `/` between folders; empty for a partial one. */
  readonly path: string;
  readonly size: number;
  readonly fileId: FileId;
}

/** A peer as the tracker hands it out. */
export interface ListedPeer {
  readonly peerId: PeerId;
  readonly name: string;
  readonly address: Address;
  /** Seen from loopback: it runs on the tracker's own host, and its host is the one the tracker is reached at. */
  readonly onTrackerHost: boolean;
  readonly files: number;
  readonly bytes: number;
}

/** Somebody who has a file. */
export interface Holder {
  readonly peerId: PeerId;
  readonly name: string;
  readonly address: Address;
  readonly onTrackerHost: boolean;
  readonly complete: boolean;
}

/** One file found, with those who have it. */
export interface Hit {
  readonly fileId: FileId;
  readonly size: number;
  /** A path under which it is shared: the one that matched. */
  readonly path: string;
  /** All holders, of which `holders` may be the first few: `locate` lists all. */
  readonly holderCount: number;
  readonly holders: readonly Holder[];
}

export const publishedEntry: Codec<PublishedEntry> = struct<PublishedEntry>({
  kind: oneOf('file', 'partial', 'gone'),
  path: text(PATH_BYTES_MAX),
  size: uint53,
  fileId,
});

/** How much of a page an entry takes. @param pathBytes - length of its path */
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
