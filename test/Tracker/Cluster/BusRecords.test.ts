import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PATH_BYTES_MAX, QUERY_BYTES_MAX } from '../../../Protocol/Limits.ts';
import {
  type BusRecord,
  decodeRecord,
  encodeRecord,
  headOf,
  RECORD_BYTES_MAX,
} from '../../../Tracker/Cluster/BusRecords.ts';
import { hostileBytes, isBadFrame, weightOf } from '../../Protocol/hostile.ts';
import { readGolden } from '../../Support/golden.ts';
import { recordExamples } from './examples.ts';

const golden = readGolden('bus-v1');
const KINDS: Readonly<Record<string, string>> = {
  announce: 'announcement',
  search: 'question',
  locate: 'question',
  peers: 'question',
  folder: 'question',
  call: 'question',
};
const badFrame = expect.objectContaining({ code: 'BAD_FRAME' });

test('every golden section belongs to a record, and every record has one', () => {
  expect([...golden.keys()]).toEqual(Object.keys(recordExamples));
});

describe.each(Object.entries(recordExamples))('%s', (type, record) => {
  const bytes = golden.get(type) ?? Buffer.alloc(0);

  test('has these bytes, both ways, and names its sender', () => {
    expect(encodeRecord(record).toString('hex')).toBe(bytes.toString('hex'));
    expect(decodeRecord(bytes)).toEqual(record);
    const { kind, from, question } = headOf(bytes);
    expect({ from, question }).toEqual({
      from: record.from,
      question: 'question' in record ? record.question : 0,
    });
    expect(kind).toBe(KINDS[type] ?? 'answer');
  });

  test('is refused when cut, and when longer', () => {
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeRecord(bytes.subarray(0, length))).toThrow(badFrame);
    expect(() => decodeRecord(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(badFrame);
  });

  test('may have extensions of later versions', () => {
    // The last byte is the count of extensions: one unknown extension of 2 bytes.
    const later = Buffer.concat([bytes.subarray(0, -1), Buffer.from('010063000201ff', 'hex')]);
    expect(decodeRecord(later)).toEqual(record);
  });
});

test('hostile bytes are refused as BAD_FRAME, or are a record like any other', () => {
  const seen = { good: 0, bad: 0 };
  const good = fc.constantFrom(...Object.values(recordExamples)).map(encodeRecord);
  fc.assert(
    fc.property(hostileBytes(good, [...golden.values()]), (hostile) => {
      try {
        const record = decodeRecord(hostile);
        seen.good++;
        expect(weightOf(record)).toBeLessThanOrEqual(3 * hostile.length + 20);
      } catch (failure) {
        seen.bad++;
        if (!isBadFrame(failure)) throw failure;
      }
    }),
    { numRuns: 2_000 },
  );
  expect(Math.min(seen.good, seen.bad)).toBeGreaterThan(50);
});

test('a record that is too long is refused before it is read', () => {
  const long = Buffer.alloc(RECORD_BYTES_MAX + 1, 1);
  expect(() => decodeRecord(long)).toThrow('a record of 65537 bytes');
  expect(() => headOf(long)).toThrow(badFrame);
  for (const short of [[], [1], [2, 0, 0, 0, 0, 0, 0, 0, 0], [99, ...Buffer.alloc(20)]])
    expect(() => headOf(Buffer.from(short))).toThrow(badFrame);
});

const { search, folder, found, located, listed } = recordExamples;
const one = { ...found.hits[0], path: 'x', holders: [] } as (typeof found.hits)[number];
/** Records by the length of a text or list. */
const long: readonly (readonly [string, number, (length: number) => BusRecord])[] = [
  ['bytes of a query', QUERY_BYTES_MAX, (length) => ({ ...search, words: 'x'.repeat(length) })],
  ['bytes of a folder', PATH_BYTES_MAX, (length) => ({ ...folder, path: 'x'.repeat(length) })],
  ['hits', 256, (length) => ({ ...found, hits: Array.from({ length }, () => one) })],
  ['holders', 256, (length) => ({ ...located, holders: located.holders.flatMap(times(length)) })],
  ['peers', 64, (length) => ({ ...listed, peers: listed.peers.flatMap(times(length)) })],
];

test.each(long)('%s of a record: at most %i', (_, max, recordOf) => {
  expect(decodeRecord(encodeRecord(recordOf(max)))).toEqual(recordOf(max));
  expect(() => encodeRecord(recordOf(max + 1))).toThrow(RangeError);
});

function times(length: number): <T>(item: T) => T[] {
  return (item) => Array.from({ length }, () => item);
}
