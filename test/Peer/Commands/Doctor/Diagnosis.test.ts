import { describe, expect, test } from 'vitest';
import { diagnose, diagnosisText } from '../../../../Peer/Commands/Doctor/Diagnosis.ts';
import type { DiagnosisFacts } from '../../../../Peer/Commands/Doctor/Finding.ts';
import type { Measurements } from '../../../../Peer/Commands/Ports.ts';
import { makePaint } from '../../../../Peer/Commands/Views/ViewStyle.ts';
import { ShoalError } from '../../../../Shared/ShoalError.ts';
import { en } from '../../../../Web/Text/en.ts';

const measured: Measurements = {
  disk: { freeBytes: 50_000_000_000, bytesPerSecond: 400_000_000 },
  watches: { used: 12, allowed: 65_536 },
  clockOffsetsMs: [20, -30],
  cards: [
    { name: 'eth0', host: 'fe80::1', virtual: false, mtu: 1_500 },
    { name: 'eth0', host: '192.0.2.9', virtual: false, mtu: 1_500 },
    { name: 'docker0', host: '172.17.0.1', virtual: true, mtu: 900 },
  ],
  wholeDatagrams: true,
  transfer: {
    peer: { peerId: undefined, name: 'anna', address: { host: '192.0.2.7', port: 9_001 } },
    bytes: 200_000_000,
    seconds: 2,
    busy: 0.4,
  },
};

const tracker = { address: { host: '192.0.2.1', port: 6_881 }, state: 'connected' };

const healthy = {
  self: { port: 9_001 },
  share: {
    folder: '/home/anna/share',
    files: 3,
    bytes: 3_000,
    hashing: { files: 0, bytes: 0, bytesPerSecond: 0, waiting: 0 },
    scanned: true,
    problems: [],
    notShared: [],
    ignored: [{ reason: 'hidden', count: 4 }],
    mode: 'watching',
    readOnly: false,
    version: 1,
  },
  trackers: [tracker],
  discovery: [
    { source: 'configured', text: 'none', outcome: 'unused' },
    { source: 'broadcast', text: 'probed 192.0.2.255 once, no answer', outcome: 'failed' },
  ],
  peers: [],
  downloads: [],
  health: { descriptors: { used: 50, allowed: 1_024 }, reachable: true },
  measured,
} as unknown as DiagnosisFacts;

/** Findings that are not fine, for healthy facts with these changes. */
function looks(facts: object): string[] {
  const findings = diagnose({ ...healthy, ...facts });
  for (const { ok, hint } of findings) expect(hint !== null).toBe(!ok);
  return findings.filter(({ ok }) => !ok).map(({ check }) => check);
}
const share = (facts: object) => ({ share: { ...healthy.share, ...facts } });
const measure = (facts: object) => ({ measured: { ...measured, ...facts } });
const transfer = (facts: object) => measure({ transfer: { ...measured.transfer, ...facts } });
const download = (facts: object) => ({
  downloads: [{ number: 2, path: 'film', state: 'fetching', ...facts }],
});
const health = (facts: object) => ({ health: { ...healthy.health, ...facts } });
const lost = { trackers: [{ ...tracker, state: 'lost', reason: 'no answer' }] };

/** The text of one check. */
function textOf(check: string, facts: object): string | undefined {
  return diagnose({ ...healthy, ...facts }).find((finding) => finding.check === check)?.text;
}

test('the page has a title for every check', () => {
  const everywhere = {
    ...measure({}),
    ...download({ state: 'failed' }),
    discovery: [
      'remembered',
      'this-host',
      'broadcast',
      'dns-sd',
      'linked-peers',
      'successor',
      'embedded',
    ].map((source) => ({ source, text: '', outcome: 'unused' })),
  };
  const checks = diagnose({ ...healthy, ...everywhere } as unknown as DiagnosisFacts).map(
    ({ check }) => check,
  );
  expect(checks.filter((check) => !(`check.${check}` in en))).toEqual([]);
});

test('on a healthy computer every check is fine', () => {
  expect(looks({})).toEqual([]);
  expect(diagnose(healthy).map(({ check }) => check)).toEqual([
    'share',
    'changes',
    'names',
    'hashing',
    'disk',
    'descriptors',
    'clock',
    'mtu',
    'port',
    'tracker',
    'address',
    'configured',
    'broadcast',
    'peers',
    'speed',
  ]);
});

test.each([
  ['the folder is gone', share({ gone: { sinceMs: 1, reason: 'ENOENT' } }), ['share']],
  ['a read-only folder still shares', share({ readOnly: true }), []],
  ['the watch limit', share({ mode: 're-scanning' }), ['changes']],
  ['watches nearly used up', measure({ watches: { used: 60_000, allowed: 65_536 } }), ['changes']],
  ['watches unknown', measure({ watches: { used: undefined, allowed: undefined } }), []],
  ['names', share({ notShared: [{ reason: 'a link', count: 2 }] }), ['names']],
  ['hashing ends by itself', share({ hashing: { files: 5, bytes: 1, bytesPerSecond: 1, waiting: 0 } }), []],
  ['little space', measure({ disk: { freeBytes: 1_999_999_999, bytesPerSecond: undefined } }), ['disk']],
  ['a disk that cannot be written', measure({ disk: { freeBytes: 0, failure: 'EROFS' } }), []],
  ['descriptors', health({ descriptors: { used: 930, allowed: 1_024 } }), ['descriptors']],
  ['descriptors unknown', health({ descriptors: { used: undefined, allowed: 1_024 } }), []],
  ['a wrong clock', measure({ clockOffsetsMs: [130_000, 125_000, 0] }), ['clock']],
  ['a clock that one of three peers finds wrong', measure({ clockOffsetsMs: [130_000, 0, 5] }), []],
  ['no clock to compare with', measure({ clockOffsetsMs: [] }), []],
  ['a small MTU', measure({ cards: [{ ...measured.cards[0], mtu: 1_279 }] }), ['mtu']],
  ['an MTU that suffices', measure({ cards: [{ ...measured.cards[0], mtu: 1_280 }] }), []],
  ['large datagrams are lost', measure({ wholeDatagrams: false }), ['mtu']],
  ['no tracker to test datagrams with', measure({ wholeDatagrams: undefined }), []],
  ['a closed port', health({ reachable: false }), ['port']],
  ['a port nobody has tried', health({ reachable: undefined }), []],
  ['no tracker, and nobody answers broadcasts', lost, ['tracker', 'broadcast']],
  ['no tracker, but links', { trackers: [], peers: [{ linked: true }] }, []],
  [
    'no tracker, and peers without a link',
    { ...lost, discovery: [], peers: [{ linked: false }] },
    ['tracker'],
  ],
  ['a full disk', download({ cause: { code: 'disk-full', text: 'full' } }), ['download']],
  ['a download in the queue', download({ cause: { code: 'queued', text: 'place 3' } }), []],
  ['a failed download', download({ state: 'failed', error: new ShoalError('TIMEOUT', 'no') }), ['download']],
  ['nobody to test the speed with', measure({ transfer: undefined }), []],
  ['a peer that cannot be tested', transfer({ bytes: 0, failure: 'timed out' }), ['speed']],
  ['a link without data', transfer({ bytes: 0 }), ['speed']],
  ['a queue', transfer({ bytes: 0, queue: { place: 3, of: 5 } }), []],
  ['a limit of zero', transfer({ bytes: 0, limit: 1 }), []],
])('%s', (_name, facts, expected) => {
  expect(looks(facts)).toEqual(expected);
});

describe('the address of a tracker', () => {
  const at = (host: string, more: object = {}) => ({
    trackers: [{ ...tracker, address: { host, port: 6_881 }, ...more }],
  });
  test.each([
    [
      'another computer',
      at('192.0.2.1', { observed: { host: '192.0.2.9', port: 9_001 } }),
      true,
      'by its own address',
    ],
    [
      'behind a router',
      at('198.51.100.1', { observed: { host: '203.0.113.4', port: 9_001 } }),
      true,
      '203.0.113.4',
    ],
    ['this computer', at('192.0.2.9'), true, 'runs on this computer'],
    ['loopback', at('127.0.0.1'), true, 'others use 192.0.2.9:6881'],
    ['a container', at('172.17.0.1'), false, 'docker0'],
  ])('%s', (_name, facts, ok, text) => {
    const found = diagnose({ ...healthy, ...facts } as unknown as DiagnosisFacts).find(
      ({ check }) => check === 'address',
    );
    expect(found?.ok).toBe(ok);
    expect(found?.text).toContain(text);
  });

  test('a computer without any other address', () => {
    expect(looks({ ...at('127.0.0.1'), ...measure({ cards: [] }) })).toEqual(['address']);
  });
});

test.each([
  ['nothing near its limit', {}, 'the network, or anna'],
  ['the download limit', transfer({ limit: 101_000_000 }), 'the download limit of 101 MB/s'],
  ['a limit far above', transfer({ limit: 900_000_000 }), 'the network, or anna'],
  [
    'the disk',
    measure({ disk: { freeBytes: 5e10, bytesPerSecond: 80_000_000 } }),
    'this disk, which writes 80.0 MB/s',
  ],
  ['the processor', transfer({ busy: 0.97 }), 'this processor, which is 97 % busy'],
])('what bounds a transfer: %s', (_name, facts, bound) => {
  expect(textOf('speed', facts)).toContain(`100 MB/s from anna; the bound is ${bound}`);
});

test('the closed port is opened with the command of this firewall', () => {
  const closed = health({ reachable: false, firewall: { kind: 'ufw', program: '/usr/bin/node' } });
  const found = diagnose({ ...healthy, ...closed } as DiagnosisFacts).find(({ ok }) => !ok);
  expect(found?.hint).toContain('sudo ufw allow 9001/tcp');
});

test('lines say what is fine and what to do, and are safe to print', () => {
  const style = { width: 80, rowsMax: 10, paint: makePaint(false) };
  const gone = diagnose({
    ...healthy,
    ...share({ gone: { sinceMs: 1, reason: '\u001b[31m' }, folder: '/a\u0007' }),
    ...transfer({ peer: { ...measured.transfer?.peer, name: '\u001b[1mx' } }),
  });
  const text = diagnosisText(gone, style);
  expect(text).toContain('look  share: /a\\u{7} is gone (\\u{1b}[31m): nothing is shared\n      Connect');
  expect(text).toContain('fine  tracker: connected to 192.0.2.1:6881');
  expect(text).toContain('MB/s from \\u{1b}[1mx;');
  expect(
    text.split('\n').filter((line) => line.length > 80 || !/^(fine|look| {4}) {2}\S/.test(line)),
  ).toEqual([]);
});

test('a configured tracker that does not answer is a finding even if linked peers answer searches', () => {
  const peers = [{ linked: true }];
  const named = { trackers: lost.trackers.map((each) => ({ ...each, foundBy: 'configured' })) };
  expect(looks({ ...lost, peers })).not.toContain('tracker');
  expect(looks({ ...named, peers })).toContain('tracker');
});
