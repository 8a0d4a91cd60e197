import { earliestOf, type PeerExtensions } from '../../../Protocol/Extensions.ts';
import type { FileId, PeerId } from '../../../Protocol/Ids.ts';
import type { Hit, Holder, ListedPeer } from '../../../Protocol/TrackerMessages.ts';
import { type Address, isDialable, isLoopback, withZoneOf } from '../../../Shared/Network/Address.ts';
import type { FileHolder, PeerSummary, SearchHit } from '../../Model.ts';

/** This peer's point of view on an answer. */
export interface Viewpoint {
  /** Excluded from every answer. */
  readonly self: PeerId;
  /** Whether an IP belongs to this host. */
  readonly isOurs: (host: string) => boolean;
}

/** One tracker's answer, with the host at which this peer reaches the tracker. */
export interface TrackerAnswer<T> {
  readonly trackerHost: string;
  readonly items: readonly T[];
}

/** Merges holders by peer id. A peer listed as complete by any tracker is complete. */
export function mergeHolders(answers: readonly TrackerAnswer<Holder>[], from: Viewpoint): FileHolder[] {
  return mergeById(answers, from, (before: FileHolder | undefined, holder: Holder, address) => ({
    peerId: holder.peerId,
    name: holder.name,
    address: betterAddress(before?.address, address, from),
    complete: holder.complete || before?.complete === true,
    ...undialableOf(holder, before),
  }));
}

/** Merges peers by id. */
export function mergePeers(answers: readonly TrackerAnswer<ListedPeer>[], from: Viewpoint): PeerSummary[] {
  return mergeById(answers, from, (before: PeerSummary | undefined, peer: ListedPeer, address) => ({
    peerId: peer.peerId,
    name: peer.name,
    address: betterAddress(before?.address, address, from),
    files: Math.max(peer.files, before?.files ?? 0),
    bytes: Math.max(peer.bytes, before?.bytes ?? 0),
    linked: false,
    ...undialableOf(peer, before),
  }));
}

/** A peer that reports to any tracker that nobody can dial it. */
function undialableOf(...claims: readonly (PeerExtensions | undefined)[]): PeerExtensions {
  return claims.some((claim) => claim?.undialable === true) ? { undialable: true } : {};
}

/**
 * Merges hits by content, in order of arrival; drops content held only by this peer. Hits of one answer come from
 * different peers, so their holders add up; those of different trackers may be the same.
 */
export function mergeHits(answers: readonly TrackerAnswer<Hit>[], from: Viewpoint): SearchHit[] {
  const byFile = new Map<FileId, MergedHit>();
  for (const answer of answers) {
    const counts = new Map<FileId, { readonly listed: Set<PeerId>; unlisted: number }>();
    for (const hit of answer.items) {
      const known = byFile.get(hit.fileId) ?? { named: [], first: hit, answers: [], count: 0 };
      byFile.set(hit.fileId, known);
      if (hit.path === known.first.path) known.named.push(hit);
      known.answers.push({ trackerHost: answer.trackerHost, items: hit.holders });
      const count = counts.get(hit.fileId) ?? { listed: new Set(), unlisted: 0 };
      counts.set(hit.fileId, count);
      for (const { peerId } of hit.holders) if (peerId !== from.self) count.listed.add(peerId);
      count.unlisted += Math.max(0, hit.holderCount - hit.holders.length);
      known.count = Math.max(known.count, count.listed.size + count.unlisted);
    }
  }
  const hits = [...byFile.values()].map(({ named, first, answers, count }) => {
    const holders = mergeHolders(answers, from);
    const { fileId, size, path } = first;
    const holderCount = Math.max(count, holders.length);
    return { fileId, size, path, holders, holderCount, ...earliestOf(named) };
  });
  return hits.filter(({ holders }) => holders.length > 0);
}

interface MergedHit {
  readonly named: Hit[];
  readonly first: Hit;
  readonly answers: TrackerAnswer<Holder>[];
  /** Holders by the tracker that counts most. */
  count: number;
}

/**
 * Address of a peer as seen from this host: a peer on the tracker's own host is reachable at the tracker's host.
 * Undefined for an address that cannot be dialled, or a loopback address of another host.
 */
export function seenFromHere(
  answers: { readonly address: Address; readonly onTrackerHost: boolean },
  trackerHost: string,
): Address | undefined {
  const host = answers.onTrackerHost ? trackerHost : withZoneOf(answers.address.host, trackerHost);
  const address = { host, port: answers.address.port };
  if (!isDialable(address)) return undefined;
  return isLoopback(host) && !isLoopback(trackerHost) ? undefined : address;
}

/** Prefers loopback for peers on this host; elsewhere a loopback address leads nowhere. */
function betterAddress(one: Address | undefined, other: Address, from: Viewpoint): Address {
  if (one === undefined) return other;
  if (isLoopback(one.host) === isLoopback(other.host)) return one;
  const [loopback, remote] = isLoopback(one.host) ? [one, other] : [other, one];
  return from.isOurs(remote.host) ? loopback : remote;
}

function mergeById<
  I extends { readonly peerId: PeerId; readonly address: Address; readonly onTrackerHost: boolean },
  O,
>(
  answers: readonly TrackerAnswer<I>[],
  from: Viewpoint,
  combine: (before: O | undefined, item: I, address: Address) => O,
): O[] {
  const byId = new Map<PeerId, O>();
  for (const { trackerHost, items } of answers) {
    for (const item of items) {
      const address = seenFromHere(item, trackerHost);
      if (item.peerId === from.self || address === undefined) continue;
      byId.set(item.peerId, combine(byId.get(item.peerId), item, address));
    }
  }
  return [...byId.values()];
}
