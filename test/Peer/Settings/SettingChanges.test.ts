import { expect, test } from 'vitest';
import { readCommandLine, type Settings } from '../../../Peer/Settings/CommandLine.ts';
import { readSettingsAgain } from '../../../Peer/Settings/SettingChanges.ts';

function settings(...args: string[]): Settings {
  const read = readCommandLine(args, {}, { out: () => {}, error: () => {} });
  if ('exitCode' in read) throw new Error('these settings do not parse');
  return read;
}

test('limits that were changed, added and removed hold at once', () => {
  const { limits, later } = readSettingsAgain(
    settings('--upload-limit', '20M,lan=50M'),
    settings('--upload-limit', 'lan=60M', '--download-limit', '5M'),
  );
  expect(limits.up).toEqual({ total: undefined, loopback: undefined, lan: 60_000_000, elsewhere: undefined });
  expect(limits.down).toMatchObject({ total: 5_000_000 });
  expect(later).toEqual([]);
});

test('settings that need a restart are named by the keys of the config file', () => {
  const { later } = readSettingsAgain(
    settings('9001'),
    settings('9001', '--share', '/tmp/x', '--max-downloads', '2', '--tracker', '192.0.2.7', '--no-discovery'),
  );
  expect(later.toSorted()).toEqual(['discovery', 'max-downloads', 'share', 'tracker']);
  expect(readSettingsAgain(settings('--share', '/tmp/x'), settings()).later).toEqual(['share']);
});
