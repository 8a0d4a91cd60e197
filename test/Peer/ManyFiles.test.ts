import { expect, test, vi } from 'vitest';
import { limitHeapOf, MANY_FILES } from '../../Shared/Program/HeapGrowth.ts';
import { SimulatedClock } from '../Support/SimulatedClock.ts';
import { TempFolder } from '../Support/TempFolder.ts';
import { startManager } from './Files/manager.ts';
import { madeFile, writeChunk } from './Files/Parts/parts.ts';

test('garbage is limited from many files on', () => {
  const limit = vi.fn();
  limitHeapOf(MANY_FILES - 1, limit);
  expect(limit).not.toHaveBeenCalled();
  limitHeapOf(MANY_FILES, limit);
  expect(limit).toHaveBeenCalledOnce();
});

test('files that come into a running share count for the limit of garbage', async () => {
  const clock = new SimulatedClock();
  const seen: number[] = [];
  const { manager } = await startManager(await TempFolder.forTest(), {
    clock,
    wallMs: clock.wallMs,
    seams: { limitHeap: (files) => seen.push(files) },
  });
  for (let files = 1; files <= 3; files++) {
    const { content, description } = madeFile(100, files);
    const part = await manager.open(description, `${files}`);
    await writeChunk(part, content, 0);
    await part.finish();
    clock.advance(100);
    expect(seen.at(-1)).toBe(files);
  }
});
