import { formatAddress } from '../../../Shared/Network/Address.ts';
import { formatBytes } from '../../../Shared/Text/FormatBytes.ts';
import type { SourceStatus, StallCause } from '../../DownloadModel.ts';
import type { StallFacts } from '../File/Task.ts';
import type { DownloadProgress } from './Download.ts';

type Code = StallCause['code'];

/** Facts about a download that receives no bytes. */
export interface StalledDownload extends StallFacts {
  readonly sources: readonly SourceStatus[];
  readonly bytesPerSecond: number;
}

/** Finds the single cause of a stall. Undefined: the download progresses or has ended well. */
export function stallReason(
  { state, retryAtMs, error }: DownloadProgress,
  download: StalledDownload,
  nowMs: number,
): StallCause | undefined {
  switch (state) {
    case 'paused':
      if (retryAtMs === undefined) return cause('paused', 'paused');
      return error?.code === 'DISK_FULL'
        ? cause('disk-full', 'disk full', retryAtMs - nowMs)
        : cause('disk-failed', 'disk failed', retryAtMs - nowMs);
    case 'failed':
      return cause('failed', error?.message ?? 'failed');
    case 'waiting':
      return cause('turn', 'waiting for its turn');
    case 'finishing':
      return cause('finishing', 'complete, moving into the share');
    case 'searching':
    case 'describing':
    case 'fetching':
      return download.bytesPerSecond > 0 ? undefined : reasonWithoutBytes(state === 'describing', download);
    case 'done':
    case 'cancelled':
      return undefined;
  }
}

/** Formats a cause as one line: `queued at 3 of 7 by studio`, `disk full, again in 12 s`. */
export function causeText({ text, retryInMs }: StallCause): string {
  if (retryInMs === undefined) return text;
  return `${text}, again in ${Math.max(1, Math.ceil(retryInMs / 1_000))} s`;
}

function reasonWithoutBytes(describing: boolean, download: StalledDownload): StallCause {
  if (download.sameContent) return cause('same-content', 'another download fetches the same content');
  const { sources } = download;
  const active = sources.filter(({ state }) => state === 'active');
  if (active.length > 0) return reasonOfActive(describing, active, download);
  const queued = sources
    .filter(({ state }) => state === 'queued')
    .sort((a, b) => (a.place ?? 0) - (b.place ?? 0));
  const [next] = queued;
  if (next !== undefined) {
    const of = next.queueLength === undefined ? '' : ` of ${Math.max(next.queueLength, next.place ?? 0)}`;
    return cause('queued', `queued at ${next.place ?? '?'}${of} by ${nameOf(next)}`);
  }
  const snubbed = sources.filter(({ state }) => state === 'snubbed');
  if (snubbed.length > 0) return reasonOfSnubbed(snubbed);
  const connecting = sources.filter(({ state, why }) => state === 'connecting' && why === undefined);
  if (connecting.length > 0) return cause('connecting', `connecting to ${namesOf(connecting)}`);
  return reasonWithoutSource(download);
}

function reasonOfSnubbed(snubbed: readonly SourceStatus[]): StallCause {
  if (snubbed.some(({ lane }) => lane === 'open' || lane === undefined)) {
    // Short frames arrive, or the link would have ended.
    const never = snubbed.every(({ lane, bytes }) => lane === 'open' && bytes === 0)
      ? ', perhaps because large packets are lost on the way (MTU)'
      : '';
    return cause('snubbed', `no data from ${namesOf(snubbed)}, although connected${never}`, soonest(snubbed));
  }
  return noLane(snubbed);
}

/** The link stands, but the connection for chunks does not. */
function noLane(sources: readonly SourceStatus[]): StallCause {
  const text = `linked to ${namesOf(sources)}, but no connection for data can be opened, perhaps because of a firewall`;
  return cause('no-lane', text, soonest(sources));
}

function reasonOfActive(
  describing: boolean,
  active: readonly SourceStatus[],
  { limitBytesPerSecond, noUsefulSource, nextLocateInMs }: StalledDownload,
): StallCause {
  if (limitBytesPerSecond !== undefined)
    return cause('limited', `limited to ${formatBytes(limitBytesPerSecond)}/s`);
  if (describing) return cause('describing', `asking ${namesOf(active)} for the chunk list`);
  if (noUsefulSource)
    return cause('missing-chunks', `${namesOf(active)} has none of the missing chunks`, nextLocateInMs);
  if (active.every(({ lane }) => lane === 'failed')) return noLane(active);
  if (active.every(({ lane, bytes }) => lane === 'opening' && bytes === 0))
    return cause('connecting', `linked to ${namesOf(active)}, opening the connection for data`);
  const first = active.every(({ bytes }) => bytes === 0) ? 'first' : 'next';
  return cause('asked', `waiting for the ${first} bytes from ${namesOf(active)}`);
}

/** Finds the cause when no source is connected. */
function reasonWithoutSource({ sources, nextLocateInMs, hasTracker }: StalledDownload): StallCause {
  const of = (...reasons: SourceStatus['why'][]) =>
    sources.filter(({ state, why }) => (state === 'left' || state === 'connecting') && reasons.includes(why));
  const [away, changed, empty] = [of('unreachable', 'no answer'), of('changed'), of('has it not')];
  const closed = of('no lane');
  const blocked = of('blocked');
  const corrupt = sources.filter(({ state }) => state === 'distrusted' || state === 'banned');
  if (closed.length > 0) return noLane(closed);
  if (away.length > 0) {
    const hasLeft = away.some(({ why, reached }) => why === 'unreachable' && reached !== false);
    const text = away.every(({ why }) => why === 'no answer')
      ? `no answer from ${namesOf(away)}`
      : hasLeft
        ? `waiting for ${namesOf(away)} to return`
        : `cannot connect to ${namesOf(away)}`;
    const isDialled = away.some(({ state }) => state === 'connecting');
    return cause('peer-away', text, isDialled ? undefined : (soonest(away) ?? nextLocateInMs));
  }
  if (blocked.length > 0) {
    const text = `${namesOf(blocked)} and this computer cannot connect to each other: let TCP ${portsOf(blocked)} through the firewall there, or the port of this peer here, or start a third peer with --relay that both can reach`;
    return cause('blocked', text, soonest(blocked) ?? nextLocateInMs);
  }
  if (changed.length > 0)
    return cause('source-changed', `the file has changed at ${namesOf(changed)}`, soonest(changed));
  if (empty.length > 0)
    return cause('no-source', `no source: ${namesOf(empty)} does not have it`, soonest(empty));
  if (corrupt.length > 0)
    return cause('source-banned', `no other source: ${namesOf(corrupt)} sent corrupt data`, nextLocateInMs);
  if (!hasTracker) return cause('no-tracker', 'no source, and no tracker answers', nextLocateInMs);
  return cause('no-source', 'no source', nextLocateInMs);
}

function cause(code: Code, text: string, retryInMs?: number): StallCause {
  return { code, text, retryInMs: retryInMs === undefined ? undefined : Math.max(0, retryInMs) };
}

function soonest(sources: readonly SourceStatus[]): number | undefined {
  const waits = sources.flatMap(({ retryInMs }) => (retryInMs === undefined ? [] : [retryInMs]));
  return waits.length === 0 ? undefined : Math.min(...waits);
}

/** Names the sources: `studio`, `studio or 3 others`. */
function namesOf(sources: readonly SourceStatus[]): string {
  const [first] = sources;
  if (first === undefined) return 'nobody';
  const others = sources.length - 1;
  return others === 0 ? nameOf(first) : `${nameOf(first)} or ${others} other${others === 1 ? '' : 's'}`;
}

/** Ports of the sources, at most three: `9001`, `9001 or 9002`. */
function portsOf(sources: readonly SourceStatus[]): string {
  return [...new Set(sources.map(({ peer }) => peer.address.port))].slice(0, 3).join(' or ');
}

function nameOf({ peer }: SourceStatus): string {
  return peer.name === '' ? formatAddress(peer.address) : peer.name;
}
