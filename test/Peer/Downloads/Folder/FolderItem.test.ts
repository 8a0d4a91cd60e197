import { expect, test } from 'vitest';
import { FolderItem } from '../../../../Peer/Downloads/Folder/FolderItem.ts';
import type { FileHolder } from '../../../../Peer/Model.ts';
import type { FileId, PeerId } from '../../../../Protocol/Ids.ts';
import { SeededRandom } from '../../../../Shared/SeededRandom.ts';
import { seeds } from '../../../Support/seeds.ts';

const HOLDERS = ['a', 'b', 'c', 'd'].map(
  (name): FileHolder => ({
    peerId: name.repeat(64) as PeerId,
    name,
    address: { host: '127.0.0.1', port: 1 },
    complete: true,
  }),
);

test.each(seeds(30))('items with the same holders share a table, and nobody notices (seed %i)', (seed) => {
  const random = new SeededRandom(seed);
  const items: FolderItem[] = [];
  const plain: { holders: Set<PeerId>; refused: Set<PeerId> }[] = [];
  for (let step = 0; step < 60; step++) {
    const some = HOLDERS.filter(() => random.chance(0.8));
    if (items.length === 0 || random.chance(0.3)) {
      const file = { fileId: `${step}`.padStart(64, '0') as FileId, size: 1, path: `${step}`, holders: some };
      items.push(new FolderItem(file, items.at(-1)));
      plain.push({ holders: new Set(some.map(({ peerId }) => peerId)), refused: new Set() });
    }
    const place = random.int(0, items.length - 1);
    const [item, wanted] = [items[place], plain[place]];
    if (item === undefined || wanted === undefined) throw new Error('no such item');
    const change = random.int(0, 2);
    if (change === 0) {
      const fresh = some.filter(({ peerId }) => !wanted.holders.has(peerId) && !wanted.refused.has(peerId));
      expect(item.addHolders(some)).toEqual(fresh);
      for (const { peerId } of fresh) wanted.holders.add(peerId);
    } else if (change === 1) {
      const { peerId } = random.pick(HOLDERS);
      item.refuse(peerId);
      if (wanted.holders.delete(peerId)) wanted.refused.add(peerId);
    } else {
      item.retry();
      for (const peerId of wanted.refused) wanted.holders.add(peerId);
      wanted.refused.clear();
    }
    for (const [index, each] of items.entries())
      expect(new Set(each.holders.keys())).toEqual(plain[index]?.holders);
  }
});

test('it remembers each path where it lies', () => {
  const item = new FolderItem({ fileId: '0'.repeat(64) as FileId, size: 1, path: 'a', holders: [] });
  const paths = ['a', 'b', 'c'];
  for (const [index, path] of paths.entries()) {
    expect(paths.map((each) => item.isPlaced(each))).toEqual(paths.map((_, at) => at < index));
    item.place(path);
  }
  expect(paths.every((path) => item.isPlaced(path))).toBe(true);
});
