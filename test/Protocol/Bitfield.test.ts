import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bitfield } from '../../Protocol/Bitfield.ts';

const size = fc.integer({ min: 0, max: 200 });
const step = fc.record({
  act: fc.constantFrom('set', 'set', 'set', 'clear', 'has', 'copy'),
  index: fc.integer({ min: -1, max: 200 }),
});

test('behaves as a set of indexes', () => {
  fc.assert(
    fc.property(size, fc.array(step, { maxLength: 100 }), (bits, steps) => {
      let field = new Bitfield(bits);
      const model = new Set<number>();
      for (const { act, index } of steps) {
        const inside = index >= 0 && index < bits;
        if (act === 'copy') {
          const before = field;
          field = field.copy();
          if (bits > 0) before.clear(0);
        } else if (act === 'has') expect(field.has(index)).toBe(model.has(index));
        else if (act === 'clear') expect(field.clear(index)).toBe(model.delete(index));
        else if (!inside) expect(() => field.set(index)).toThrow(RangeError);
        else {
          expect(field.set(index)).toBe(!model.has(index));
          model.add(index);
        }
      }
      expect([...field.indexes()]).toEqual([...model].sort((a, b) => a - b));
      expect([field.count, field.complete]).toEqual([model.size, model.size === bits]);
    }),
    { numRuns: 500 },
  );
});

test('pages of any length, in any order, with repetitions, give the whole', () => {
  fc.assert(
    fc.property(
      size.chain((bits) =>
        fc.tuple(fc.constant(bits), fc.uniqueArray(fc.nat({ max: Math.max(0, bits - 1) }))),
      ),
      fc.integer({ min: 1, max: 9 }),
      ([bits, indexes], pageBytes) => {
        const field = new Bitfield(bits);
        for (const index of indexes) if (index < bits) field.set(index);
        const twin = new Bitfield(bits);
        const firsts = Array.from({ length: Math.ceil(bits / 8 / pageBytes) }, (_, page) => page * pageBytes);
        for (const first of [...firsts.toReversed(), ...firsts]) {
          const page = field.page(first, pageBytes);
          twin.merge(first, page);
          page.fill(0);
        }
        expect([...twin.indexes()]).toEqual([...field.indexes()]);
        expect(twin.count).toBe(field.count);
      },
    ),
  );
});

test('the first chunk is the highest bit of the first byte', () => {
  const field = new Bitfield(12);
  field.set(0);
  field.set(11);
  expect([...field.page(0, 2)]).toEqual([0b1000_0000, 0b0001_0000]);
});

test('bits of a page beyond the end are ignored', () => {
  const field = new Bitfield(10);
  field.merge(0, Buffer.of(0, 0xff, 0xff));
  field.merge(0xffff_ffff, Buffer.of(0xff));
  expect([...field.indexes()]).toEqual([8, 9]);
  expect([...field.page(0, 9)]).toEqual([0, 0b1100_0000]);
});

test.each([2 ** 31, 2 ** 32, 2 ** 35, -1, Number.NaN, Number.POSITIVE_INFINITY])(
  'index %d is outside',
  (index) => {
    const field = Bitfield.full(100);
    expect([field.has(index), field.clear(index), field.count]).toEqual([false, false, 100]);
    expect(() => field.set(index)).toThrow(RangeError);
  },
);

test('a full bitfield is complete, also an empty one', () => {
  expect(Bitfield.full(13).complete).toBe(true);
  expect([...Bitfield.full(13).page(0, 2)]).toEqual([0xff, 0b1111_1000]);
  expect(Bitfield.full(0).complete).toBe(true);
  expect(new Bitfield(1).complete).toBe(false);
});
