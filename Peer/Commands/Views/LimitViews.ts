import type { LimitScope } from '../../../Shared/Network/Rates.ts';
import type { LimitStatus } from '../../NetworkModel.ts';
import { formatRate } from './HumanUnits.ts';
import { type Column, renderTable } from './TextTable.ts';
import type { ViewStyle } from './ViewStyle.ts';

const SCOPE_TEXT: Readonly<Record<LimitScope, string>> = {
  total: 'everything',
  loopback: 'loopback: this computer',
  lan: 'lan: the local network',
  elsewhere: 'elsewhere',
};

/** `limit` */
export function limitsText(limits: readonly LimitStatus[], style: ViewStyle): string {
  const columns: Column[] = [
    { title: 'Limit for', shrink: 'end' },
    { title: 'Upload', align: 'right' },
    { title: 'now', align: 'right', drop: 1 },
    { title: 'Download', align: 'right' },
    { title: 'now', align: 'right', drop: 1 },
  ];
  const rows = limits.map(({ scope, up, down, sending, receiving }) => [
    SCOPE_TEXT[scope],
    limitText(up),
    nowText(sending),
    limitText(down),
    nowText(receiving),
  ]);
  return renderTable(columns, rows, style.width, style.paint);
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
