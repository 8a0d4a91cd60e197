import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { expect, test } from 'vitest';
import { readCommandLine } from '../../../Peer/Settings/CommandLine.ts';
import { parseConfig } from '../../../Shared/Program/ConfigLines.ts';

function read(args: string, environment: Record<string, string> = {}) {
  let out = '';
  let error = '';
  const result = readCommandLine(
    args.split(' ').filter((word) => word !== ''),
    environment,
    {
      out: (text) => {
        out += text;
      },
      error: (text) => {
        error += text;
      },
    },
  );
  return { result, out, error };
}

test('defaults: discovery, console, no limits', () => {
  expect(read('').result).toEqual({
    port: undefined,
    trackers: [],
    share: undefined,
    manifest: undefined,
    menu: false,
    name: undefined,
    uploadLimit: undefined,
    downloadLimit: undefined,
    maxDownloads: undefined,
    accept: undefined,
    sendfile: true,
    discovery: true,
    history: true,
    http: 'drop',
    unlisted: false,
    cache: false,
    mapPort: false,
    console: true,
    verbose: false,
  });
});

test.each([
  ['9001', { port: 9_001 }],
  ['--cache', { cache: true }],
  ['--port 9001', { port: 9_001 }],
  ['--tracker 192.0.2.7', { trackers: [{ host: '192.0.2.7', port: 6_881 }] }],
  [
    '--tracker a:1099 --tracker [::1]:7000',
    {
      trackers: [
        { host: 'a', port: 1_099 },
        { host: '::1', port: 7_000 },
      ],
    },
  ],
  [
    '--upload-limit 60M --download-limit 1.5k',
    { uploadLimit: { total: 60_000_000 }, downloadLimit: { total: 1_500 } },
  ],
  [
    '--upload-limit 60M,LAN=2M --upload-limit elsewhere=1k',
    { uploadLimit: { total: 60_000_000, lan: 2_000_000, elsewhere: 1_000 } },
  ],
  ['--max-downloads 1 --accept Known', { maxDownloads: 1, accept: 'known' }],
  ['--no-history', { history: false }],
  ['--no-discovery --no-console --verbose', { discovery: false, console: false, verbose: true }],
  ['--map-port', { mapPort: true, relayLimit: undefined }],
  ['--relay', { relayLimit: 4_000_000 }],
  ['--relay --relay-limit 8M', { relayLimit: 8_000_000 }],
  ['--relay-limit 8M', { relayLimit: undefined }],
  ['--port assigned --unlisted', { port: 'assigned', unlisted: true }],
  ['--port-range 60000-61000', { port: { first: 60_000, last: 61_000 } }],
  ['--port-range 7000-7000', { port: { first: 7_000, last: 7_000 } }],
  ['192.0.2.7', { port: undefined, trackers: [{ host: '192.0.2.7', port: 6_881 }] }],
  ['localhost --port 9001', { port: 9_001, trackers: [{ host: 'localhost', port: 6_881 }] }],
  [
    '192.0.2.7:1099 --tracker a',
    {
      trackers: [
        { host: '192.0.2.7', port: 1_099 },
        { host: 'a', port: 6_881 },
      ],
    },
  ],
  ['--share x --name studio', { share: 'x', name: 'studio' }],
  ['--share=~/x', { share: `${homedir()}/x` }],
  ['--share ~', { share: homedir() }],
  ['--share x/~/~y', { share: 'x/~/~y' }],
  ['--manifest ~/x', { manifest: `${homedir()}/x` }],
])('%s', (args, expected) => {
  expect(read(args).result).toMatchObject(expected);
});

test('the environment stands in for flags, and flags beat it', () => {
  const environment = { SHOAL_TRACKER: '192.0.2.1, 192.0.2.2:99', SHOAL_DISCOVERY: 'off' };
  expect(read('', environment).result).toMatchObject({
    trackers: [
      { host: '192.0.2.1', port: 6_881 },
      { host: '192.0.2.2', port: 99 },
    ],
    discovery: false,
  });
  expect(read('--tracker 192.0.2.9', environment).result).toMatchObject({
    trackers: [{ host: '192.0.2.9', port: 6_881 }],
  });
});

test.each([
  ['70000', {}, /not a port/],
  ['x', {}, /not a port/],
  [
    '--port-range 61000-60000',
    {},
    /^error: the range 61000-60000 is the wrong way round\nhint: .*60000-61000/,
  ],
  ['--port-range 0-70', {}, /"0" is not a port/],
  ['--port-range 60000-70000', {}, /"70000" is not a port/],
  ['--port-range 60000', {}, /not a range of ports/],
  ['--port-range a-b', {}, /not a range of ports/],
  ['9001 --port-range 1-2', {}, /a port and a range of ports are given/],
  ['192.0.2.7:0', {}, /outside 1-65535/],
  ['--port given', {}, /not a port/],
  ['9001 9002', {}, /too many arguments/],
  ['--tracker :', {}, /not an address/],
  ['--tracker a:0', {}, /outside 1-65535/],
  ['--upload-limit fast', {}, /not a rate/],
  ['--max-downloads 0', {}, /"0" is not a number of downloads/],
  ['--max-downloads many', {}, /not a number of downloads/],
  ['--accept friends', {}, /"friends" is not a rule for pushes/],
  ['', { SHOAL_ACCEPT: 'some' }, /SHOAL_ACCEPT/],
  ['--name ', {}, /argument missing/],
  ['--menu --no-console', {}, /a menu needs the console/],
  ['--manifest', {}, /argument missing/],
  ['--nmae x', {}, /Did you mean --name/],
  ['', { SHOAL_DISCOVERY: 'maybe' }, /SHOAL_DISCOVERY is "maybe"/],
  ['', { SHOAL_TRACKER: 'a:b:c:' }, /not an address/],
])('%s %o is reported in one line with a hint, code 2', (args, environment, message) => {
  const { result, error } = read(args, environment);
  expect(result).toEqual({ exitCode: 2 });
  expect(error).toMatch(message);
  expect(error).toMatch(/hint: /);
});

test('--help goes to stdout and ends with 0', () => {
  const { result, out, error } = read('--help');
  expect(result).toEqual({ exitCode: 0 });
  expect(out).toMatch(/--upload-limit <rate>/);
  expect(error).toBe('');
});

test.each([
  ['--upload-limit 60', /no unit.*60M/s],
  ['--download-limit lan=5', /no unit/],
  ['--share --verbose', /a path is missing before --verbose/],
  ['--manifest --menu', /a path is missing/],
  ['--share x\ufffd', /not valid UTF-8/],
  ['--name red\u0007', /no control characters/],
  ['--name x\ufffd', /valid UTF-8/],
  ['--name --verbose', /a name is missing/],
  ['--tracker --verbose', /address of a tracker is missing/],
  ['9001 --port 9002', /two ports/],
])('%s: refused with a hint, code 2', (args, message) => {
  const { result, error } = read(args);
  expect(result).toEqual({ exitCode: 2 });
  expect(error).toMatch(message);
  expect(error).toMatch(/^error: .+\nhint: .+\n$/s);
});

test('a limit below 1,000 without a unit is refused in the environment, too; "off" is no limit', () => {
  expect(read('', { SHOAL_UPLOAD_LIMIT: '60' }).error).toMatch(/SHOAL_UPLOAD_LIMIT.*\nhint: .*60M/);
  expect(read('--upload-limit off').result).toMatchObject({ uploadLimit: { total: undefined } });
});

test('an empty path is refused; an empty variable is not set', () => {
  const { result, error } = read('--share=');
  expect(result).toEqual({ exitCode: 2 });
  expect(error).toMatch(/path is empty/);
  const empty = read('', { SHOAL_SHARE: '', SHOAL_TRACKER: ' ' }).result;
  expect(empty).toMatchObject({ trackers: [] });
  expect(empty).not.toHaveProperty('share');
});

test('a misspelt variable is a warning that names the right one; other variables are ignored', () => {
  const { result, error } = read('', { SHOAL_TRACKERS: 'x', SHOAL_HOMEPAGE_OF_MINE: 'y', SHOAL_CONFIG: '' });
  expect(result).toMatchObject({ trackers: [] });
  expect(error).toBe('warning: SHOAL_TRACKERS is not a setting. Did you mean SHOAL_TRACKER?\n');
});

const INVITE = 'shoal:join/aeaacaqdaqcqmbyibefawdanbyhwyylceaz75hh63q';
const LAB = { name: 'lab 3', secret: Uint8Array.from({ length: 16 }, (_, index) => index) };

test('a private network comes from the flag, the environment or the file; "open" overrides it', () => {
  const config = parseConfig(`network = ${INVITE}\n`, 'shoal.conf');
  const networkOf = (args: readonly string[], environment = {}, file?: typeof config) => {
    const settings = readCommandLine(args, environment, { out: () => {}, error: () => {} }, file);
    return 'exitCode' in settings ? settings : settings.network;
  };
  expect(networkOf([])).toBeUndefined();
  expect(networkOf(['--network', INVITE])).toEqual(LAB);
  expect(networkOf([], { SHOAL_NETWORK: INVITE })).toEqual(LAB);
  expect(networkOf([], {}, config)).toEqual(LAB);
  expect(networkOf(['--network', 'open'], {}, config)).toBeUndefined();
  expect(networkOf([], { SHOAL_NETWORK: 'OPEN' }, config)).toBeUndefined();
});

test('a damaged invite is refused in two lines, wherever it comes from, and not repeated', () => {
  const damaged = INVITE.replace('mbyib', 'mbyic');
  const errors = [
    read(`--network ${damaged}`),
    read('', { SHOAL_NETWORK: damaged }),
    read('--network', {}),
    read('--network lab'),
  ];
  for (const { result, error } of errors) {
    expect(result).toEqual({ exitCode: 2 });
    expect(error).toMatch(/^error: .*\nhint: .*\n$/);
    expect(error).not.toContain('aeaacaqd');
  }
});

/** Config files that earlier versions read. */
const RECORDS = new URL('../../Golden/Upgrade/', import.meta.url);

test.each(readdirSync(RECORDS))('the config file of version %s means what it meant', (version) => {
  const place = new URL(`${version}/`, RECORDS);
  const config = parseConfig(readFileSync(new URL('shoal.conf', place), 'utf8'), 'shoal.conf');
  let error = '';
  const write = {
    out: () => {},
    error: (text: string) => {
      error += text;
    },
  };
  const settings = readCommandLine([], {}, write, config);
  expect(error).toBe('');
  expect(settings).toMatchObject(JSON.parse(readFileSync(new URL('settings.json', place), 'utf8')));
});
