import type { Address } from '../Shared/Network/Address.ts';
import { address } from './AddressCodec.ts';
import { boolean, type Codec, list, oneOf, struct, text, uint32, uint53 } from './Codec.ts';
import {
  extensible,
  type FileExtensions,
  fileExtensions,
  fileExtensionsBytes,
  type HolderExtensions,
  holderExtensions,
  type PeerExtensions,
  peerExtensions,
} from './Extensions.ts';
import { type FileId, fileId, type PeerId, peerId } from './Ids.ts';
import { FILE_EXTENSIONS_BYTES_MAX, NAME_BYTES_MAX, PATH_BYTES_MAX } from './Limits.ts';

/** List items of tracker messages. docs/reference/protocol.md, "Tracker". */

/**
 * An entry of a published catalog: a file, a running download (`partial`, without path), or a removal (`gone`). The
 * key is the path, or the FileId without one. So `gone` at one path does not affect the same content at another path,
 * and `file` at a known path replaces the entry. A difference has each key once.
 */
export interface PublishedEntry extends FileExtensions {
  readonly kind: 'file' | 'partial' | 'gone';
  /** Relative, separated by `/`; empty for `partial`. */
  readonly path: string;
  readonly size: number;
  readonly fileId: FileId;
}

/** A peer in an answer of the tracker. */
export interface ListedPeer extends PeerExtensions {
  readonly peerId: PeerId;
  readonly name: string;
  readonly address: Address;
  /** The peer sends from loopback: it is reached at the tracker's own host. */
  readonly onTrackerHost: boolean;
  readonly files: number;
  readonly bytes: number;
}

/** A peer that has all or part of a file. */
export interface Holder extends HolderExtensions {
  readonly peerId: PeerId;
  readonly name: string;
  readonly address: Address;
  readonly onTrackerHost: boolean;
  readonly complete: boolean;
}

/** A file that matches a search, with its holders. `modifiedMs`: the earliest that holders give for this content. */
export interface Hit extends FileExtensions {
  readonly fileId: FileId;
  readonly size: number;
  /** The matching path; other holders may share it under another. */
  readonly path: string;
  /** Number of all holders. `holders` may be the first few; `locate` lists all. */
  readonly holderCount: number;
  readonly holders: readonly Holder[];
}

/** A tracker of a cluster, as another one of it knows it. */
export interface ClusterMember {
  readonly address: Address;
  /** `self`: the sender. `silent`: no message for some time; it is not asked. */
  readonly state: 'self' | 'live' | 'silent';
  readonly peers: number;
  readonly files: number;
  /** Milliseconds since its last message. */
  readonly heardAgoMs: number;
  /** Length of its last silence in milliseconds, and milliseconds since the end of it; both 0: it never was silent. */
  readonly silenceMs: number;
  readonly silenceAgoMs: number;
}

export const clusterMember: Codec<ClusterMember> = struct({
  address,
  state: oneOf('self', 'live', 'silent'),
  peers: uint32,
  files: uint32,
  heardAgoMs: uint32,
  silenceMs: uint32,
  silenceAgoMs: uint32,
});

export const publishedEntry: Codec<PublishedEntry> = extensible(
  { kind: oneOf('file', 'partial', 'gone'), path: text(PATH_BYTES_MAX), size: uint53, fileId },
  fileExtensions,
  FILE_EXTENSIONS_BYTES_MAX,
);

/** Encoded size of an entry. @param pathBytes - length of its path */
export function publishedEntryBytes(pathBytes: number, extensions: FileExtensions): number {
  return 1 + 2 + pathBytes + 8 + 32 + fileExtensionsBytes(extensions);
}

export const listedPeer: Codec<ListedPeer> = extensible(
  {
    peerId,
    name: text(NAME_BYTES_MAX),
    address,
    onTrackerHost: boolean,
    files: uint32,
    bytes: uint53,
  },
  peerExtensions,
);

export const holder: Codec<Holder> = extensible(
  { peerId, name: text(NAME_BYTES_MAX), address, onTrackerHost: boolean, complete: boolean },
  holderExtensions,
);

export const hit: Codec<Hit> = extensible(
  {
    fileId,
    size: uint53,
    path: text(PATH_BYTES_MAX),
    holderCount: uint32,
    holders: list(holder, 64),
  },
  fileExtensions,
  FILE_EXTENSIONS_BYTES_MAX,
);
