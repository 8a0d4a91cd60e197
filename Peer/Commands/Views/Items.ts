import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import { formatAddress } from '../../../Shared/Network/Address.ts';
import { errorItem } from '../../../Shared/Text/Envelope.ts';
import type { DownloadStatus, FileVersion, FileVersions, StallCause } from '../../DownloadModel.ts';
import type {
  CatalogEntry,
  PeerContact,
  PeerSummary,
  SearchHit,
  SwarmMember,
  SwarmStatus,
  TrackerStatus,
  UploadStatus,
} from '../../Model.ts';
import type { LimitStatus, NetworkHealth, TakenFile } from '../../NetworkModel.ts';
import type { OfferStatus, PartStatus, PushStatus } from '../../PushModel.ts';
import type { ShareStatus } from '../../ShareModel.ts';
import { coverageItem } from './ClusterViews.ts';
import { LINK_SECURITY, linkItem, reachabilityItem } from './ReachabilityViews.ts';

/**
 * Shapes of `--json` (docs/reference/json.md): stable field names, sizes in bytes, times in ISO 8601. File names
 * are raw: JSON escapes them.
 */

export interface FileItem {
  readonly id: FileId;
  readonly path: string;
  readonly size: number;
  readonly modified: string | null;
  /** Its owner may run it as a program. */
  readonly executable: boolean;
}

export function fileItem(entry: CatalogEntry): FileItem {
  const { fileId, path, size, modifiedMs, executable = false } = entry;
  return { id: fileId, path, size, modified: isoDate(modifiedMs), executable };
}

export interface PeerItem {
  readonly id: PeerId | null;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Name of the peer that relays the link. Absent: it is direct. */
  readonly relayedBy?: string;
}

export function contactItem({ peerId, name, address, relayedBy }: PeerContact): PeerItem {
  const item = { id: peerId ?? null, name, host: address.host, port: address.port };
  return relayedBy === undefined ? item : { ...item, relayedBy };
}

export function peerItem(peer: PeerSummary) {
  return {
    ...contactItem(peer),
    files: peer.files ?? null,
    bytes: peer.bytes ?? null,
    linked: peer.linked,
    secured: peer.linked ? LINK_SECURITY : null,
    link: linkItem(peer.link),
  };
}

export function searchItem(hit: SearchHit) {
  return {
    id: hit.fileId,
    name: baseName(hit.path),
    path: hit.path,
    size: hit.size,
    modified: hit.modifiedMs === undefined ? null : isoDate(hit.modifiedMs),
    executable: hit.executable ?? false,
    sourceCount: hit.holderCount,
    here: hit.here === true,
    sources: hit.holders.map((holder) => ({
      peer: holder.peerId,
      name: holder.name,
      host: holder.address.host,
      port: holder.address.port,
      complete: holder.complete,
    })),
  };
}

export function downloadItem(download: DownloadStatus) {
  return {
    number: download.number,
    id: download.fileId ?? null,
    name: baseName(download.path),
    path: download.finalPath ?? download.path,
    size: download.size,
    state: download.state,
    bytes: download.bytes,
    bytesFromBefore: download.bytesFromBefore,
    wastedBytes: download.wastedBytes,
    bytesPerSecond: Math.round(download.bytesPerSecond),
    secondsLeft: download.secondsLeft ?? null,
    files: download.files,
    filesDone: download.filesDone,
    renamed: download.renamed ?? 0,
    beside: download.beside ?? 0,
    reason: download.reason ?? null,
    cause: download.cause === undefined ? null : causeItem(download.cause),
    error: download.error === undefined ? null : errorItem(download.error),
    rank: download.rank ?? download.number,
    started: isoDate(download.startedWallMs),
    tookMs: download.tookMs ?? null,
    versions: (download.versions ?? []).slice(0, VERSIONS_MAX).map(versionsItem),
    sources: download.sources.map((source) => ({
      ...contactItem(source.peer),
      state: source.state,
      bytes: source.bytes,
      bytesPerSecond: Math.round(source.bytesPerSecond),
      chunks: source.chunksHeld,
      place: source.place ?? null,
      queueLength: source.queueLength ?? null,
      why: source.why ?? null,
      retryInS: secondsOf(source.retryInMs),
    })),
  };
}

/** Most paths with several versions in one item. */
const VERSIONS_MAX = 1_000;

function versionsItem({ path, taken, others, undelivered }: FileVersions) {
  return {
    path,
    taken: versionItem(taken),
    others: others.map(versionItem),
    undelivered: undelivered === true,
  };
}

function versionItem({ fileId, size, modifiedMs, copies, isHere }: FileVersion) {
  return { id: fileId, size, modified: isoDate(modifiedMs), copies, isHere };
}

function causeItem({ code, text, retryInMs }: StallCause) {
  return { code, text, retryInS: secondsOf(retryInMs) };
}

function secondsOf(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.ceil(ms / 1_000);
}

export function shareItem({ gone, ...share }: ShareStatus) {
  const since = gone && new Date(gone.sinceMs).toISOString();
  return { ...share, gone: gone === undefined ? null : { since, reason: gone.reason } };
}

export function trackerItem(tracker: TrackerStatus) {
  return {
    host: tracker.address.host,
    port: tracker.address.port,
    state: tracker.state,
    foundBy: tracker.foundBy,
    observed: tracker.observed === undefined ? null : formatAddress(tracker.observed),
    lastAnswerAgoMs: tracker.lastAnswerAgoMs === undefined ? null : Math.round(tracker.lastAnswerAgoMs),
    intervalMs: tracker.intervalMs ?? null,
    peers: tracker.peers ?? null,
    version: tracker.version,
    heldVersion: tracker.heldVersion,
    asksByRelay: tracker.asksByRelay === true,
    cluster: tracker.cluster?.name ?? null,
    spares: (tracker.cluster?.spares ?? []).map(formatAddress),
    reason: tracker.reason ?? null,
  };
}

/** `descriptors.used`: null if the system does not report it. @param port - TCP port of this peer */
export function healthItem(
  { descriptors, reachable, firewall, sending, relay, portMapping, ...counters }: NetworkHealth,
  port: number,
) {
  return {
    ...counters,
    ...reachabilityItem({ reachable, firewall }, port),
    sending: { path: sending?.path ?? 'copy', reason: sending?.reason ?? null },
    relay: relay ?? null,
    portMapping: portMapping ?? null,
    descriptors: { ...descriptors, used: descriptors.used ?? null },
  };
}

export function uploadItem(upload: UploadStatus) {
  return {
    peer: contactItem(upload.peer),
    path: upload.path,
    bytes: upload.bytes,
    bytesPerSecond: Math.round(upload.bytesPerSecond),
  };
}

/** `first`, `last`: ISO 8601. */
export function takenItem({ peer, fileId, path, size, bytes, complete, firstWallMs, lastWallMs }: TakenFile) {
  return {
    peer: contactItem(peer),
    id: fileId,
    path,
    size,
    bytes,
    complete,
    first: new Date(firstWallMs).toISOString(),
    last: new Date(lastWallMs).toISOString(),
  };
}

export function swarmItem(swarm: SwarmStatus) {
  return {
    id: swarm.fileId,
    name: baseName(swarm.path),
    path: swarm.path,
    size: swarm.size,
    chunks: swarm.chunkCount,
    peers: swarm.members.length,
    complete: swarm.complete,
    finishedAndLeft: swarm.finishedAndLeft,
    rarest: swarm.rarest,
    mean: Math.round(swarm.mean * 1_000) / 1_000,
    secondsLeft: swarm.secondsLeft === undefined ? null : Math.ceil(swarm.secondsLeft),
    ...(swarm.coverage && coverageItem(swarm.coverage)),
  };
}

/** `chunks`, `bytes`: null if no peer or tracker reported them; `self`: whether it is this peer. */
export function swarmMemberItem({ peer, chunks, bytes, complete, linked, ...rates }: SwarmMember) {
  return {
    ...(peer === undefined ? { id: null, name: null, host: null, port: null } : contactItem(peer)),
    self: peer === undefined,
    chunks: chunks ?? null,
    bytes: bytes ?? null,
    complete,
    bytesPerSecond: Math.round(rates.bytesPerSecond),
    giving: Math.round(rates.giving),
    taking: Math.round(rates.taking),
    linked,
  };
}

/** `up`, `down`: null for no limit. */
export function limitItem({ scope, up, down, sending, receiving }: LimitStatus) {
  return {
    scope,
    up: up ?? null,
    down: down ?? null,
    sending: Math.round(sending),
    receiving: Math.round(receiving),
  };
}

export function pushItem(push: PushStatus) {
  return {
    id: push.fileId,
    number: push.number,
    name: baseName(push.path),
    path: push.path,
    size: push.size,
    state: push.state,
    peer: contactItem(push.peer),
    chunks: push.chunks,
    chunkCount: push.chunkCount,
    confirmed: push.confirmed,
    error: push.error === undefined ? null : errorItem(push.error),
  };
}

export function offerItem(offer: OfferStatus) {
  return {
    id: offer.fileId,
    number: offer.number,
    name: baseName(offer.path),
    path: offer.path,
    size: offer.size,
    chunks: offer.chunks,
    peer: contactItem(offer.peer),
  };
}

/** `have`: first and last chunk of each range; null for a download that is not open now. */
export function partItem(part: PartStatus) {
  return {
    id: part.fileId,
    path: part.path,
    size: part.size,
    chunks: part.chunkCount,
    count: part.count,
    have: part.ranges ?? null,
  };
}

/** The last segment of a path; a folder keeps its slash. */
export function baseName(path: string): string {
  return /[^/]*\/?$/.exec(path)?.[0] || path;
}

export function isoDate(wallMs: number): string | null {
  const date = new Date(wallMs);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
