import { describe, expect, it } from 'vitest';
import { Catalog } from '../../../Peer/Files/Catalog/Catalog.ts';
import { CatalogMatch } from '../../../Peer/Files/Catalog/CatalogMatch.ts';
import type { CatalogEntry } from '../../../Peer/Model.ts';
import { OwnTargets } from '../../../Peer/UseCases/OwnTargets.ts';
import type { FileId } from '../../../Protocol/Ids.ts';
import { sharedState } from '../../Support/FileStates.ts';

function entry(path: string, digit: string): CatalogEntry {
  return { path, fileId: digit.repeat(64) as FileId, size: 5, modifiedMs: 1_000 };
}

function targets(...entries: readonly CatalogEntry[]): OwnTargets {
  const catalog = new Catalog();
  for (const each of entries) catalog.put(each.path, sharedState(each), each.fileId);
  const match = new CatalogMatch(catalog, () => []);
  const files = {
    list: (folder: string) => catalog.list(folder),
    matching: (question: Parameters<CatalogMatch['matching']>[0]) => match.matching(question),
  };
  return new OwnTargets(files);
}

function pathOf(own: OwnTargets, what: string): string | undefined {
  const found = own.find(what);
  return found?.kind === 'choose' ? undefined : found?.wish.path;
}

describe('targets in the own share', () => {
  const own = targets(entry('Class/notes.txt', '1'), entry('a.txt', '2'), entry('b.txt', '2'));

  it('are found by name, path and start of the id, and keep their path', () => {
    expect(pathOf(own, 'notes.txt')).toBe('Class/notes.txt');
    expect(pathOf(own, 'Class/notes.txt')).toBe('Class/notes.txt');
    expect(pathOf(own, '1'.repeat(12))).toBe('Class/notes.txt');
    expect(['a.txt', 'b.txt']).toContain(pathOf(own, '2'.repeat(12)));
  });

  it('are folders with and without a slash', () => {
    const found = own.find('Class/');
    expect(found).toMatchObject({
      kind: 'folder',
      wish: { path: 'Class', files: [{ path: 'Class/notes.txt' }] },
    });
    expect(own.find('Class')).toMatchObject({ kind: 'folder', note: '"Class" is a folder: Class/' });
  });

  it('are never similar names', () => {
    expect(own.find('notes')).toBeUndefined();
    expect(own.find('None/')).toBeUndefined();
    expect(() => own.require('notes')).toThrow(/does not share/);
  });

  it('of one name and different content are a choice', () => {
    const two = targets(entry('x/n.txt', '1'), entry('y/n.txt', '2'));
    expect(two.find('n.txt')).toMatchObject({ kind: 'choose', exact: true });
  });
});
