import { expect, test } from 'vitest';
import { type DiagnosisFacts, diagnose, diagnosisText } from '../../../../Peer/Commands/Views/Diagnosis.ts';
import { makePaint } from '../../../../Peer/Commands/Views/ViewStyle.ts';

const healthy = {
  share: {
    folder: '/home/anna/share',
    files: 3,
    bytes: 3_000,
    hashing: { files: 0, bytes: 0, bytesPerSecond: 0 },
    scanned: true,
    problems: [],
    notShared: [],
    ignored: [{ reason: 'hidden', count: 4 }],
    mode: 'watching',
    readOnly: false,
    version: 1,
  },
  trackers: [{ address: { host: '192.0.2.1', port: 6881 }, state: 'connected' }],
  peers: [],
  downloads: [],
  health: { descriptors: { used: 50, allowed: 1_024 } },
} as unknown as DiagnosisFacts;

/** The checks that are not fine, with these facts instead. */
function looks(facts: object): string[] {
  const findings = diagnose({ ...healthy, ...facts });
  for (const { ok, hint } of findings) expect(hint !== null).toBe(!ok);
  return findings.filter(({ ok }) => !ok).map(({ check }) => check);
}
const share = (facts: object) => ({ share: { ...healthy.share, ...facts } });
const download = (facts: object) => ({
  downloads: [{ number: 2, path: 'film', state: 'fetching', ...facts }],
});

test('nothing is in the way', () => {
  expect(looks({})).toEqual([]);
});

test.each([
  ['the folder is gone', share({ gone: { sinceMs: 1, reason: 'ENOENT' } }), ['share']],
  ['a read-only folder still shares', share({ readOnly: true }), []],
  ['the watch limit', share({ mode: 're-scanning' }), ['changes']],
  ['names', share({ notShared: [{ reason: 'a link', count: 2 }] }), ['names']],
  ['hashing ends by itself', share({ hashing: { files: 5, bytes: 1, bytesPerSecond: 1 } }), []],
  ['descriptors', { health: { descriptors: { used: 930, allowed: 1_024 } } }, ['descriptors']],
  ['descriptors unknown', { health: { descriptors: { used: undefined, allowed: 1_024 } } }, []],
  ['no tracker', { trackers: [{ state: 'lost', reason: 'no answer' }] }, ['tracker']],
  ['no tracker, but links', { trackers: [], peers: [{ linked: true }] }, []],
  ['no tracker, and peers without a link', { trackers: [], peers: [{ linked: false }] }, ['tracker']],
  ['a full disk', download({ cause: { code: 'disk-full', text: 'full' } }), ['download']],
  ['a download in the queue', download({ cause: { code: 'queued', text: 'place 3' } }), []],
  [
    'a failed download',
    download({ state: 'failed', error: { message: 'no', hint: undefined } }),
    ['download'],
  ],
])('%s', (_name, facts, expected) => {
  expect(looks(facts)).toEqual(expected);
});

test('lines say what is fine and what to do, and are safe to print', () => {
  const style = { width: 80, rowsMax: 10, paint: makePaint(false) };
  const gone = diagnose({
    ...healthy,
    ...share({ gone: { sinceMs: 1, reason: '\u001b[31m' }, folder: '/a\u0007' }),
  });
  const text = diagnosisText(gone, style);
  expect(text).toContain(
    'look  share: /a\\u{7} cannot be read (\\u{1b}[31m): nothing is shared\n      Connect',
  );
  expect(text).toContain('fine  tracker: connected to 192.0.2.1:6881');
});
