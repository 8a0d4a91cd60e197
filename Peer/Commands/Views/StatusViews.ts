import { shortPeerId } from '../../../Protocol/Ids.ts';
import { formatAddress, formatNamed } from '../../../Shared/Network/Address.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { PeerSummary, Self, TrackerStatus, UploadStatus } from '../../Model.ts';
import type {
  ClusterStatus,
  LimitStatus,
  NetworkHealth,
  PeerList,
  PrivateNetwork,
} from '../../NetworkModel.ts';
import type { ReasonCount, ShareStatus } from '../../ShareModel.ts';
import { clusterLine, missingTrackersText } from './ClusterViews.ts';
import { limitedTable } from './FileViews.ts';
import { formatBytes, formatCount, formatDuration, plural } from './HumanUnits.ts';
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
import { pad, shortenMiddle, widthOf } from './TextFit.ts';
import { type Column, renderTable } from './TextTable.ts';
import { uploadsText } from './UploadViews.ts';
import type { ViewStyle } from './ViewStyle.ts';

/** Reasons named in `status`. */
const REASONS_SHOWN = 3;

/** Facts, one per line, with aligned values. */
export function factsText(facts: readonly (readonly [string, string])[], style: ViewStyle): string {
  const left = Math.max(...facts.map(([label]) => widthOf(label))) + 2;
  return facts
    .map(
      ([label, value]) =>
        style.paint.dim(pad(label, left)) + shortenMiddle(value, Math.max(8, style.width - left)),
    )
    .join('\n');
}

/** `whoami` */
export function whoamiText(
  { self, host, health, privateNetwork }: Pick<StatusFacts, 'self' | 'host' | 'health' | 'privateNetwork'>,
  style: ViewStyle,
): string {
  const facts = factsText(
    [
      ['Name', safeText(self.name)],
      ['Id', shortPeerId(self.peerId)],
      ['Full id', self.peerId],
      ['Address', formatAddress({ host, port: self.port })],
      ['Network', networkName(privateNetwork)],
      ['Reachable', reachableText(health)],
    ],
    style,
  );
  const advice = reachabilityAdvice(health, self.port);
  return advice === undefined ? facts : `${facts}\n\n${advice}`;
}

/** `peers` */
export function peersText(list: PeerList, style: ViewStyle): string {
  const { peers } = list;
  const missing = missingTrackersText(list, 'peers');
  const end = missing === undefined ? '' : `\n${style.paint.bad(missing)}`;
  if (peers.length === 0) {
    return `No other peers yet. Start one on another computer, or connect to one by its address: connect <host:port>${end}`;
  }
  const hasLanes = peers.some(({ link }) => lanesText(link) !== '');
  const columns: Column[] = [
    { title: 'Name', shrink: 'end' },
    { title: 'Address' },
    { title: 'Id', drop: 2 },
    { title: 'Files', align: 'right' },
    { title: 'Size', align: 'right', drop: 1 },
    { title: 'Link', drop: 3 },
    ...(hasLanes ? [{ title: 'Data', drop: 4 }] : []),
  ];
  const row = (peer: PeerSummary) => [
    safeText(peer.name),
    formatAddress(peer.address),
    shortPeerId(peer.peerId),
    peer.files === undefined ? '' : formatCount(peer.files),
    peer.bytes === undefined ? '' : formatBytes(peer.bytes),
    { text: linkText(peer), paint: style.paint.good },
    ...(hasLanes ? [lanesText(peer.link)] : []),
  ];
  const table = limitedTable(columns, peers, row, style, '');
  const next = `${plural(peers.length, 'peer')}. List the files of one: ls <name>`;
  return `${table}\n\n${style.paint.dim(next)}${end}`;
}

/** `tracker` */
export function trackersText(trackers: readonly TrackerStatus[], style: ViewStyle): string {
  if (trackers.length === 0) {
    return 'No tracker found yet. Start one: node Tracker.js. Or name one: node Peer.js --tracker <host>';
  }
  return trackers.map((tracker) => factsText(trackerFacts(tracker, style), style)).join('\n\n');
}

function trackerFacts(tracker: TrackerStatus, style: ViewStyle): [string, string][] {
  const facts: [string, string][] = [
    ['Tracker', `${safeText(formatNamed({ ...tracker.address, name: tracker.name }))}, ${tracker.foundBy}`],
    ['State', paintedState(tracker, style)],
  ];
  if (tracker.reason !== undefined) facts.push(['Reason', safeText(tracker.reason)]);
  if (tracker.lastAnswerAgoMs !== undefined) {
    facts.push(['Last answer', `${formatDuration(tracker.lastAnswerAgoMs)} ago`]);
  }
  if (tracker.intervalMs !== undefined)
    facts.push(['Heartbeat', `every ${formatDuration(tracker.intervalMs)}`]);
  if (tracker.peers !== undefined) facts.push(['Peers', formatCount(tracker.peers)]);
  if (tracker.cluster !== undefined) facts.push(...clusterFacts(tracker.cluster));
  if (tracker.observed !== undefined) facts.push(['Observed address', formatAddress(tracker.observed)]);
  facts.push(['Catalog', catalogText(tracker)]);
  return facts;
}

function clusterFacts({ name, spares }: NonNullable<TrackerStatus['cluster']>): [string, string][] {
  const others = spares.map(formatAddress).join(', ');
  return [
    ['Cluster', safeText(name)],
    ['Spares', others === '' ? 'none: no other tracker of the cluster answers' : others],
  ];
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
  const { self, share, totals, downloads, uploads } = status;
  const connected = status.trackers.filter((tracker) => tracker.state === 'connected');
  const tracker = connected[0] ?? status.trackers[0];
  const facts: [string, string][] = [
    ['Peer', `${safeText(self.name)} at ${formatAddress({ host: status.host, port: self.port })}`],
    ['Id', shortPeerId(self.peerId)],
    ['Network', networkName(status.privateNetwork)],
    ['Up for', formatDuration(totals.uptimeMs)],
    ['Tracker', tracker === undefined ? 'none yet' : `${formatAddress(tracker.address)}, ${tracker.state}`],
    ...status.clusters.map((cluster): [string, string] => ['Cluster', clusterLine(cluster)]),
    [
      'Peers',
      `${plural(status.peers.length, 'other peer')}, ${plural(linkCount(status.peers), 'open link')} (${LINK_SECURITY})`,
    ],
    ['Share', `${plural(share.files, 'file')}, ${formatBytes(share.bytes)} in ${safeText(share.folder)}`],
  ];
  if (share.manifest !== undefined) facts.push(['Manifest', safeText(share.manifest)]);
  if (!share.scanned || share.hashing.files > 0) {
    facts.push([
      'Hashing',
      `${plural(share.hashing.files, 'file')}, ${formatBytes(share.hashing.bytes)} to go`,
    ]);
  }
  facts.push(['Reachable', reachableText(status.health)]);
  if (status.health.portMapping !== undefined)
    facts.push(['Router', portMappingText(status.health.portMapping)]);
  if (status.health.relay !== undefined) facts.push(['Relay', relayText(status.health.relay)]);
  facts.push(...shareFacts(share));
  facts.push(
    ['Downloads', `${downloads.active} active, ${downloads.done} done, ${downloads.other} paused or failed`],
    ['Uploads', uploads.length === 0 ? 'none now' : `${uploads.length} now`],
    ['Limits', limitsInWords(status.limits)],
    ['Sent', `${formatBytes(totals.sent)} since start`],
    ['Received', `${formatBytes(totals.received)} since start`],
    ...healthFacts(status.health),
    ...(verbose ? sendingFacts(status.health) : []),
  );
  const parts = [factsText(facts, style)];
  const advice = reachabilityAdvice(status.health, self.port);
  if (advice !== undefined) parts.push(advice);
  if (uploads.length > 0) parts.push(uploadsText(uploads, style));
  if (share.problems.length > 0) {
    const rows = share.problems.map((problem) => [safeText(problem.path), safeText(problem.reason)]);
    const columns: Column[] = [
      { title: 'Not shared', shrink: 'middle' },
      { title: 'Reason', shrink: 'end' },
    ];
    parts.push(renderTable(columns, rows, style.width, style.paint));
  }
  return parts.join('\n\n');
}

/** The descriptors in use, and counts of refusals and drops above zero. */
function healthFacts(health: NetworkHealth): [string, string][] {
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
  const facts: [string, string][] = [
    ['Descriptors', used === undefined ? descriptors : `${formatCount(used)} used, ${descriptors}`],
  ];
  if (refused !== '') facts.push(['Refused', refused]);
  if (dropped !== '') facts.push(['Dropped', dropped]);
  return facts;
}

/** How bytes of large files are sent, and why not without copies. */
function sendingFacts({ sending }: NetworkHealth): [string, string][] {
  const { path, reason } = sending ?? { path: 'copy', reason: undefined };
  if (path === 'sendfile') return [['Sending', 'large files by sendfile, others and TLS with copies']];
  return [['Sending', `with copies${reason === undefined ? '' : `: ${safeText(reason)}`}`]];
}

function counted(counts: readonly (readonly [count: number, what: string])[]): string {
  return counts.flatMap(([count, what]) => (count === 0 ? [] : [`${formatCount(count)} ${what}`])).join(', ');
}

/** The health of the share, and the paths in it that are not shared. */
function shareFacts(share: ShareStatus): [string, string][] {
  const facts: [string, string][] = [['Watching', healthText(share)]];
  if (share.notShared.length > 0) facts.push(['Not shared', reasonsText(share.notShared)]);
  if (share.ignored.length > 0) facts.push(['Ignored', reasonsText(share.ignored)]);
  return facts;
}

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
function reasonsText(reasons: readonly ReasonCount[]): string {
  const shown = reasons
    .slice(0, REASONS_SHOWN)
    .map(({ reason, count }) => `${formatCount(count)} (${safeText(reason)})`);
  const others = reasons.slice(REASONS_SHOWN).reduce((sum, { count }) => sum + count, 0);
  return [...shown, ...(others > 0 ? [`${formatCount(others)} for other reasons`] : [])].join(', ');
}

function linkCount(peers: readonly PeerSummary[]): number {
  return peers.filter((peer) => peer.linked).length;
}
