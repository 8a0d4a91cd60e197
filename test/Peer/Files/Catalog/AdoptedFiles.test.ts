import { expect, test } from 'vitest';
import { AdoptedFiles } from '../../../../Peer/Files/Catalog/AdoptedFiles.ts';
import { Catalog } from '../../../../Peer/Files/Catalog/Catalog.ts';
import type { ShareIndex } from '../../../../Peer/Files/Catalog/ShareIndex.ts';
import { ShareTree } from '../../../../Peer/Files/Watching/ShareTree.ts';
import { SimulatedClock } from '../../../Support/SimulatedClock.ts';

/** A share of `count` files below \`new\`, and an index that records the calls for each. */
function desk(count: number) {
  const clock = new SimulatedClock();
  const tree = new ShareTree();
  const shared = new Set<string>();
  const moves: string[] = [];
  for (let number = 0; number < count; number++) {
    tree.addFile('new/sub', `${number}`);
    shared.add(`new/sub/${number}`);
  }
  const index = {
    folderMoved: (from: string, to: string) => void moves.push(`${from} ${to}`),
    has: (path: string) => shared.has(path),
    gone: (path: string) => void shared.delete(path),
    moved: (path: string, to: string) => {
      moves.push(path);
      shared.delete(path);
      shared.add(to);
    },
  } as unknown as ShareIndex;
  const adopted = new AdoptedFiles({
    root: '/share',
    manifest: undefined,
    clock,
    tree,
    catalog: new Catalog(),
    index,
    scanFolder: () => {},
    checkName: () => {},
  });
  return { clock, tree, shared, moves, adopted };
}

test('the files of a renamed folder are moved in slices; a faster scan moves those that it reaches', async () => {
  const { clock, tree, shared, moves, adopted } = desk(450);
  const renamed = adopted.folderRenamed('new', 'old');
  expect(moves.splice(0, 1)).toEqual(['new old']);
  expect(moves).toHaveLength(200);
  expect(['old', 'old/sub', 'new'].map((path) => tree.hasFolder(path))).toEqual([true, true, false]);
  expect([adopted.hasFolder('old'), adopted.hasFolder('old/sub')]).toEqual([true, true]);
  adopted.met('old/sub/449');
  adopted.met('old/sub/0');
  adopted.met('older/sub/1');
  expect(moves.slice(200)).toEqual(['new/sub/449']);
  await clock.settle(renamed);
  expect(moves).toHaveLength(450);
  expect([...shared].every((path) => path.startsWith('old/'))).toBe(true);
  adopted.met('old/sub/1');
  expect(moves).toHaveLength(450);
});
