import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { SwarmMember, SwarmStatus } from '../../Model.ts';
import { missingTrackersText } from './ClusterViews.ts';
import { bar, formatBytes, formatCount, formatRate, formatTimeLeft, percent, plural } from './HumanUnits.ts';
import { baseName } from './Items.ts';
import { peerName } from './ReachabilityViews.ts';
import { shortenEnd, shortenMiddle } from './TextFit.ts';
import { renderTable } from './TextTable.ts';
import type { ViewStyle } from './ViewStyle.ts';
import { wrapWords } from './WordWrap.ts';

const USUAL_WIDTH = 80;
const BAR_MAX = 32;
/** Widest name within a sentence, in columns. */
const NAME_MAX = 24;

/** `swarm`: a progress bar per peer, and the state of the group. */
export function swarmText(swarm: SwarmStatus, style: ViewStyle): string {
  const width = Math.min(style.width, 200);
  const { members, size } = swarm;
  const shown = members.length > style.rowsMax ? members.slice(0, Math.max(1, style.rowsMax - 1)) : members;
  const barWidth = Math.max(6, Math.min(BAR_MAX, Math.floor((Math.min(width, 120) - 40) / 2)));
  const weHaveAll = members.some(({ peer, complete }) => peer === undefined && complete);
  const has = ({ bytes, complete }: SwarmMember) => ({
    text: bytes === undefined ? '?'.padEnd(barWidth) : bar(percent(bytes, size), barWidth),
    paint: complete ? style.paint.good : style.paint.notice,
  });
  // Rates are averages over the last seconds: a complete peer receives nothing any more.
  const unless = (complete: boolean, rate: number) => (complete ? '' : rateText(rate));
  const head = `${formatBytes(size)} in ${plural(swarm.chunkCount, 'chunk')}`;
  const name = shortenMiddle(safeText(baseName(swarm.path)), Math.max(10, width - head.length - 2));
  const table = renderTable(shown, { ...style, width }, [
    { title: 'Peer', shrink: 'end', min: 8, of: nameOf },
    { title: 'Has', drop: 1, of: has },
    {
      title: '',
      align: 'right',
      of: ({ bytes }) => (bytes === undefined ? 'part' : `${percent(bytes, size)} %`),
    },
    { title: 'Speed', align: 'right', drop: 2, of: (each) => unless(each.complete, each.bytesPerSecond) },
    { title: 'To us', align: 'right', drop: 3, of: ({ giving }) => unless(weHaveAll, giving) },
    { title: 'From us', align: 'right', drop: 4, of: ({ complete, taking }) => unless(complete, taking) },
  ]);
  const more = members.length - shown.length;
  const lines = [style.paint.head(name), head, ''];
  const together = `${name}  ${head}`;
  const title = together.length <= width ? [`${style.paint.head(name)}  ${head}`, ''] : lines;
  const foot = [more > 0 ? `… and ${formatCount(more)} more.` : '', groupText(swarm)].filter(
    (text) => text !== '',
  );
  const wrap = (line: string) => wrapWords(line, Math.min(width, USUAL_WIDTH));
  const missing = swarm.coverage && missingTrackersText(swarm.coverage, 'peers');
  const end = missing === undefined ? [] : wrap(missing).map(style.paint.bad);
  return [...title, table, '', ...foot.flatMap(wrap), ...end].join('\n');
}

/**
 * `3 of 5 are complete. Copies of the rarest chunk: 2, on average 3.4. Until all are complete: about 2 min 10 s (ann
 * is last).`
 */
function groupText(swarm: SwarmStatus): string {
  const { members, complete, finishedAndLeft, rarest, mean, secondsLeft, waitsFor } = swarm;
  const copies = `Copies of the rarest chunk: ${formatCount(rarest)}, on average ${mean.toFixed(1)}.`;
  const left = finishedAndLeft === 0 ? '' : ` ${formatCount(finishedAndLeft)} more finished and left.`;
  return `${complete} of ${members.length} are complete.${left} ${copies} ${endText(secondsLeft, waitsFor)}`.trimEnd();
}

function endText(secondsLeft: number | undefined, waitsFor: SwarmMember | undefined): string {
  if (waitsFor === undefined) return '';
  const who = shortenEnd(nameOf(waitsFor), NAME_MAX);
  const left = formatTimeLeft(secondsLeft);
  if (left === undefined) return `Until all are complete: unknown, ${who} receives nothing now.`;
  return `Until all are complete: about ${left} (${who} is last).`;
}

function nameOf({ peer }: SwarmMember): string {
  return peer === undefined ? 'this peer' : peerName(peer);
}

function rateText(rate: number): string {
  return rate < 1 ? '' : formatRate(rate);
}
