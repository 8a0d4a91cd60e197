import { expect, test } from 'vitest';
import { makeLog, readLogFormat, readLogLevel } from '../../Shared/Log.ts';

const NOON = Date.UTC(2026, 0, 2, 12);

function lines(options: Parameters<typeof makeLog>[0]): string[] {
  const written: string[] = [];
  const log = makeLog(
    options,
    (line) => written.push(line),
    () => NOON,
  );
  log.warn('disk full');
  log.info('a.bin is complete', 'download');
  log.debug('linked to \u001b[31manna');
  return written;
}

test('a log of text has one line a message, without control characters of strangers', () => {
  expect(lines({ level: 'debug' })).toEqual(['disk full', 'a.bin is complete', 'linked to \\u{1b}[31manna']);
});

test('a log of JSON has one object a line, with time, level and event', () => {
  const parsed = lines({ format: 'json', level: 'debug' }).map((line) => JSON.parse(line) as unknown);
  const time = '2026-01-02T12:00:00.000Z';
  expect(parsed).toEqual([
    { time, level: 'warn', message: 'disk full' },
    { time, level: 'info', event: 'download', message: 'a.bin is complete' },
    { time, level: 'debug', message: 'linked to \\u{1b}[31manna' },
  ]);
});

test('a level hides less important messages; the default hides debug messages', () => {
  expect(lines({ level: 'warn' })).toEqual(['disk full']);
  expect(lines({})).toEqual(['disk full', 'a.bin is complete']);
});

test('an unknown format or level is refused with the known ones', () => {
  expect(() => readLogFormat('xml')).toThrow('"xml" is no log format');
  expect(() => readLogLevel('loud')).toThrow('"loud" is no log level');
  expect(readLogFormat('JSON')).toBe('json');
});
