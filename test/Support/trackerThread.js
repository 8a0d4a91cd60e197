import { randomBytes } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { makeLog } from '../../dist/Shared/Log.js';
import { bindDatagramTelling } from '../../dist/Shared/Network/DatagramSockets.js';
import { systemClock } from '../../dist/Shared/Time/Clock.js';
import { Tracker } from '../../dist/Tracker/Tracker.js';

/** Trackers of one thread, see Trackers.ts. */
const log = makeLog({ format: 'text', level: 'error' }, console.error, Date.now);
const trackers = new Map();

parentPort.on('message', async ({ port, isOpen }) => {
  try {
    if (isOpen) await open(port);
    else await trackers.get(port)?.close();
    parentPort.postMessage({ port });
  } catch (failure) {
    parentPort.postMessage({ port, failure: String(failure) });
  }
});

async function open(port) {
  const bind = bindDatagramTelling(log);
  const tracker = new Tracker({
    bind,
    clock: systemClock,
    wallClock: Date.now,
    randomBytes,
    log,
    host: '127.0.0.1',
    port,
  });
  trackers.set(port, tracker);
  await tracker.start();
}
