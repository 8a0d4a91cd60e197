import { expect, test, vi } from 'vitest';
import { limitHeapGrowth } from '../../Shared/Program/HeapGrowth.ts';
import { SimulatedClock } from '../Support/SimulatedClock.ts';
import { TempFolder } from '../Support/TempFolder.ts';
import { startManager } from './Files/manager.ts';
import { madeFile, writeChunk } from './Files/Parts/parts.ts';

vi.mock('../../Shared/Program/HeapGrowth.ts', () => ({ MANY_FILES: 3, limitHeapGrowth: vi.fn() }));

test('garbage is limited as soon as many files are shared, also when they come one by one', async () => {
  const clock = new SimulatedClock();
  const { manager } = await startManager(await TempFolder.forTest(), { clock, wallMs: clock.wallMs });
  for (let files = 1; files <= 3; files++) {
    expect(limitHeapGrowth).not.toHaveBeenCalled();
    const { content, description } = madeFile(100, files);
    const part = await manager.open(description, `${files}`);
    await writeChunk(part, content, 0);
    await part.finish();
    clock.advance(100);
  }
  expect(limitHeapGrowth).toHaveBeenCalled();
});
