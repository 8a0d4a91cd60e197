import { Command } from 'commander';
import { expect, test } from 'vitest';
import { peerOptions, settingsOf } from '../../../Peer/Settings/CommandLine.ts';
import { applyLayers } from '../../../Peer/Settings/SettingLayers.ts';
import { parseConfig } from '../../../Shared/Program/ConfigLines.ts';

function read(config: string, args = '', environment: Record<string, string> = {}) {
  const command = peerOptions(new Command()).exitOverride();
  command.parse(args.split(' ').filter(Boolean), { from: 'user' });
  const origins = applyLayers(command, { environment, config: parseConfig(config, '/c/shoal.conf') });
  return { settings: settingsOf(command), origins };
}

test('comments, blanks, quotes, Windows line ends, lists and switches', () => {
  const text = [
    '\uFEFF# mine',
    '',
    '  Tracker = 192.0.2.1, 192.0.2.2:99',
    'tracker=192.0.2.3',
    'name = " studio 1 "',
    'upload-limit = 60M, lan=5M',
    'upload-limit = loopback = 7k',
    'discovery = off',
    'verbose = on',
  ].join('\r\n');
  expect(read(text).settings).toMatchObject({
    trackers: [
      { host: '192.0.2.1', port: 6_881 },
      { host: '192.0.2.2', port: 99 },
      { host: '192.0.2.3', port: 6_881 },
    ],
    name: 'studio 1',
    uploadLimit: { total: 60_000_000, lan: 5_000_000, loopback: 7_000 },
    discovery: false,
    verbose: true,
  });
});

test('flags beat the environment, which beats the file; each value names its origin', () => {
  const file = 'name = file\nport = 9001\nshare = f\ndiscovery = off';
  const { settings, origins } = read(file, '--name flag', { SHOAL_NAME: 'env', SHOAL_SHARE: 'e' });
  expect(settings).toMatchObject({ name: 'flag', share: 'e', port: 9_001, discovery: false });
  const from = Object.fromEntries(origins.map((each) => [each.key, [each.from, each.place]]));
  expect(from).toMatchObject({
    name: ['flag', ''],
    share: ['environment', 'SHOAL_SHARE'],
    port: ['file', 'line 2 of /c/shoal.conf'],
    'upload-limit': ['default', ''],
  });
});

test.each([
  ['port = 9001\n\nwhat is this', /^line 3 of .*not a setting: what is this/, /key = value/],
  ['trakcer = x', /^line 1 of .*unknown key: trakcer/, /Did you mean tracker\?/],
  ['qqqqqqqq = x', /unknown key/, /The keys are port, .*tracker, /],
  ['port = 0', /^line 1 of .*port cannot be 0/, /1 to 65535/],
  ['# x\nupload-limit = fast', /^line 2 of .*upload-limit cannot be fast/, /60M/],
  ['port = 1\nport = 2', /^line 2 of .*repeats port/, /Line 1/],
  ['discovery = maybe', /^line 1 of .* is "maybe"/, /on or off/],
  ['name =', /^line 1/, /key = value/],
  ['na\u001b[31mme = x', /not a setting: na\\u\{1b\}/, /key/],
])('%j is named with its line', (text, message, hint) => {
  const error = { code: 'USAGE', message: expect.stringMatching(message), hint: expect.stringMatching(hint) };
  expect(() => read(text)).toThrow(expect.objectContaining(error));
});

test('a bad line is reported even where a flag overrides it', () => {
  expect(() => read('port = x', '--port 9001')).toThrow(/line 1/);
});
