import { describe, expect, test } from 'vitest';
import type { FileId } from '../../../Protocol/Ids.ts';
import type { PublishedEntry } from '../../../Protocol/TrackerMessages.ts';
import { SeededRandom } from '../../../Shared/SeededRandom.ts';
import { CatalogAssembly } from '../../../Tracker/Catalog/CatalogAssembly.ts';
import { CatalogIndex } from '../../../Tracker/Catalog/CatalogIndex.ts';
import { seeds } from '../../Support/seeds.ts';

const OWNER = 3;

function file(path: string, content: number): PublishedEntry {
  return { kind: 'file', path, size: content, fileId: content.toString(16).padStart(64, '0') as FileId };
}

function fresh(limits: { filesMax?: number; entriesMax?: number } = {}) {
  const index = new CatalogIndex([1, 2]);
  return { index, assembly: new CatalogAssembly(index, limits) };
}

function page(version: number, base: number, number: number, pages: number, entries: PublishedEntry[]) {
  return { version, base, page: number, pages, entries };
}

/** Those of the paths that the index finds. */
function shared(index: CatalogIndex, paths: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of paths) {
    for (const hit of index.search(path).files) if (hit.path === path) found.set(path, hit.fileId);
  }
  return found;
}

describe('one version', () => {
  test('is held after its last missing page, in any order', () => {
    const { index, assembly } = fresh();
    expect(assembly.page(OWNER, page(1, 0, 2, 3, [file('three', 3)]))).toEqual({ kind: 'taken', held: 0 });
    expect(assembly.page(OWNER, page(1, 0, 0, 3, [file('one', 1)])).kind).toBe('taken');
    expect(assembly.page(OWNER, page(1, 0, 0, 3, [file('one', 1)])).kind).toBe('repeated');
    expect(assembly.held(OWNER)).toBe(0);
    expect(assembly.page(OWNER, page(1, 0, 1, 3, [file('two', 2)]))).toEqual({ kind: 'completed', held: 1 });
    expect([...shared(index, ['one', 'two', 'three']).keys()]).toEqual(['one', 'two', 'three']);
  });

  test('an empty catalog is one empty page', () => {
    const { index, assembly } = fresh();
    assembly.page(OWNER, page(1, 0, 0, 1, [file('one', 1)]));
    expect(assembly.page(OWNER, page(2, 0, 0, 1, [])).kind).toBe('completed');
    expect(index.size).toBe(0);
  });

  test('a new whole catalog removes files that it does not name', () => {
    const { index, assembly } = fresh();
    assembly.page(OWNER, page(1, 0, 0, 1, [file('stays', 1), file('goes', 2), file('changes', 3)]));
    assembly.page(OWNER, page(2, 0, 0, 2, [file('changes', 4)]));
    expect(shared(index, ['stays', 'goes']).size).toBe(2);
    assembly.page(OWNER, page(2, 0, 1, 2, [file('stays', 1)]));
    expect(shared(index, ['stays', 'goes', 'changes'])).toEqual(
      new Map([
        ['stays', file('', 1).fileId],
        ['changes', file('', 4).fileId],
      ]),
    );
  });

  test('a whole catalog that is abandoned and restarted leaves no file of the first attempt', () => {
    const { index, assembly } = fresh();
    assembly.page(OWNER, page(1, 0, 0, 2, [file('phantom', 1)]));
    assembly.page(OWNER, page(2, 0, 0, 1, [file('real', 2)]));
    expect([...shared(index, ['phantom', 'real']).keys()]).toEqual(['real']);
  });
});

describe('differences', () => {
  test('change their base version', () => {
    const { index, assembly } = fresh();
    assembly.page(OWNER, page(1, 0, 0, 1, [file('old', 1), file('same', 2)]));
    const gone: PublishedEntry = { ...file('old', 1), kind: 'gone' };
    expect(assembly.page(OWNER, page(4, 1, 0, 1, [gone, file('new', 3)]))).toEqual({
      kind: 'completed',
      held: 4,
    });
    expect([...shared(index, ['old', 'same', 'new']).keys()]).toEqual(['same', 'new']);
  });

  test('for another base change nothing, and the answer has the held version', () => {
    const { index, assembly } = fresh();
    assembly.page(OWNER, page(3, 0, 0, 1, [file('one', 1)]));
    expect(assembly.page(OWNER, page(5, 4, 0, 1, [file('two', 2)]))).toEqual({ kind: 'base-lost', held: 3 });
    expect(index.size).toBe(1);
  });

  test('abandoned half-way make the base unknown: the whole catalog is requested', () => {
    const { index, assembly } = fresh();
    assembly.page(OWNER, page(1, 0, 0, 1, [file('one', 1)]));
    assembly.page(OWNER, page(2, 1, 0, 2, [file('phantom', 2)]));
    expect(assembly.page(OWNER, page(3, 1, 0, 1, [file('two', 3)]))).toEqual({ kind: 'base-lost', held: 0 });
    // The same version, now whole; a late page of the difference does no harm.
    expect(assembly.page(OWNER, page(3, 0, 0, 2, [file('one', 1)])).kind).toBe('taken');
    expect(assembly.page(OWNER, page(3, 1, 0, 1, [file('late', 9)])).kind).toBe('repeated');
    expect(assembly.page(OWNER, page(3, 0, 1, 2, [file('two', 3)])).kind).toBe('completed');
    expect([...shared(index, ['one', 'two', 'phantom', 'late']).keys()]).toEqual(['one', 'two']);
  });

  test('running downloads are added and removed by their FileId', () => {
    const { index, assembly } = fresh();
    const partial: PublishedEntry = { ...file('', 7), kind: 'partial' };
    assembly.page(OWNER, page(1, 0, 0, 1, [partial]));
    expect(index.holders(partial.fileId)?.holders).toMatchObject([{ owner: OWNER, complete: false }]);
    assembly.page(OWNER, page(2, 1, 0, 1, [{ ...partial, kind: 'gone' }, file('done', 7)]));
    expect(index.holders(partial.fileId)?.holders).toMatchObject([{ owner: OWNER, complete: true }]);
    expect(index.size).toBe(1);
  });
});

describe('hostile pages', () => {
  test.each([
    ['a page outside', page(1, 0, 3, 3, [file('x', 1)])],
    ['a base that is newer', page(1, 2, 0, 1, [file('x', 1)])],
    ['more pages than files allowed', page(1, 0, 0, 4_000_000_000, [file('x', 1)])],
    ['no pages', page(1, 0, 0, 0, [])],
    ['a file without a path', page(1, 0, 0, 1, [file('', 1)])],
    ['a running download with a path', page(1, 0, 0, 1, [{ ...file('x', 1), kind: 'partial' as const }])],
    ['an empty page among others', page(1, 0, 0, 2, [])],
  ])('%s is refused and changes nothing', (_what, bad) => {
    const { index, assembly } = fresh();
    expect(assembly.page(OWNER, bad)).toEqual({ kind: 'refused', reason: 'bad-request' });
    expect(index.size).toBe(0);
  });

  test('files of one owner, and of all, are limited', () => {
    const many = Array.from({ length: 30 }, (_, index) => file(`file ${index}`, index));
    const one = fresh({ filesMax: 20 });
    expect(one.assembly.page(OWNER, page(1, 0, 0, 1, many.slice(0, 20))).kind).toBe('completed');
    expect(one.assembly.page(OWNER, page(2, 1, 0, 1, [file('more', 1)]))).toEqual({
      kind: 'refused',
      reason: 'full',
    });
    const all = fresh({ entriesMax: 35 });
    expect(all.assembly.page(1, page(1, 0, 0, 1, many)).kind).toBe('completed');
    expect(all.assembly.page(2, page(1, 0, 0, 1, many))).toEqual({ kind: 'refused', reason: 'full' });
    all.assembly.forget(1);
    expect(all.assembly.page(2, page(1, 0, 0, 1, many)).kind).toBe('completed');
  });

  test('300 whole catalogs in a row leave only the files of the last', () => {
    const { index, assembly } = fresh();
    for (let version = 1; version <= 300; version++) {
      // Abandoned publications, then a complete one.
      assembly.page(OWNER, page(version, 0, 0, 2, [file(`draft ${version}`, version)]));
    }
    assembly.page(OWNER, page(301, 0, 0, 1, [file('final', 1)]));
    index.tidy(1_000);
    expect(index.size).toBe(1);
  });
});

test.each(seeds(60))('the newest version wins through loss, repetition and disorder (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const { index, assembly } = fresh();
  const paths = Array.from({ length: 25 }, (_, number) => `name${number}`);
  const history = new Map([[0, new Map<string, number>()]]);
  const late: (() => void)[] = [];
  let version = 0;
  for (let round = 0; round < 12; round++) {
    const before = history.get(version) ?? new Map();
    const now = new Map(before);
    for (const path of random.sample(paths, 6)) {
      if (random.chance(0.4)) now.delete(path);
      else now.set(path, random.int(1, 9));
    }
    version += random.int(1, 3);
    history.set(version, now);
    const held = assembly.held(OWNER);
    const base = random.chance(0.7) ? held : 0;
    const old = history.get(base) ?? new Map<string, number>();
    const entries =
      base === 0 ? [...now].map(([path, content]) => file(path, content)) : difference(old, now);
    const cut = Math.max(1, Math.ceil(entries.length / 3));
    const send = Array.from({ length: cut }, (_, number) => () => {
      assembly.page(OWNER, page(version, base, number, cut, entries.slice(number * 3, number * 3 + 3)));
    });
    if (cut > 1 && random.chance(0.2)) {
      random
        .shuffle(send)
        .slice(1)
        .forEach((one) => void one()); // Abandoned half-way.
    } else {
      const wave = random.shuffle([...send, ...random.sample(send, 3), ...random.sample(late, 4)]);
      for (const one of wave) one();
      for (const one of send) one(); // Retries until each page has arrived.
    }
    const sentVersion = version;
    late.push(
      ...send.map((_, number) => () => {
        assembly.page(OWNER, page(sentVersion, base, number, cut, entries.slice(number * 3, number * 3 + 3)));
      }),
    );
  }
  version++;
  const last = history.get(version - 1) ?? new Map();
  const entries = [...last].map(([path, content]) => file(path, content));
  assembly.page(OWNER, page(version, 0, 0, 1, entries));

  expect(assembly.held(OWNER)).toBe(version);
  expect(index.count(OWNER)).toBe(last.size);
  expect(shared(index, paths)).toEqual(
    new Map([...last].sort().map(([path, content]) => [path, file('', content).fileId])),
  );
});

function difference(old: Map<string, number>, now: Map<string, number>): PublishedEntry[] {
  const gone = [...old].filter(([path]) => !now.has(path));
  const changed = [...now].filter(([path, content]) => old.get(path) !== content);
  return [
    ...gone.map(([path, content]) => ({ ...file(path, content), kind: 'gone' as const })),
    ...changed.map(([path, content]) => file(path, content)),
  ];
}
