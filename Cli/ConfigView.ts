import type { OneShotAnswer } from '../Peer/CommandInterface.ts';
import type { SettingOrigin } from '../Peer/Settings/SettingLayers.ts';
import { formatAddress } from '../Shared/Address.ts';
import { safeText } from '../Shared/SafeText.ts';
import { successAnswer } from './Answers.ts';

/** `config`: what holds, and where it came from. @param exists - whether there is such a file */
export function configAnswer(
  origins: readonly SettingOrigin[],
  path: string,
  exists: boolean,
): OneShotAnswer {
  const items = origins.map(({ key, value, from, place }) => ({
    key,
    value: plain(value),
    from,
    place: place === '' ? null : place,
  }));
  const rows = items.map(({ key, value, from, place }) => [key, shown(value), place ?? from]);
  const lines = table([['Setting', 'Value', 'From'], ...rows]);
  const foot = `Config file: ${safeText(path)}${exists ? '' : ' (there is none)'}`;
  return successAnswer('config', { path, exists, items }, [...lines, '', foot].join('\n'));
}

/** JSON for programs, as it would be written in the file: lists stay lists, switches are booleans. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null && 'host' in value && 'port' in value)
    return formatAddress({ host: String(value.host), port: Number(value.port) });
  if (typeof value === 'object' && value !== null && 'first' in value && 'last' in value)
    return `${String(value.first)}-${String(value.last)}`;
  if (typeof value === 'object' && value !== null) return ratesText(Object.entries(value));
  return value ?? null;
}

/** A limit in total is a number; with others it is what the file would say. */
function ratesText(rates: readonly (readonly [string, unknown])[]): unknown {
  const said = rates.filter(([, rate]) => rate !== undefined);
  if (said.length === 0) return null;
  if (said.length === 1 && said[0]?.[0] === 'total') return said[0][1];
  return said.map(([scope, rate]) => (scope === 'total' ? String(rate) : `${scope}=${rate}`)).join(', ');
}

function shown(value: unknown): string {
  if (value === null) return '-';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return safeText(Array.isArray(value) ? value.join(', ') : String(value));
}

function table(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(width(column)))
      .join('  ')
      .trimEnd(),
  );
}
