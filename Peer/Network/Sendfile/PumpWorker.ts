import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { linuxCalls } from './LinuxCalls.ts';
import { PumpLoop } from './PumpLoop.ts';
import type { PumpOrder } from './Sendfile.ts';

/** Upper bound on one wait, so that the thread can be stopped. */
const POLL_MS = 250;

/**
 * The thread of the pump: takes orders, sends, reports ends. While there are jobs it waits for sockets and its event.
 */
const port = parentPort;
if (port === null) throw new Error('to be started as a worker');
const event = Number(workerData);
const calls = linuxCalls();
const loop = new PumpLoop(calls);

port.on('message', (first: PumpOrder) => {
  take(first);
  do {
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
      take(next.message as PumpOrder);
    loop.round();
    const ends = loop.takeEnds();
    if (ends.length > 0) port.postMessage(ends);
    if (loop.busy && !loop.ready) waitForSockets();
  } while (loop.busy);
});
port.postMessage([]); // The thread has started.

function take(order: PumpOrder): void {
  loop.take(order);
  // Without its port, the thread ends after the last job.
  if (order === 'close') setImmediate(() => port?.close());
}

function waitForSockets(): void {
  const full = loop.full();
  const sockets = full.map(({ socket }) => socket);
  for (const index of calls.poll(sockets, event, POLL_MS)) {
    const known = full[index];
    if (known !== undefined) loop.writable(known.line);
  }
}
