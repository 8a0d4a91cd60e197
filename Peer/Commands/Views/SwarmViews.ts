import { formatAddress } from '../../../Shared/Network/Address.ts';
import { safeText } from '../../../Shared/Text/SafeText.ts';
import type { SwarmMember, SwarmStatus } from '../../Model.ts';
import { missingTrackersText } from './ClusterViews.ts';
import { formatBytes, formatCount, formatRate, formatTimeLeft, percent, plural } from './HumanUnits.ts';
import { baseName } from './Items.ts';
import { shortenEnd, shortenMiddle } from './TextFit.ts';
import { type Cell, type Column, renderTable } from './TextTable.ts';
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
  const columns: Column[] = [
    { title: 'Peer', shrink: 'end', min: 8 },
    { title: 'Has', drop: 1 },
    { title: '', align: 'right' },
    { title: 'Speed', align: 'right', drop: 2 },
    { title: 'To us', align: 'right', drop: 3 },
    { title: 'From us', align: 'right', drop: 4 },
  ];
  const barWidth = Math.max(6, Math.min(BAR_MAX, Math.floor((Math.min(width, 120) - 40) / 2)));
  const weHaveAll = members.some(({ peer, complete }) => peer === undefined && complete);
  const row = (member: SwarmMember): (Cell | string)[] => {
    const { peer, bytes, complete, bytesPerSecond, giving, taking } = member;
    const paint = complete ? style.paint.good : style.paint.notice;
    const done = bytes === undefined ? 0 : percent(bytes, size);
    return [
      peer === undefined ? 'this peer' : nameOf(member),
      { text: bytes === undefined ? '?'.padEnd(barWidth) : bar(done, barWidth), paint },
      bytes === undefined ? 'part' : `${done} %`,
      complete ? '' : rateText(bytesPerSecond),
      // Rates are averages over the last seconds: a complete peer receives nothing any more.
      weHaveAll ? '' : rateText(giving),
      complete ? '' : rateText(taking),
    ];
  };
  const head = `${formatBytes(size)} in ${plural(swarm.chunkCount, 'chunk')}`;
  const name = shortenMiddle(safeText(baseName(swarm.path)), Math.max(10, width - head.length - 2));
  const table = renderTable(columns, shown.map(row), width, style.paint);
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
  const who = waitsFor.peer === undefined ? 'this peer' : shortenEnd(nameOf(waitsFor), NAME_MAX);
  const left = formatTimeLeft(secondsLeft);
  if (left === undefined) return `Until all are complete: unknown, ${who} receives nothing now.`;
  return `Until all are complete: about ${left} (${who} is last).`;
}

function nameOf({ peer }: SwarmMember): string {
  if (peer === undefined) return '';
  return safeText(peer.name === '' ? formatAddress(peer.address) : peer.name);
}

function rateText(rate: number): string {
  return rate < 1 ? '' : formatRate(rate);
}

function bar(done: number, width: number): string {
  const filled = Math.floor((done / 100) * width);
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}
