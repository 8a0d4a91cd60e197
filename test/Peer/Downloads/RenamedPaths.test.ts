import { describe, expect, it } from 'vitest';
import { RenamedPaths } from '../../../Peer/Downloads/RenamedPaths.ts';

function renamed(pairs: Readonly<Record<string, string>>): number {
  const paths = new RenamedPaths(() => Object.keys(pairs));
  for (const [wanted, stored] of Object.entries(pairs)) paths.add(wanted, `/share/${stored}`);
  return paths.count;
}

describe('names that the disk changed', () => {
  it('are none where every path is as wanted', () => {
    expect(renamed({ 'a/b.txt': 'a/b.txt', 'c?.txt': 'c?.txt', 'd\\e.txt': 'd\\e.txt' })).toBe(0);
  });

  it('are counted once each, files and folders', () => {
    expect(renamed({ 'a?b.txt': 'a_b.txt' })).toBe(1);
    expect(renamed({ 'x?/1.txt': 'x_/1.txt', 'x?/2.txt': 'x_/2.txt', 'x?/3?.txt': 'x_/3_.txt' })).toBe(2);
  });

  it('are not those with a number that avoids a taken name', () => {
    expect(renamed({ 'a.txt': 'a (2).txt', b: 'b (12)', 'c\\d': 'c\\d (2)' })).toBe(0);
    expect(renamed({ 'a.txt': 'a (x).txt' })).toBe(1);
  });

  it('are those with a number that avoids a name in other case', () => {
    expect(renamed({ 'A.txt': 'A.txt', 'a.txt': 'a (2).txt' })).toBe(1);
  });

  it('of which a file beside a taken one is reported, a folder or another name in it is not', () => {
    const paths = new RenamedPaths(() => ['a/b.txt']);
    const isBeside = (stored: string) => paths.add('a/b.txt', `/share/${stored}`);
    expect(['a/b.txt', 'a/b (2).txt', 'a (2)/b.txt', 'a/c.txt'].map(isBeside)).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });
});
