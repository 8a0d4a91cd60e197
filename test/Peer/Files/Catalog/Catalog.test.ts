import { expect, test, vi } from 'vitest';
import { Catalog } from '../../../../Peer/Files/Catalog/Catalog.ts';
import type { FileId } from '../../../../Protocol/Ids.ts';
import type { PublishedEntry } from '../../../../Protocol/TrackerMessages.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { sharedState } from '../../../Support/FileStates.ts';
import { seeds } from '../../../Support/seeds.ts';

const id = (n: number) => n.toString(16).padStart(64, '0') as FileId;
const put = (catalog: Catalog, path: string, n: number, attributes = {}) =>
  catalog.put(path, sharedState({ size: n + 1, modifiedMs: 1_000, ...attributes }), id(n));

/** The entries a tracker holds: files by path, partial ones by id. */
class TrackerModel {
  readonly held = new Map<string, PublishedEntry>();

  apply(entries: readonly PublishedEntry[]): void {
    for (const entry of entries) {
      const key = entry.path === '' ? entry.fileId : entry.path;
      if (entry.kind === 'gone') this.held.delete(key);
      else this.held.set(key, entry);
    }
  }

  sorted(): PublishedEntry[] {
    return sorted([...this.held.values()]);
  }
}

test.each(seeds(50))('any tracker that follows the differences holds the catalog (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const catalog = new Catalog();
  const paths = Array.from(
    { length: 12 },
    (_, n) => `${random.pick(['a', 'a/b', 'c', 'a b'])}/file-${n % 7}`,
  );
  const files = new Map<string, number>();
  const partials = new Set<number>();
  const followers = Array.from({ length: 3 }, () => ({ tracker: new TrackerModel(), version: 0 }));

  for (let step = 0; step < 60; step++) {
    const [path, content] = [random.pick(paths), random.int(0, 5)];
    const before = catalog.version;
    const action = random.int(0, 3);
    if (action === 0) {
      put(catalog, path, content);
      files.set(path, content);
    } else if (action === 1) {
      catalog.remove(path);
      files.delete(path);
    } else if (action === 2) {
      catalog.putPartial(id(content), content + 1);
      partials.add(content);
    } else {
      catalog.removePartial(id(content));
      partials.delete(content);
    }
    expect(catalog.version).toBeGreaterThanOrEqual(before);

    for (const follower of followers) {
      if (!random.chance(0.3)) continue;
      follower.tracker.apply(catalog.changesSince(follower.version) ?? []);
      follower.version = catalog.version;
      expect(follower.tracker.sorted()).toEqual(sorted(catalog.entries()));
    }
    const inOrder = [...files.keys()].sort((one, other) => (one < other ? -1 : 1));
    expect(catalog.list('').map((file) => file.path)).toEqual(inOrder);
    expect(catalog.list('a').map((file) => file.path)).toEqual(
      inOrder.filter((name) => name.startsWith('a/')),
    );
    expect(catalog.files).toBe(files.size);
    expect(catalog.bytes).toBe([...files.values()].reduce((sum, n) => sum + n + 1, 0));
    for (let n = 0; n <= 5; n++) {
      const there = [...files].filter(([, content]) => content === n).map(([name]) => name);
      expect([...catalog.pathsOf(id(n))].sort()).toEqual(there.sort());
      expect(catalog.find(id(n)) !== undefined).toBe(there.length > 0);
    }
    expect(catalog.entries().filter(({ kind }) => kind === 'partial').length).toBe(partials.size);
  }
});

test('an equal entry makes no new version; other content at the path is one change, not two', () => {
  const catalog = new Catalog();
  put(catalog, 'a', 1);
  put(catalog, 'a', 1);
  expect(catalog.version).toBe(1);
  put(catalog, 'a', 2);
  expect(catalog.changesSince(1)).toEqual([
    { kind: 'file', path: 'a', size: 3, fileId: id(2), modifiedMs: 1_000 },
  ]);
});

test('a new time or executable bit is a published change', () => {
  const catalog = new Catalog();
  put(catalog, 'a', 1);
  put(catalog, 'a', 1, { modifiedMs: 77 });
  put(catalog, 'a', 1, { modifiedMs: 77, executable: true });
  expect(catalog.version).toBe(3);
  expect(catalog.changesSince(1)).toMatchObject([{ path: 'a', modifiedMs: 77, executable: true }]);
  expect(catalog.entries()).toMatchObject([{ path: 'a', modifiedMs: 77, executable: true }]);
});

test('of content with two paths, only the removed path is gone', () => {
  const catalog = new Catalog();
  put(catalog, 'a', 1);
  put(catalog, 'b', 1);
  const { version } = catalog;
  catalog.remove('a');
  expect(catalog.changesSince(version)).toEqual([{ kind: 'gone', path: 'a', size: 2, fileId: id(1) }]);
  expect(catalog.find(id(1))?.path).toBe('b');
});

test('after its file is removed an id is found at its other path, or not at all', () => {
  const catalog = new Catalog();
  put(catalog, 'a', 1);
  expect(catalog.find(id(1))).toBe(catalog.find(id(1)));
  catalog.remove('a');
  expect(catalog.find(id(1))).toBeUndefined();
  put(catalog, 'b', 1);
  expect(catalog.find(id(1))?.path).toBe('b');
});

test('a difference that ends before the last version leads to the same catalog with the next one', () => {
  const catalog = new Catalog();
  put(catalog, 'kept', 1);
  put(catalog, 'removed later', 2);
  put(catalog, 'replaced later', 3);
  catalog.remove('kept');
  put(catalog, 'kept', 4);
  const until = catalog.version;
  catalog.remove('removed later');
  put(catalog, 'replaced later', 5);
  put(catalog, 'new', 6);
  const tracker = new Map<string, PublishedEntry>();
  const apply = (entries: readonly PublishedEntry[] = []) => {
    for (const entry of entries) {
      if (entry.kind === 'gone') tracker.delete(entry.path);
      else tracker.set(entry.path, entry);
    }
  };
  apply(catalog.changesSince(0, until));
  expect([...tracker.keys()].sort()).toEqual(['kept', 'replaced later']);
  expect(catalog.changesSince(until, until)).toEqual([]);
  apply(catalog.changesSince(until));
  expect(sorted([...tracker.values()])).toEqual(sorted(catalog.entries()));
});

test('a version that is too old, or was never reached, has no difference', () => {
  const catalog = new Catalog();
  for (let n = 0; n < 510_000; n++) catalog.putPartial(id(n), 1);
  expect(catalog.version).toBe(510_000);
  expect(catalog.changesSince(5)).toBeUndefined();
  expect(catalog.changesSince(510_001)).toBeUndefined();
  expect(catalog.changesSince(509_999)).toHaveLength(1);
});

function sorted(entries: readonly PublishedEntry[]): PublishedEntry[] {
  return [...entries].sort((one, other) => (one.path + one.fileId < other.path + other.fileId ? -1 : 1));
}

test('of thousands of equal files only the wanted number of paths is read', () => {
  const catalog = new Catalog();
  for (let n = 0; n < 3_000; n++) put(catalog, `equal/${n}`, 1);
  const read = vi.spyOn(catalog.table, 'path');
  expect(catalog.pathsOf(id(1), 4)).toHaveLength(4);
  expect(read).toHaveBeenCalledTimes(4);
});
