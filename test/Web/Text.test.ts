import { beforeEach, expect, test } from 'vitest';
import type { SourceStatus, StallCause } from '../../Peer/DownloadModel.ts';
import { de } from '../../Web/Text/de.ts';
import { en } from '../../Web/Text/en.ts';
import { es } from '../../Web/Text/es.ts';
import { count, known, language, languageFor, t } from '../../Web/Text/Language.ts';
import { pt } from '../../Web/Text/pt.ts';
import { bytesText, clockText, dateText, daysText, percentText, timeText } from '../../Web/Text/Units.ts';

beforeEach(() => {
  language.value = 'en';
});

const values = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();

test.each(Object.entries({ de, es, pt }))('%s has every text, with the same values in it', (_, texts) => {
  expect(Object.keys(texts)).toEqual(Object.keys(en));
  for (const [key, text] of Object.entries(en)) {
    expect([key, values(texts[key as keyof typeof en])]).toEqual([key, values(text)]);
  }
});

test('the first language of the user that the page has', () => {
  expect(languageFor(['fr-FR', 'pt-BR', 'en'])).toBe('pt');
  expect(languageFor(['zh'])).toBe('en');
  expect(languageFor([])).toBe('en');
});

test('texts by number and by the words of the API', () => {
  expect([count('sources', 1), count('sources', 1_200)]).toEqual(['1 peer', '1,200 peers']);
  expect(t('download.name', { name: '{n} <b>' })).toBe('Download {n} <b>');
  expect(known('state', 'paused')).toBe('paused');
  expect(known('cause', 'new-code', 'as reported')).toBe('as reported');
  language.value = 'de';
  expect(count('files.count', 1_200)).toBe('1.200 Dateien');
  language.value = 'pt';
  expect([count('files.count', 0), count('files.count', 1)]).toEqual(['0 ficheiros', '1 ficheiro']);
});

test('every cause, state of a source and reason of the API has a text', () => {
  // A missing code does not compile.
  const causes: Record<StallCause['code'], 1> = {
    turn: 1,
    'same-content': 1,
    'no-tracker': 1,
    'no-source': 1,
    'source-changed': 1,
    'source-banned': 1,
    'peer-away': 1,
    blocked: 1,
    connecting: 1,
    'no-lane': 1,
    describing: 1,
    queued: 1,
    snubbed: 1,
    asked: 1,
    limited: 1,
    'missing-chunks': 1,
    finishing: 1,
    'disk-full': 1,
    'disk-failed': 1,
    paused: 1,
    failed: 1,
  };
  const states: Record<SourceStatus['state'], 1> = {
    connecting: 1,
    active: 1,
    queued: 1,
    snubbed: 1,
    left: 1,
    distrusted: 1,
    banned: 1,
  };
  const reasons: Record<NonNullable<SourceStatus['why']>, 1> = {
    unreachable: 1,
    'no answer': 1,
    blocked: 1,
    'no lane': 1,
    'has it not': 1,
    changed: 1,
  };
  for (const [prefix, codes] of [
    ['cause', causes],
    ['source', states],
    ['why', reasons],
  ] as const)
    for (const code of Object.keys(codes)) expect(known(prefix, code, ''), `${prefix} ${code}`).not.toBe('');
});

test('figures', () => {
  expect([0, 999, 1_000, 999_600, 12_345_678, 3.4e12].map(bytesText)).toEqual([
    '0 B',
    '999 B',
    '1 kB',
    '1 MB',
    '12.3 MB',
    '3.4 TB',
  ]);
  expect([percentText(999, 1_000), percentText(0, 0), percentText(5, 4)]).toEqual(['99 %', '100 %', '100 %']);
  expect([timeText(0.2), timeText(75), timeText(3_700), timeText(1e6)]).toEqual([
    '1 s',
    '1 min 15 s',
    '1 h 1 min',
    '11 d 13 h',
  ]);
  expect([dateText(null), dateText('nonsense')]).toEqual(['', '']);
  expect([daysText(1), daysText(30)]).toEqual(['1 day', '30 days']);
  language.value = 'pt';
  expect([daysText(1), clockText(0)]).toEqual(['1 dia', expect.stringMatching(/^\d\d:\d\d:00$/)]);
});
