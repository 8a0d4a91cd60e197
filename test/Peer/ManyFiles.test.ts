import { expect, test, vi } from 'vitest';
import { limitHeapGrowth } from '../../Shared/Program/HeapGrowth.ts';
import { TempFolder } from '../Support/TempFolder.ts';
import { eventually, startManager } from './Files/manager.ts';

vi.mock('../../Shared/Program/HeapGrowth.ts', () => ({ MANY_FILES: 3, limitHeapGrowth: vi.fn() }));

test('garbage is limited as soon as many files are shared, also when they come one by one', async () => {
  const folder = await TempFolder.forTest();
  for (const name of ['a', 'b']) await folder.write(`share/${name}`, name);
  const { manager } = await startManager(folder);
  let changes = 0;
  manager.on('catalogChanged', () => changes++);
  await eventually(() => expect(changes).toBeGreaterThan(0));
  expect(limitHeapGrowth).not.toHaveBeenCalled();
  await folder.write('share/c', 'c');
  await eventually(() => expect(limitHeapGrowth).toHaveBeenCalled());
});
