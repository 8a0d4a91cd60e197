import { formatAddress } from '../../../Shared/Network/Address.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { Coverage } from '../../Model.ts';
import type { ClusterMemberStatus, ClusterStatus } from '../../NetworkModel.ts';
import { formatCount, formatDuration, plural } from './HumanUnits.ts';
import { renderTable } from './TextTable.ts';
import type { ViewStyle } from './ViewStyle.ts';

/** The part of the trackers that answered; undefined: all of them. @param items - what may be missing */
export function missingTrackersText(coverage: Coverage, items: string): string | undefined {
  const { trackers, trackersKnown = trackers } = coverage;
  if (trackers === 0 || trackers >= trackersKnown) return undefined;
  return `${trackers} of ${trackersKnown} trackers answered: ${items} that only the others know are missing. See: tracker`;
}

/** Coverage in JSON. */
export function coverageItem({ trackers, trackersKnown = trackers }: Coverage) {
  return { trackers, trackersKnown };
}

/** The cluster in one line, for `status`. */
export function clusterLine({ name, members, connected }: ClusterStatus): string {
  const answering = members.filter(({ state }) => state !== 'silent').length;
  const all = plural(members.length, 'tracker');
  const state = answering === members.length ? 'all answer' : `${answering} of ${members.length} answer`;
  return `${safeText(name)}: ${all}, ${connected ? state : 'this one has lost the others'}`;
}

/** The trackers of a cluster, for `tracker`. */
export function clusterText(cluster: ClusterStatus, style: ViewStyle): string {
  const state = ({ state: is, heardAgoMs }: ClusterMemberStatus) =>
    is === 'silent'
      ? { text: `silent for ${formatDuration(heardAgoMs)}`, paint: style.paint.bad }
      : { text: is === 'self' ? 'yours' : 'answers', paint: style.paint.good };
  const table = renderTable(cluster.members, style, [
    { title: 'Tracker', of: ({ address }) => formatAddress(address) },
    { title: 'State', of: state },
    { title: 'Peers', align: 'right', of: ({ peers }) => formatCount(peers) },
    { title: 'Files', align: 'right', drop: 2, of: ({ files }) => formatCount(files) },
    { title: 'Last silence', shrink: 'end', drop: 1, of: silenceText },
  ]);
  const head = `Cluster ${clusterLine(cluster)}`;
  const rates = `Messages: ${formatCount(cluster.received)} received and ${formatCount(cluster.sent)} sent a second`;
  return `${head}\n\n${table}\n\n${style.paint.dim(rates)}`;
}

function silenceText({ silence }: ClusterMemberStatus): string {
  if (silence === undefined) return 'none';
  return `${formatDuration(silence.lengthMs)}, ${formatDuration(silence.agoMs)} ago`;
}

/** A cluster in JSON. */
export function clusterItem({ name, tracker, connected, received, sent, members }: ClusterStatus) {
  return {
    name,
    tracker: formatAddress(tracker),
    connected,
    receivedPerSecond: received,
    sentPerSecond: sent,
    trackers: members.length,
    answering: members.filter(({ state }) => state !== 'silent').length,
    members: members.map(({ address, state, peers, files, heardAgoMs, silence }) => ({
      host: address.host,
      port: address.port,
      state,
      peers,
      files,
      heardAgoMs,
      lastSilence: silence === undefined ? null : { lengthMs: silence.lengthMs, agoMs: silence.agoMs },
    })),
  };
}
