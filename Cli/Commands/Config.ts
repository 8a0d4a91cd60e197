import type { OneShotAnswer } from '../../Peer/CommandInterface.ts';
import type { SettingOrigin } from '../../Peer/Settings/SettingLayers.ts';
import { formatAddress } from '../../Shared/Network/Address.ts';
import { safeText } from '../../Shared/Text/SafeText.ts';
import { factsAnswer } from '../Running/Answers.ts';
import type { ShoalCommand } from './ShoalCommand.ts';

export const config: ShoalCommand = {
  usage: '',
  summary: 'effective settings and their origins',
  async run({ open }) {
    const { screen, options } = await open();
    return screen.answer(configAnswer(options.origins, options.configFile.path, options.configFile.exists));
  },
};

/** All settings with value and origin. @param exists - whether the file at `path` exists */
function configAnswer(origins: readonly SettingOrigin[], path: string, exists: boolean): OneShotAnswer {
  const items = origins.map(({ key, value, from, place }) => ({
    key,
    value: plain(value),
    from,
    place: place === '' ? null : place,
  }));
  const rows = items.map(({ key, value, from, place }) => [key, shown(value), place ?? from]);
  const lines = table([['Setting', 'Value', 'From'], ...rows]);
  const foot = `Config file: ${safeText(path)}${exists ? '' : ' (does not exist)'}`;
  return factsAnswer('config', { path, exists, items }, [...lines, '', foot].join('\n'));
}

/** A value as JSON: lists stay lists, switches are booleans, all else is as in the config file. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null && 'host' in value && 'port' in value)
    return formatAddress({ host: String(value.host), port: Number(value.port) });
  if (typeof value === 'object' && value !== null && 'first' in value && 'last' in value)
    return `${String(value.first)}-${String(value.last)}`;
  // A network by its name: the invite is a secret.
  if (typeof value === 'object' && value !== null && 'secret' in value && 'name' in value) return value.name;
  if (typeof value === 'object' && value !== null) return ratesText(Object.entries(value));
  return value ?? null;
}

/** A total limit alone is a number; several limits are the text of the config file. */
function ratesText(rates: readonly (readonly [string, unknown])[]): unknown {
  const set = rates.filter(([, rate]) => rate !== undefined);
  if (set.length === 0) return null;
  if (set.length === 1 && set[0]?.[0] === 'total') return set[0][1];
  return set.map(([scope, rate]) => (scope === 'total' ? String(rate) : `${scope}=${rate}`)).join(', ');
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
