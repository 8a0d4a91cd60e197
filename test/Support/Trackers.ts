import { Worker } from 'node:worker_threads';

/** Sent to the thread; it answers each when it is done. */
interface Wish {
  readonly port: number;
  readonly isOpen: boolean;
}

interface Answer {
  readonly port: number;
  readonly failure?: string;
}

let thread: Worker | undefined;

/**
 * Runs a tracker with default settings on 127.0.0.1 in a thread of this process, since starting the program for each
 * test costs more than all that its peers ask. The program itself is tested in EndToEnd/Tracker and others.
 * @returns a function that closes it
 */
export async function openTracker(port: number): Promise<() => Promise<void>> {
  await wish({ port, isOpen: true });
  return () => wish({ port, isOpen: false });
}

function wish(message: Wish): Promise<void> {
  thread ??= startThread();
  const worker = thread;
  return new Promise<void>((resolve, reject) => {
    const answered = ({ port, failure }: Answer) => {
      if (port !== message.port) return;
      worker.off('message', answered).off('error', reject).off('exit', ended);
      if (failure === undefined) resolve();
      else reject(new Error(`tracker on port ${port}: ${failure}`));
    };
    const ended = (code: number) => reject(new Error(`the thread of the trackers has ended (${code})`));
    worker.on('message', answered).once('error', reject).once('exit', ended).postMessage(message);
  });
}

function startThread(): Worker {
  const worker = new Worker(new URL('./trackerThread.js', import.meta.url)).setMaxListeners(0);
  worker.unref();
  worker.once('exit', () => {
    if (thread === worker) thread = undefined;
  });
  return worker;
}
