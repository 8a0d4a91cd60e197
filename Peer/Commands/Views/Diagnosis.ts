import { formatNamed } from '../../../Shared/Address.ts';
import { safeText } from '../../../Shared/SafeText.ts';
import type { DownloadStatus, PeerSummary, StallCause, TrackerStatus } from '../../Model.ts';
import type { NetworkHealth } from '../../NetworkModel.ts';
import type { ShareStatus } from '../../ShareModel.ts';
import { formatBytes, formatCount, plural } from './HumanUnits.ts';
import type { ViewStyle } from './ViewStyle.ts';

/** One line of `doctor`: fine, or what to do. */
export interface Finding {
  readonly check:
    | 'share'
    | 'changes'
    | 'names'
    | 'hashing'
    | 'descriptors'
    | 'tracker'
    | 'peers'
    | 'download';
  readonly ok: boolean;
  /** Safe to print. */
  readonly text: string;
  readonly hint: string | null;
}

export interface DiagnosisFacts {
  readonly share: ShareStatus;
  readonly trackers: readonly TrackerStatus[];
  readonly peers: readonly PeerSummary[];
  readonly downloads: readonly DownloadStatus[];
  readonly health: NetworkHealth;
}

/** Share of the descriptors above which connections may soon be refused. */
const DESCRIPTORS_SHORT = 0.9;
/** Causes that end by themselves, or that the user has chosen. */
const HARMLESS: readonly StallCause['code'][] = [
  'turn',
  'same-content',
  'connecting',
  'describing',
  'queued',
  'asked',
  'limited',
  'finishing',
  'paused',
];

/** Checks what can stand in the way of sharing, from what the peer knows without a request. */
export function diagnose(facts: DiagnosisFacts): readonly Finding[] {
  return [
    ...shareFindings(facts.share),
    descriptorFinding(facts),
    trackerFinding(facts),
    peerFinding(facts),
  ].concat(facts.downloads.flatMap(downloadFinding));
}

/** One line for each finding, with its hint below. */
export function diagnosisText(findings: readonly Finding[], { paint }: ViewStyle): string {
  return findings
    .map(({ ok, check, text, hint }) => {
      const head = `${ok ? paint.good('fine') : paint.bad('look')}  ${check}: ${text}`;
      return ok || hint === null ? head : `${head}\n      ${hint}`;
    })
    .join('\n');
}

function shareFindings(share: ShareStatus): Finding[] {
  const folder = safeText(share.folder);
  if (share.gone !== undefined) {
    const text = `${folder} cannot be read (${safeText(share.gone.reason)}): nothing is shared`;
    return [bad('share', text, 'Connect its disk again, or start with another folder: --share DIR')];
  }
  const what = `${plural(share.files, 'file')}, ${formatBytes(share.bytes)}`;
  const readOnly = share.readOnly ? '; it is read-only, so downloads fail' : '';
  const notShared = share.notShared.reduce((sum, { count }) => sum + count, 0);
  const names = `${formatCount(notShared)} names of the folder cannot be shared`;
  const rescans = 'the system watches no more folders: changes are found by scans, up to minutes later';
  const queue = `${plural(share.hashing.files, 'file')} still to be hashed, and shared afterwards`;
  return [
    fine('share', `${folder} shares ${what}${readOnly}`),
    share.mode === 're-scanning'
      ? bad('changes', rescans, 'On Linux: sudo sysctl fs.inotify.max_user_watches=524288')
      : fine('changes', 'changes in the folder take effect at once'),
    notShared > 0
      ? bad('names', names, 'The names and reasons: status')
      : fine('names', 'all names can be shared'),
    fine('hashing', share.hashing.files > 0 || !share.scanned ? queue : 'every file is hashed'),
  ];
}

function descriptorFinding({ health: { descriptors } }: DiagnosisFacts): Finding {
  const { used, allowed } = descriptors;
  const text = used === undefined ? `${allowed} are allowed` : `${used} of ${allowed} are in use`;
  if (used === undefined || used < allowed * DESCRIPTORS_SHORT) return fine('descriptors', text);
  return bad('descriptors', text, 'Allow more before the start: ulimit -n 4096');
}

function trackerFinding({ trackers, peers }: DiagnosisFacts): Finding {
  const connected = trackers.filter(({ state }) => state === 'connected');
  if (connected.length > 0) {
    const places = connected.map(({ address, name }) => safeText(formatNamed({ ...address, name })));
    return fine('tracker', `connected to ${places.join(', ')}`);
  }
  if (peers.some(({ linked }) => linked))
    return fine('tracker', 'none; linked peers answer searches instead');
  const reason = trackers.find((each) => each.reason !== undefined)?.reason;
  const text = reason === undefined ? 'none answers' : `none answers: ${safeText(reason)}`;
  return bad(
    'tracker',
    text,
    'Name one: --tracker HOST. Or link to a peer: connect HOST:PORT. More: tracker',
  );
}

function peerFinding({ peers }: DiagnosisFacts): Finding {
  const linked = peers.filter((peer) => peer.linked).length;
  return fine(
    'peers',
    peers.length === 0 ? 'no other peer is known yet' : `${peers.length} known, ${linked} linked`,
  );
}

function downloadFinding({ number, path, state, cause, error }: DownloadStatus): Finding[] {
  const name = safeText(path);
  if (state === 'failed') {
    const hint = error?.hint ?? `Try again: resume ${number}`;
    return [bad('download', `${name} failed: ${safeText(error?.message ?? '')}`, safeText(hint))];
  }
  if (cause === undefined || HARMLESS.includes(cause.code)) return [];
  return [
    bad('download', `${name} stands still: ${safeText(cause.text)}`, `Its sources: downloads ${number}`),
  ];
}

function fine(check: Finding['check'], text: string): Finding {
  return { check, ok: true, text, hint: null };
}

function bad(check: Finding['check'], text: string, hint: string): Finding {
  return { check, ok: false, text, hint };
}
