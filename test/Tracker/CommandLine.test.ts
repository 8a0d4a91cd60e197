import { expect, test } from 'vitest';
import { parseConfig } from '../../Shared/Program/ConfigLines.ts';
import { readCommandLine } from '../../Tracker/CommandLine.ts';

function read(...args: string[]) {
  const shown = { out: '', error: '' };
  const settings = readCommandLine(args, {
    out: (text) => {
      shown.out += text;
    },
    error: (text) => {
      shown.error += text;
    },
  });
  return { settings, ...shown };
}

test('defaults, and the port with or without its flag', () => {
  const defaults = { port: 6_881, host: '0.0.0.0', maxPeers: 65_536, relayOnly: false, verbose: false };
  expect(read().settings).toMatchObject(defaults);
  expect(read('7000').settings).toMatchObject({ port: 7_000 });
  expect(read('--port', '7001').settings).toMatchObject({ port: 7_001 });
  expect(read('--max-peers', '1000000').settings).toMatchObject({ maxPeers: 1_000_000 });
});

test('metrics are served at an address, a port alone is one of this machine', () => {
  const at = (text: string) => (read('--metrics', text).settings as { metrics: unknown }).metrics;
  expect(at('9469')).toEqual({ host: '127.0.0.1', port: 9_469 });
  expect(at('localhost:9469')).toEqual({ host: '127.0.0.1', port: 9_469 });
  expect(at('192.168.1.20:9469')).toEqual({ host: '192.168.1.20', port: 9_469 });
  expect(at('[::1]:9469')).toEqual({ host: '::1', port: 9_469 });
});

test.each([
  [['--max-peers', '1000001'], 'error: "1000001" is not a number of peers'],
  [['--max-peers', '0'], 'error: "0" is not a number of peers'],
  [['--port', '65536'], 'error: "65536" is not a port'],
  [['0'], 'error: "0" is not a port'],
  [['6882', '--port', '6883'], 'error: two ports are given: 6882 and --port'],
  [['--host', 'tracker.example'], 'error: "tracker.example" is not an IP address'],
  [['--metrics', '127.0.0.1'], 'error: "127.0.0.1" is not an address with a port'],
  [['--metrics', 'tracker.example:9469'], 'error: "tracker.example" is not an IP address'],
  [['--metrics', '127.0.0.1:70000'], 'error: port 70000 is outside 1-65535'],
  [['--nonsense'], "error: unknown option '--nonsense'"],
  [['--host', 'a\u001b[31mb'], 'error: "a\\u{1b}[31mb" is not an IP address'],
])('%j is refused in two lines: error and hint', (args, message) => {
  const { settings, error } = read(...args);
  expect(settings).toEqual({ exitCode: 2 });
  const [first, second, end] = error.split('\n');
  expect(first).toBe(message);
  expect(second).toMatch(/^hint: ./);
  expect(end).toBe('');
});

test('a private network comes from the flag, else from SHOAL_NETWORK; a damaged invite is not repeated', () => {
  const invite = 'shoal:join/aeaacaqdaqcqmbyibefawdanbyhwyylceaz75hh63q';
  const networkOf = (args: readonly string[], environment = {}, config = '') => {
    let shown = '';
    const write = {
      out: () => {},
      error: (text: string) => {
        shown += text;
      },
    };
    const settings = readCommandLine(args, write, environment, parseConfig(config, '/shoal.conf'));
    return 'exitCode' in settings ? shown : settings.network;
  };
  expect(networkOf([])).toBeUndefined();
  expect(networkOf([], { SHOAL_NETWORK: '' })).toBeUndefined();
  expect(networkOf([], { SHOAL_NETWORK: 'open' })).toBeUndefined();
  expect(networkOf(['--network', invite])).toMatchObject({ name: 'lab 3' });
  expect(networkOf([], { SHOAL_NETWORK: invite })).toMatchObject({ name: 'lab 3' });
  expect(networkOf(['--network', 'open'], { SHOAL_NETWORK: invite })).toBeUndefined();
  // The config file of the peers on this computer comes last, and only its network counts.
  const file = `port = x\nnetwork = open\nnetwork = ${invite}`;
  expect(networkOf([], {}, file)).toMatchObject({ name: 'lab 3' });
  expect(networkOf([], { SHOAL_NETWORK: 'open' }, file)).toBeUndefined();
  expect(networkOf(['--network', 'open'], {}, file)).toBeUndefined();
  const damaged = invite.slice(0, -1);
  const wrong = networkOf([], {}, `name = a\nnetwork = ${damaged}`);
  expect(wrong).toMatch(
    /^error: line 2 of \/shoal\.conf: the invite is incomplete.*\nhint: .*--network open\n$/,
  );
  expect(wrong).not.toContain('aeaacaqd');
  for (const shown of [networkOf(['--network', damaged]), networkOf([], { SHOAL_NETWORK: damaged })]) {
    expect(shown).toMatch(/^error: the invite is incomplete.*\nhint: .*\n$/);
    expect(shown).not.toContain('aeaacaqd');
  }
});

test('a cluster comes from the flags, else from the environment; a bad one is refused without its secrets', () => {
  const clusterOf = (args: readonly string[], environment = {}) => {
    let shown = '';
    const write = {
      out: () => {},
      error: (text: string) => {
        shown += text;
      },
    };
    const settings = readCommandLine(args, write, environment);
    return 'exitCode' in settings ? shown : settings.cluster;
  };
  expect(clusterOf([])).toBeUndefined();
  const nats = 'nats://10.0.0.5:4222';
  expect(clusterOf(['--cluster', `${nats},10.0.0.6`])).toMatchObject({
    servers: [nats, '10.0.0.6'],
    name: 'shoal',
  });
  const environment = { SHOAL_CLUSTER: nats, SHOAL_CLUSTER_NAME: 'lab', SHOAL_CLUSTER_CREDS: '/etc/a' };
  expect(clusterOf([], environment)).toMatchObject({ servers: [nats], name: 'lab', credentials: '/etc/a' });
  expect(clusterOf(['--cluster-name', 'one'], environment)).toMatchObject({ name: 'one' });
  expect(clusterOf(['--cluster', nats, '--advertise', '10.0.0.9'])).toMatchObject({
    advertise: { host: '10.0.0.9' },
  });
  expect(clusterOf(['--cluster', nats, '--advertise', '10.0.0.9:7001'])).toMatchObject({
    advertise: { host: '10.0.0.9', port: 7_001 },
  });
  for (const place of ['tracker.lab', '0.0.0.0', '[::]:6881']) {
    expect(clusterOf(['--cluster', nats, '--advertise', place])).toMatch(
      /^error: .*(tracker.lab|0.0.0.0|::).*\nhint: Name the address at which peers reach this tracker/,
    );
  }
  expect(clusterOf(['--cluster-name', 'lab'])).toMatch(/^error: options of a cluster need --cluster\nhint: /);
  expect(clusterOf(['--cluster', nats, '--cluster-name', 'a.b'])).toMatch(
    /^error: "a.b" is not a name for a cluster\n/,
  );
  expect(clusterOf(['--cluster', nats, '--cluster-key', 'k'])).toMatch(
    /^error: --cluster-cert and --cluster-key belong/,
  );
  const secret = clusterOf(['--cluster', 'nats://shoal:s3cret@host:port']);
  expect(secret).toMatch(/^error: the address of a NATS server is malformed\nhint: /);
  expect(secret).not.toContain('s3cret');
});
