import { shortPeerId } from '../../../Protocol/Ids.ts';
import { type Address, formatAddress, formatNamed } from '../../../Shared/Network/Address.ts';
import { PEER_COMMAND, TRACKER_COMMAND } from '../../../Shared/Program/StartedAs.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { DownloadStatus } from '../../DownloadModel.ts';
import type { PeerSummary, Self, TrackerStatus, UploadStatus } from '../../Model.ts';
import type {
  ClusterStatus,
  LimitStatus,
  NetworkHealth,
  PeerList,
  PrivateNetwork,
} from '../../NetworkModel.ts';
import type { ReasonCount, ShareStatus } from '../../ShareModel.ts';
import { clusterItem, clusterLine, missingTrackersText } from './ClusterViews.ts';
import { notYetText } from './FileViews.ts';
import { formatBytes, formatCount, formatDuration, plural } from './HumanUnits.ts';
import {
  downloadItem,
  healthItem,
  limitItem,
  peerItem,
  shareItem,
  trackerItem,
  uploadItem,
} from './Items.ts';
import { limitsInWords } from './LimitViews.ts';
import {
  LINK_SECURITY,
  lanesText,
  linkText,
  portMappingText,
  reachabilityAdvice,
  reachableText,
  relayText,
} from './ReachabilityViews.ts';
import { widthOf } from './TextFit.ts';
import { limitedTable, renderTable } from './TextTable.ts';
import { uploadsText } from './UploadViews.ts';
import { nextCommand, type ViewStyle } from './ViewStyle.ts';
import { labelledLines } from './WordWrap.ts';

/** Reasons named in `status`. */
const REASONS_SHOWN = 3;

type Fact = readonly [label: string, value: string | undefined];

/** Facts that have a value, one below the other, with aligned values. */
export function factsText(style: ViewStyle, facts: readonly Fact[]): string {
  const known = facts.filter(([, value]) => value !== undefined);
  const left = Math.max(...known.map(([label]) => widthOf(label))) + 2;
  return known
    .flatMap(([label, value = '']) => labelledLines(label, value, left, style.width, style.paint.dim))
    .join('\n');
}

/** `whoami` */
export function whoamiText(
  { self, host, health, privateNetwork }: Pick<StatusFacts, 'self' | 'host' | 'health' | 'privateNetwork'>,
  style: ViewStyle,
): string {
  const facts = factsText(style, [
    ['Name', safeText(self.name)],
    ['Id', shortPeerId(self.peerId)],
    ['Full id', self.peerId],
    ['Address', formatAddress({ host, port: self.port })],
    ['Network', networkName(privateNetwork)],
    ['Reachable', reachableText(health)],
  ]);
  const advice = reachabilityAdvice(health, self.port);
  return advice === undefined ? facts : `${facts}\n\n${advice}`;
}

/** `peers` */
export function peersText(list: PeerList, style: ViewStyle): string {
  const { peers } = list;
  const missing = missingTrackersText(list, 'peers');
  const end = missing === undefined ? '' : `\n${style.paint.bad(missing)}`;
  if (peers.length === 0) {
    return `No other peers yet. Start one on another computer, or connect to one by its address: ${nextCommand(style, 'connect <host:port>')}${end}`;
  }
  const hasLanes = peers.some(({ link }) => lanesText(link) !== '');
  const data = { title: 'Data', drop: 4, of: ({ link }: PeerSummary) => lanesText(link) };
  const table = limitedTable(peers, style, '', [
    { title: 'Name', shrink: 'end', of: ({ name }) => safeText(name) },
    { title: 'Address', of: ({ address }) => formatAddress(address) },
    { title: 'Id', drop: 2, of: ({ peerId }) => shortPeerId(peerId) },
    { title: 'Files', align: 'right', of: ({ files }) => (files === undefined ? '' : formatCount(files)) },
    {
      title: 'Size',
      align: 'right',
      drop: 1,
      of: ({ bytes }) => (bytes === undefined ? '' : formatBytes(bytes)),
    },
    { title: 'Link', drop: 3, of: (peer) => ({ text: linkText(peer), paint: style.paint.good }) },
    ...(hasLanes ? [data] : []),
  ]);
  const next = `${plural(peers.length, 'peer')}. List the files of one: ${nextCommand(style, 'ls <name>')}`;
  return `${table}\n\n${style.paint.dim(next)}${end}`;
}

/** `tracker` */
export function trackersText(trackers: readonly TrackerStatus[], style: ViewStyle): string {
  if (trackers.length === 0) {
    return `No tracker found yet. Start one: ${TRACKER_COMMAND}. Or name one: ${PEER_COMMAND} --tracker <host>`;
  }
  return trackers.map((tracker) => factsText(style, trackerFacts(tracker, style))).join('\n\n');
}

function trackerFacts(tracker: TrackerStatus, style: ViewStyle): readonly Fact[] {
  const { reason, lastAnswerAgoMs, intervalMs, peers, cluster, observed } = tracker;
  return [
    ['Tracker', `${safeText(formatNamed({ ...tracker.address, name: tracker.name }))}, ${tracker.foundBy}`],
    ['State', paintedState(tracker, style)],
    ['Reason', reason && safeText(reason)],
    ['Last answer', lastAnswerAgoMs === undefined ? undefined : `${formatDuration(lastAnswerAgoMs)} ago`],
    ['Heartbeat', intervalMs === undefined ? undefined : `every ${formatDuration(intervalMs)}`],
    ['Peers', peers === undefined ? undefined : formatCount(peers)],
    ['Cluster', cluster && safeText(cluster.name)],
    ['Spares', cluster && sparesText(cluster.spares)],
    ['Observed address', observed && formatAddress(observed)],
    ['Catalog', catalogText(tracker)],
  ];
}

function sparesText(spares: readonly Address[]): string {
  return spares.map(formatAddress).join(', ') || 'none: no other tracker of the cluster answers';
}

function catalogText({ asksByRelay, heldVersion, version }: TrackerStatus): string {
  if (asksByRelay === true) return 'not published: the tracker relays searches to this peer';
  return heldVersion >= version ? 'up to date' : `version ${heldVersion} of ${version}, being sent`;
}

function paintedState(tracker: TrackerStatus, style: ViewStyle): string {
  // Short: factsText must not shorten a text with escape sequences.
  return tracker.state === 'connected' ? style.paint.good(tracker.state) : style.paint.bad(tracker.state);
}

/** Facts of `status`. */
export interface StatusFacts {
  readonly self: Self;
  readonly privateNetwork: PrivateNetwork | undefined;
  readonly host: string;
  readonly trackers: readonly TrackerStatus[];
  readonly clusters: readonly ClusterStatus[];
  readonly share: ShareStatus;
  readonly peers: readonly PeerSummary[];
  readonly downloads: { readonly active: number; readonly done: number; readonly other: number };
  readonly uploads: readonly UploadStatus[];
  readonly limits: readonly LimitStatus[];
  readonly health: NetworkHealth;
  readonly totals: { readonly sent: number; readonly received: number; readonly uptimeMs: number };
}

function networkName(network: PrivateNetwork | undefined): string {
  return network === undefined ? 'open: everybody can join' : `"${safeText(network.name)}", private`;
}

/** `status`. @param verbose - also how bytes are sent */
export function statusText(status: StatusFacts, style: ViewStyle, verbose = false): string {
  const { self, share, totals, downloads, uploads, health } = status;
  const connected = status.trackers.filter((tracker) => tracker.state === 'connected');
  const tracker = connected[0] ?? status.trackers[0];
  const { manifest, hashing } = share;
  const isHashing = !share.scanned || hashing.files > 0;
  const facts: readonly Fact[] = [
    ['Peer', `${safeText(self.name)} at ${formatAddress({ host: status.host, port: self.port })}`],
    ['Id', shortPeerId(self.peerId)],
    ['Network', networkName(status.privateNetwork)],
    ['Up for', formatDuration(totals.uptimeMs)],
    ['Tracker', tracker === undefined ? 'none yet' : `${formatAddress(tracker.address)}, ${tracker.state}`],
    ...status.clusters.map((cluster): Fact => ['Cluster', clusterLine(cluster)]),
    ['Peers', peersLine(status.peers, connected)],
    ['Share', `${plural(share.files, 'file')}, ${formatBytes(share.bytes)} in ${safeText(share.folder)}`],
    ['Manifest', manifest && safeText(manifest)],
    ['Not yet', isHashing ? notYetText(hashing) : undefined],
    ['Reachable', reachableText(health)],
    ['Router', health.portMapping && portMappingText(health.portMapping)],
    ['Relay', health.relay && relayText(health.relay)],
    ['Watching', healthText(share)],
    ['Not shared', reasonsText(share.notShared)],
    ['Ignored', reasonsText(share.ignored)],
    ['Downloads', `${downloads.active} active, ${downloads.done} done, ${downloads.other} paused or failed`],
    ['Uploads', uploads.length === 0 ? 'none now' : `${uploads.length} now`],
    ['Limits', limitsInWords(status.limits)],
    ['Sent', `${formatBytes(totals.sent)} since start`],
    ['Received', `${formatBytes(totals.received)} since start`],
    ...healthFacts(health),
    ['Sending', verbose ? sendingText(health) : undefined],
  ];
  const parts = [factsText(style, facts)];
  const advice = reachabilityAdvice(health, self.port);
  if (advice !== undefined) parts.push(advice);
  if (uploads.length > 0) parts.push(uploadsText(uploads, style));
  if (share.problems.length > 0) {
    const table = renderTable(share.problems, style, [
      { title: 'Not shared', shrink: 'middle', of: ({ path }) => safeText(path) },
      { title: 'Reason', shrink: 'end', of: ({ reason }) => safeText(reason) },
    ]);
    parts.push(table);
  }
  return parts.join('\n\n');
}

/** The descriptors in use, and counts of refusals and drops above zero. */
function healthFacts(health: NetworkHealth): readonly Fact[] {
  const { used, allowed } = health.descriptors;
  const refused = counted([
    [health.refusedConnections, 'connections (full, or banned)'],
    [health.evictedConnections, 'idle connections for newcomers'],
    [health.failedHandshakes, 'failed handshakes'],
    [health.foreignConnections, 'of other programs'],
    [health.overLimit, 'too frequent requests'],
  ]);
  const dropped = counted([
    [health.violations, 'links that broke the protocol'],
    [health.droppedDatagrams, 'datagrams'],
  ]);
  const descriptors = `${formatCount(allowed)} allowed`;
  return [
    ['Descriptors', used === undefined ? descriptors : `${formatCount(used)} used, ${descriptors}`],
    ['Refused', refused],
    ['Dropped', dropped],
  ];
}

/** The way of bytes of large files to connections, and the reason for copies. */
function sendingText({ sending }: NetworkHealth): string {
  if (sending?.path === 'sendfile') return 'large files by sendfile, others and TLS with copies';
  return `with copies${sending?.reason === undefined ? '' : `: ${safeText(sending.reason)}`}`;
}

function counted(counts: readonly (readonly [count: number, what: string])[]): string | undefined {
  const shown = counts.filter(([count]) => count > 0);
  return shown.map(([count, what]) => `${formatCount(count)} ${what}`).join(', ') || undefined;
}

/** The health of the share, and the paths in it that are not shared. */
function healthText({ mode, gone, readOnly }: ShareStatus): string {
  if (gone !== undefined)
    return `gone since ${new Date(gone.sinceMs).toLocaleTimeString('sv-SE')}: ${safeText(gone.reason)}; nothing is shared`;
  const watching =
    mode === 'watching'
      ? 'changes take effect at once'
      : 'by a new scan every 30 s (the system limit of watches is reached)';
  return readOnly ? `${watching}; read-only: downloads need another folder (--share DIR)` : watching;
}

/** The most frequent reasons with their counts. */
function reasonsText(reasons: readonly ReasonCount[]): string | undefined {
  const others = reasons.slice(REASONS_SHOWN).reduce((sum, { count }) => sum + count, 0);
  const shown = reasons
    .slice(0, REASONS_SHOWN)
    .map(({ reason, count }) => [count, `(${safeText(reason)})`] as const);
  return counted([...shown, [others, 'for other reasons']]);
}

/** Number of other peers: those known here, or registered at a tracker, whose number includes this peer. */
function peersLine(known: readonly PeerSummary[], connected: readonly TrackerStatus[]): string {
  const others = Math.max(known.length, ...connected.map(({ peers = 1 }) => peers - 1));
  const links = known.filter((peer) => peer.linked).length;
  const security = links === 0 ? '' : ` (${LINK_SECURITY})`;
  return `${plural(others, 'other peer')}, ${plural(links, 'open link')}${security}`;
}

/** JSON of `status`. */
export function statusItem(facts: StatusFacts, downloads: readonly DownloadStatus[]) {
  const { self, totals } = facts;
  return {
    id: self.peerId,
    name: self.name,
    host: facts.host,
    port: self.port,
    privateNetwork: facts.privateNetwork ?? null,
    trackers: facts.trackers.map(trackerItem),
    clusters: facts.clusters.map(clusterItem),
    share: shareItem(facts.share),
    peers: facts.peers.map(peerItem),
    downloads: downloads.map(downloadItem),
    uploads: facts.uploads.map(uploadItem),
    limits: facts.limits.map(limitItem),
    network: healthItem(facts.health, self.port),
    sent: totals.sent,
    received: totals.received,
    uptimeMs: Math.round(totals.uptimeMs),
  };
}
