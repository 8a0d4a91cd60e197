import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteWriter } from '../../Protocol/Codec.ts';
import { instanceId, isId, newInstanceId } from '../../Protocol/Ids.ts';

test('an instance id holds the time and the salt', () => {
  expect(newInstanceId(1_700_000_000_000, 0xbeef)).toBe('018bcfe56800beef');
  expect(newInstanceId(0, 0)).toBe('0000000000000000');
  expect(newInstanceId(-5, 65_535)).toBe('000000000000ffff');
});

test('a later start compares greater as text, and any one fits the wire', () => {
  const moment = fc.integer({ min: 0, max: 2 ** 47 });
  const salt = fc.integer({ min: 0, max: 65_535 });
  fc.assert(
    fc.property(moment, moment, salt, salt, (one, other, saltOne, saltOther) => {
      const [earlier, later] = one < other ? [one, other] : [other, one + 1];
      expect(newInstanceId(earlier, saltOne) < newInstanceId(Math.max(later, earlier + 1), saltOther)).toBe(
        true,
      );
      const out = new ByteWriter();
      instanceId.write(out, newInstanceId(one, saltOne));
      expect(out.length).toBe(8);
    }),
  );
});

test('a whole id has 64 lower-case hex digits', () => {
  expect(isId('0123456789abcdef'.repeat(4))).toBe(true);
  for (const other of [
    '',
    'a'.repeat(63),
    'a'.repeat(65),
    'A'.repeat(64),
    `${'a'.repeat(63)}g`,
    `${'a'.repeat(64)}\n`,
  ]) {
    expect(isId(other)).toBe(false);
  }
});
