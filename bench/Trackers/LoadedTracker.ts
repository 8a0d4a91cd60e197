import { randomBytes } from 'node:crypto';
import { setImmediate as breath } from 'node:timers/promises';
import { silentLog } from '../../Shared/Log.ts';
import { bindDatagramTelling } from '../../Shared/Network/DatagramSockets.ts';
import type { BindDatagram } from '../../Shared/Network/Transport.ts';
import { systemClock } from '../../Shared/Time/Clock.ts';
import { NatsBus } from '../../Tracker/Cluster/NatsBus.ts';
import { Tracker } from '../../Tracker/Tracker.ts';
import { HousedPeers } from './HousedPeers.ts';

/**
 * Program: `node LoadedTracker.js <port> <peers> <names each> <number of the first> [NATS server]`. A tracker whose
 * peers live in its own process, so that millions of names are there within a minute and no lease ends. Prints its
 * progress, and `ready` when all have published.
 */
/** Pause between two looks at the heartbeats that are due. */
const BEAT_STEP_MS = 500;
/** Peers between two turns of the event loop. */
const AT_ONCE = 20;
/** Peers between two lines of progress. */
const TOLD_EVERY = 500;

// The process ends with the bench that started it.
process.stdin.on('end', () => process.exit()).resume();

const [port = '', peers = '', names = '', first = '', nats] = process.argv.slice(2);
const count = Number(peers);
const housed = new HousedPeers({ names: Number(names) });
const bindReal = bindDatagramTelling(silentLog);
const bind: BindDatagram = async (options) => housed.around(await bindReal(options));
const address = { host: '127.0.0.1', port: Number(port) };
const tracker = new Tracker({
  bind,
  clock: systemClock,
  wallClock: Date.now,
  randomBytes,
  log: silentLog,
  maxPeers: 200_000,
  ...address,
  ...(nats !== undefined && {
    cluster: { name: 'bench', address, bus: new NatsBus({ servers: [nats], name: 'bench' }) },
  }),
});
await tracker.start();
// From the start on: in a small network the leases of the first peers last only seconds.
setInterval(() => housed.beat(systemClock.nowMs()), BEAT_STEP_MS);
for (let joined = 0; joined < count; joined++) {
  housed.join(Number(first) + joined, systemClock.nowMs());
  if (joined % AT_ONCE === 0) await breath();
  if (joined % TOLD_EVERY === 0) process.stdout.write(`${joined} of ${count} peers\n`);
}
if (tracker.stats.files !== count * Number(names)) throw new Error(`${tracker.stats.files} names are known`);
process.stdout.write('ready\n');
