import { expect, test } from 'vitest';
import { BoundedMap } from '../../Shared/BoundedMap.ts';

test('a further entry evicts the one unused for longest', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1).set('b', 2);
  expect(map.use('a')).toBe(1);
  map.set('c', 3);
  expect([...map]).toEqual([
    ['a', 1],
    ['c', 3],
  ]);
  expect(map.get('a')).toBe(1); // A look changes nothing.
  map.useOr('d', () => 4);
  expect([...map.keys()]).toEqual(['c', 'd']);
});

test('a new value of a key evicts nothing', () => {
  const map = new BoundedMap<string, number>(2).set('a', 1).set('b', 2).set('a', 3);
  expect([...map.entries()]).toEqual([
    ['b', 2],
    ['a', 3],
  ]);
  expect(map.useOr('b', () => 9)).toBe(2);
  expect(map.use('x')).toBeUndefined();
});
