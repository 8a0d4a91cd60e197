import { expect, test } from 'vitest';
import type { NetworkManager } from '../../../Peer/NetworkManager.ts';
import { CatalogAnnouncer } from '../../../Peer/UseCases/CatalogAnnouncer.ts';
import { silentLog } from '../../../Shared/Log.ts';
import { sleep } from '../../../Shared/Time/Clock.ts';
import { SimulatedClock } from '../../Support/SimulatedClock.ts';

test('an announcement waits 3 s for a tracker at most', async () => {
  const clock = new SimulatedClock();
  const network = {
    ready: (ms: number) => sleep(clock, ms, new AbortController().signal),
    trackers: { catalogChanged: () => {}, status: () => [] },
  };
  let isOver = false;
  void new CatalogAnnouncer(network as unknown as NetworkManager, silentLog).announce().then(() => {
    isOver = true;
  });
  await clock.advanceAsync(2_999);
  expect(isOver).toBe(false);
  await clock.advanceAsync(1);
  expect(isOver).toBe(true);
});
