import { MemoryBus } from '../../../Tracker/Cluster/MemoryBus.ts';
import { describeBus } from '../../Support/busContract.ts';

describeBus('the bus in memory', async () => {
  const bus = new MemoryBus();
  return {
    bus: () => bus,
    stop: async () => bus.fail(),
    restart: async () => bus.restore(),
    until: async (isReached) => {
      for (let turn = 0; turn < 1_000 && !isReached(); turn++) await Promise.resolve();
      if (!isReached()) throw new Error('it never happens');
    },
  };
});
