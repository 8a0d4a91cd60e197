import type { Check, Status } from '../Api/Items.ts';
import { count, t } from '../Text/Language.ts';
import { bytesText } from '../Text/Units.ts';

/** Checks made from the overview of a peer: its trackers, its share, its links. */
export function checksOf(status: Status): Check[] {
  const { trackers, share, peers } = status;
  const linked = peers.filter((peer) => peer.linked).length;
  return [
    ...trackerChecks(trackers),
    shareCheck(share),
    {
      check: t('nav.peers'),
      ok: peers.length > 0,
      text: t('doctor.peers', { n: peers.length, linked }),
      hint: peers.length > 0 ? null : t('peers.noneHint'),
    },
  ];
}

function trackerChecks(trackers: Status['trackers']): Check[] {
  if (trackers.length === 0) {
    return [{ check: 'Tracker', ok: false, text: t('doctor.noTracker'), hint: t('doctor.noTrackerHint') }];
  }
  return trackers.map(({ host, port, foundBy, state, reason }) => ({
    check: `Tracker ${host}:${port}`,
    ok: state === 'connected',
    text: `${t('doctor.tracker', { name: host, how: foundBy })}: ${state}`,
    hint: reason,
  }));
}

function shareCheck({ folder, files, bytes, gone, readOnly }: Status['share']): Check {
  const fine = t('doctor.shareOk', { folder, files: count('files.count', files), size: bytesText(bytes) });
  const hint = readOnly ? t('share.readOnly', { folder }) : null;
  if (gone === null) return { check: t('nav.share'), ok: !readOnly, text: fine, hint };
  return { check: t('nav.share'), ok: false, text: t('share.gone', { reason: gone.reason }), hint };
}
