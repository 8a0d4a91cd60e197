import type { LimitScope } from '../../../Shared/Network/Rates.ts';
import type { LimitStatus } from '../../NetworkModel.ts';
import { formatRate } from './HumanUnits.ts';
import { renderTable } from './TextTable.ts';
import type { ViewStyle } from './ViewStyle.ts';

const SCOPE_TEXT: Readonly<Record<LimitScope, string>> = {
  total: 'everything',
  loopback: 'loopback: this computer',
  lan: 'lan: the local network',
  elsewhere: 'elsewhere',
};

/** `limit` */
export function limitsText(limits: readonly LimitStatus[], style: ViewStyle): string {
  return renderTable(limits, style, [
    { title: 'Limit for', shrink: 'end', of: ({ scope }) => SCOPE_TEXT[scope] },
    { title: 'Upload', align: 'right', of: ({ up }) => limitText(up) },
    { title: 'now', align: 'right', drop: 1, of: ({ sending }) => nowText(sending) },
    { title: 'Download', align: 'right', of: ({ down }) => limitText(down) },
    { title: 'now', align: 'right', drop: 1, of: ({ receiving }) => nowText(receiving) },
  ]);
}

/** `up 20 MB/s, down lan 5 MB/s`, or `none`. */
export function limitsInWords(limits: readonly LimitStatus[]): string {
  const words = (direction: 'up' | 'down') =>
    limits.flatMap(({ scope, [direction]: rate }) =>
      rate === undefined ? [] : `${direction} ${scope === 'total' ? '' : `${scope} `}${formatRate(rate)}`,
    );
  return [...words('up'), ...words('down')].join(', ') || 'none';
}

function limitText(rate: number | undefined): string {
  return rate === undefined ? 'no limit' : formatRate(rate);
}

function nowText(rate: number): string {
  return rate < 1 ? '-' : formatRate(rate);
}
